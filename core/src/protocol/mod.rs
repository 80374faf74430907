//! What a connection tells its user.

mod buffered;
mod plain;

pub use buffered::BufferedProtocol;
pub use plain::{Outcome, Protocol, SharedProtocol};
