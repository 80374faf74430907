//! What watching many sockets costs: time of a turn, and memory.
//!
//! ```sh
//! cargo bench -p loopline-backend-iocp --bench watches
//! ```
//!
//! Sockets that have a datagram which nobody reads are ready in every turn; the
//! others are idle. If idle sockets cost nothing, a turn takes as long with ten
//! times as many of them.
#![deny(unsafe_code)]

#[cfg(windows)]
#[allow(
    unsafe_code,
    reason = "an allocator that counts; each block says why it may"
)]
mod sys;
#[cfg(windows)]
mod windows;

#[cfg(windows)]
#[global_allocator]
static ALLOCATOR: sys::Counting = sys::Counting;

#[cfg(windows)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    windows::main()
}

#[cfg(not(windows))]
fn main() {}
