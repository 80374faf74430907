//! What is left when a backend has worked, refused, or was dropped: no handle.
//!
//! The system counts the handles of a whole process, of which threads are some:
//! one test runs after the other, on the main thread.
#![deny(unsafe_code)]

#[cfg(not(windows))]
fn main() {}

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    windows::main()
}

#[cfg(windows)]
mod windows;
