//! TLS over the native backend and rustls.
#![cfg(unix)]

mod harness;
mod layers;
mod options;
mod send_file;
mod upgrade;
