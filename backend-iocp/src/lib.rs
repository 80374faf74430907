//! Completion ports, AFD polls and TransmitFile for loopline, an asyncio-style
//! event loop.
//!
//! `IocpBackend` is the native backend on Windows. One completion port takes
//! everything that a loop waits for: polls of the driver below Winsock tell
//! when sockets are ready, files leave through TransmitFile, and wake-ups are
//! posted. So one loop watches sockets *and* completes.
//!
//! On other systems this crate is empty.
#![cfg(windows)]
#![deny(unsafe_code)]

mod associations;
mod backend;
mod batch;
mod group;
mod interest;
mod send_file;
#[allow(
    unsafe_code,
    reason = "the one module that calls the system; each block says why it may"
)]
mod sys;
mod timeout;
mod wake;
mod watches;

pub use backend::IocpBackend;
