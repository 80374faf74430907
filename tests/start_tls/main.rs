//! TLS over the native backend and rustls.
#![cfg(all(feature = "epoll", target_os = "linux"))]

mod harness;
mod layers;
mod options;
mod send_file;
mod upgrade;
