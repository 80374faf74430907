//! epoll(7), eventfd(2) and sendfile(2) for loopline, an asyncio-style event
//! loop.
//!
//! [`EpollBackend`] is the native backend on Linux. A wait is one system call
//! with a timeout in nanoseconds; a file leaves through sendfile(2), without
//! passing through the process; and what lies in the page cache is read at
//! once, on the loop's own thread.
//!
//! On other systems this crate is empty.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

mod backend;
mod batch;
mod read_file;
mod send_file;
mod timeout;
mod wake;

pub use backend::EpollBackend;
