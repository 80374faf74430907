//! What cases are made with.

pub(crate) mod connections;
pub(crate) mod driver;
pub(crate) mod files;
pub(crate) mod os;
pub(crate) mod recorder;
pub(crate) mod scene;
pub(crate) mod sockets;
pub(crate) mod trace;
