//! The same workloads served by loopline, as its users would.

mod batch;
mod echo;
mod file;
mod handshakes;
mod idle;
mod stream;

pub(crate) use echo::Echo;
pub(crate) use file::Files;
pub(crate) use handshakes::Handshakes;
pub(crate) use idle::Idle;
pub(crate) use stream::StreamEcho;
