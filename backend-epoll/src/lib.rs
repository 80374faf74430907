//! epoll(7), eventfd(2) and sendfile(2) for loopline.
#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]
