//! Transports over pipes and what passes for them.
//!
//! They are the connections of `transport::stream`, over an input and output
//! that go one way (lines D32, D33).

mod error;
#[cfg(unix)]
mod read_end;
#[cfg(unix)]
mod taken;
#[cfg(unix)]
mod unblocked;
#[cfg(unix)]
mod write_end;

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

pub use error::PipeError;
pub use system::OwnedPipe;

pub(crate) use system::{connect_read_pipe, connect_write_pipe};
