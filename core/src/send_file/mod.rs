//! Sending files: the request, its checks, and the two ways a file goes.

mod active;
mod carrier;
mod error;
mod fallback;
mod job;
mod options;
mod panic;
mod sock;
mod source;
mod transfer;

pub use error::{SendFileError, SendFileErrorKind};
pub use job::{FileJob, SendFileFuture};
pub use options::{FilePosition, Progress, SendFileOptions, SendFileSupport};
pub use source::{FileSource, ReadSeek, SharedReader};

use fallback::{Chunk, ChunkRead};
use job::{Cancel, Ticket};

pub(crate) use active::Active;
pub(crate) use carrier::Carrier;
pub(crate) use sock::sock_sendfile;
pub(crate) use transfer::{Step, Transfer};
