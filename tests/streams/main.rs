//! Streams over the native backend, TLS, and a transport of one's own.
#![cfg(unix)]

mod closing;
mod files;
mod flow;
mod harness;
mod memory;
#[path = "../shared/on_loop.rs"]
mod on_loop;
mod reading;
mod traits;
mod upgrade;
