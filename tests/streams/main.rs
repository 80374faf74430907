//! Streams over the native backend, TLS, and a transport of one's own.
#![cfg(unix)]

mod closing;
mod files;
mod flow;
mod harness;
mod memory;
mod reading;
mod traits;
mod upgrade;
