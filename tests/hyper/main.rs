//! hyper on streams, tasks and timers of a loop.
#![cfg(unix)]

mod ends;
mod harness;
mod http1;
mod http2;
#[path = "../shared/on_loop.rs"]
mod on_loop;
mod timers;
