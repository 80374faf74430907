//! Sending by reading and writing.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use super::SendFileErrorKind as Kind;
use super::source::{ReadSeek, Reading, read_at, read_on};
use crate::backend::BorrowedFile;
use crate::engine::Engine;

/// How much is read at once, in bytes: asyncio's chunk for raw sockets; its
/// 16 KiB for transports cost a hop to another thread each (line A60).
const CHUNK: usize = 256 * 1024;

/// The buffer between the file and the socket.
pub(super) struct Fallback {
    /// Empty while another thread reads into it.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where in the file the next read begins.
    at: u64,
    /// Whether the reader has been positioned.
    positioned: bool,
}

/// What another thread reads from.
enum Origin {
    At(Arc<std::fs::File>, u64),
    Stream(Arc<std::fs::File>),
    Reader(Box<dyn ReadSeek>, Option<u64>),
}

/// A read on another thread, under way.
pub(crate) type ChunkRead = Pin<Box<dyn Future<Output = Chunk>>>;

/// What another thread has read.
pub(crate) struct Chunk {
    buffer: Vec<u8>,
    reader: Option<Box<dyn ReadSeek>>,
    read: io::Result<usize>,
    /// Where to leave the reader, if the transfer ended meanwhile.
    settle_at: Rc<Cell<Option<u64>>>,
}

impl Chunk {
    /// Nobody waits for the chunk any more: leaves the reader where the
    /// transfer ended (line A37).
    pub(crate) fn abandon(mut self) {
        if let (Some(reader), Some(position)) = (&mut self.reader, self.settle_at.get()) {
            // Nobody is left to be told.
            let _ = reader.seek(io::SeekFrom::Start(position));
        }
    }
}

impl Fallback {
    /// # Errors
    ///
    /// An offset into something that has none (line A14).
    pub(super) fn new(file: &Reading, offset: u64) -> Result<Self, Kind> {
        if offset > 0 && file.is_stream() {
            return Err(Kind::NotSeekable);
        }
        Ok(Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            at: offset,
            positioned: false,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn unsent(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn advance(&mut self, count: usize) {
        self.start += count;
    }

    /// Reads what is in memory. False at the end of the file; `WouldBlock` if
    /// another thread has to read.
    pub(super) fn fill(
        &mut self,
        engine: &Engine,
        file: &Reading,
        remaining: Option<u64>,
    ) -> io::Result<bool> {
        let would_block = || io::Error::from(io::ErrorKind::WouldBlock);
        let capable = engine.capabilities().read_file && !file.is_stream();
        let open = file
            .open_file()
            .filter(|_| capable)
            .ok_or_else(would_block)?;
        let most = self.prepare(remaining);
        let into = &mut self.buffer[..most];
        let read = engine
            .with_backend(|backend| backend.read_file(BorrowedFile::from(&*open), self.at, into))
            .ok_or_else(would_block)??;
        Ok(self.filled(read))
    }

    /// Makes room for the next chunk, and says how much of it may be read
    /// (line A25).
    fn prepare(&mut self, remaining: Option<u64>) -> usize {
        if self.buffer.is_empty() {
            self.buffer = vec![0; CHUNK];
        }
        remaining.map_or(CHUNK, |left| {
            usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK))
        })
    }

    fn filled(&mut self, read: usize) -> bool {
        self.start = 0;
        self.end = read;
        self.at += read as u64;
        read > 0
    }

    /// Reads on another thread.
    pub(super) fn read(&mut self, file: &mut Reading, remaining: Option<u64>) -> ChunkRead {
        let most = self.prepare(remaining);
        let mut buffer = std::mem::take(&mut self.buffer);
        let seek_to = (!self.positioned).then_some(self.at);
        self.positioned = true;
        let origin = match file {
            Reading::File(file) => Some(Origin::At(Arc::clone(file), self.at)),
            Reading::Stream(file) => Some(Origin::Stream(Arc::clone(file))),
            Reading::Reader { reader, .. } => {
                reader.take().map(|reader| Origin::Reader(reader, seek_to))
            }
        };
        let settle_at = file.settle_at();
        let work = blocking::unblock(move || {
            let (reader, read) =
                origin.map_or_else(gone, |origin| origin.read(&mut buffer[..most]));
            (buffer, reader, read)
        });
        Box::pin(async move {
            let (buffer, reader, read) = work.await;
            Chunk {
                buffer,
                reader,
                read,
                settle_at,
            }
        })
    }

    pub(super) fn restore(&mut self, file: &mut Reading, chunk: Chunk) -> io::Result<bool> {
        self.buffer = chunk.buffer;
        file.restore(chunk.reader);
        let read = chunk.read?;
        Ok(self.filled(read))
    }
}

type Origined = (Option<Box<dyn ReadSeek>>, io::Result<usize>);

fn gone() -> Origined {
    (None, Err(io::Error::other("the reader is gone")))
}

impl Origin {
    fn read(self, into: &mut [u8]) -> Origined {
        match self {
            Self::At(file, at) => (None, read_at(&file, into, at)),
            Self::Stream(file) => (None, read_on(&mut &*file, into)),
            Self::Reader(mut reader, seek_to) => {
                // A reader that panics fails this transfer, not the thread
                // that all transfers share.
                let read = catch_unwind(AssertUnwindSafe(|| {
                    if let Some(position) = seek_to {
                        reader.seek(io::SeekFrom::Start(position))?;
                    }
                    read_on(&mut reader, into)
                }));
                let read = read.unwrap_or_else(|_| Err(io::Error::other("the reader panicked")));
                (Some(reader), read)
            }
        }
    }
}
