//! What cases are made with.

pub(crate) mod altered;
pub(crate) mod connections;
pub(crate) mod driver;
pub(crate) mod elsewhere;
pub(crate) mod files;
pub(crate) mod gated;
pub(crate) mod mute;
pub(crate) mod network;
pub(crate) mod origin;
pub(crate) mod os;
pub(crate) mod panics;
pub(crate) mod peer;
pub(crate) mod recorder;
pub(crate) mod scene;
pub(crate) mod sockets;
pub(crate) mod stage;
pub(crate) mod tls;
pub(crate) mod trace;
