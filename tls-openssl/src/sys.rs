//! Everything that is not safe: sessions, and memory that is lent for a call.
#![allow(unsafe_code)]

mod lent;
mod resuming;

pub(crate) use lent::{Lent, with_input};
pub(crate) use resuming::{Resuming, keep_resumed};
