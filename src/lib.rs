//! loopline: an asyncio-style event loop.
#![forbid(unsafe_code)]

pub use loopline_core::backend;
