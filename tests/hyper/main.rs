//! hyper on streams, tasks and timers of a loop.
#![cfg(unix)]

mod ends;
mod harness;
mod http1;
mod http2;
mod timers;
