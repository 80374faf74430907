//! Spans of the feature `tracing`: connections, handshakes, files.
//!
//! Their target is `loopline` and their level DEBUG. Without the feature there is
//! nothing of them.

#[cfg(not(feature = "tracing"))]
#[path = "no_spans.rs"]
mod spans;
#[cfg(feature = "tracing")]
mod spans;

pub(crate) use spans::{ConnectionSpan, FileSpan, HandshakeSpan};
