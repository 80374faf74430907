//! Sending files: the request, its checks, and the two ways a file goes.

mod error;
mod fallback;
mod job;
mod options;
mod sock;
mod source;
mod transfer;

pub use error::{SendFileError, SendFileErrorKind};
pub use job::{FileJob, SendFileFuture};
pub use options::{FilePosition, Progress, SendFileOptions, SendFileSupport};
pub use source::{FileSource, ReadSeek, SharedReader};

pub(crate) use fallback::{Chunk, ChunkRead};
pub(crate) use job::{Carrier, Ticket};
pub(crate) use sock::sock_sendfile;
pub(crate) use transfer::{Step, Transfer};
