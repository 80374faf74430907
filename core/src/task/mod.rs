//! Futures that run on the loop.

mod executor;
mod join;
mod sleep;
mod waker;

pub use join::{JoinError, JoinHandle, TaskHandle};
pub use sleep::{Elapsed, Sleep, Timeout};

pub(crate) use executor::{Tasks, run, spawn, take_all};
pub(crate) use waker::{TaskId, TaskWaker};
