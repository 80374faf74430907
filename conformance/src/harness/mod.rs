//! What cases are made with.

pub(crate) mod driver;
pub(crate) mod files;
pub(crate) mod os;
pub(crate) mod sockets;
