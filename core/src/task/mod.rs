//! Futures that run on the loop.

mod alarm;
mod blocking;
mod executor;
mod interval;
mod join;
mod sleep;
mod waker;

pub use interval::{Interval, MissedTicks};
pub use join::{JoinError, JoinHandle, TaskHandle};
pub use sleep::{Elapsed, Sleep, Timeout};

pub(crate) use blocking::Workers;
pub(crate) use executor::{Tasks, run, spawn, take_all};
pub(crate) use waker::{TaskId, TaskWaker};
