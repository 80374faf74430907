//! Traits and the OS-independent engine of loopline.
#![forbid(unsafe_code)]

pub mod backend;
