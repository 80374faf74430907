//! Sending by reading and writing.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use super::source::{Lent, Placed, Reading, read_on};
use crate::backend::BorrowedFile;
use crate::engine::{Engine, unblock};

/// How much is read at once, in bytes: asyncio's chunk for raw sockets; its
/// 16 KiB for transports cost a hop to another thread each (line A60).
const CHUNK: usize = 256 * 1024;

/// How much is read in place at once, in bytes: what a cache of the second level
/// holds twice, as it was read and as it is sent. No thread has to be paid for.
const IN_PLACE: usize = 64 * 1024;

/// The buffer between the file and the socket: the loop's, for as long as
/// something of the file is in it.
pub(super) struct Fallback {
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
    At(Arc<Placed>, u64),
    Stream(Arc<std::fs::File>),
    Reader(Arc<Lent>, Option<u64>),
}

/// A read on another thread, under way.
pub(crate) type ChunkRead = Pin<Box<dyn Future<Output = Chunk>>>;

/// What another thread has read.
pub(crate) struct Chunk {
    buffer: Vec<u8>,
    read: io::Result<usize>,
}

impl Fallback {
    pub(super) fn new(offset: u64) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            at: offset,
            positioned: false,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn unsent(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn advance(&mut self, engine: &Engine, count: usize) {
        self.start += count;
        if self.is_empty() {
            self.release(engine);
        }
    }

    pub(super) fn release(&mut self, engine: &Engine) {
        engine.return_chunk(std::mem::take(&mut self.buffer));
    }

    /// Reads what is in memory. False at the end of the file; `WouldBlock` if
    /// another thread has to read, and `NotSeekable` if that has to read a
    /// stream.
    pub(super) fn fill(&mut self, engine: &Engine, file: &Reading, left: u64) -> io::Result<bool> {
        let would_block = || io::Error::from(io::ErrorKind::WouldBlock);
        let capable = engine.capabilities().read_file && !file.is_stream();
        let Some(open) = file.open_file().filter(|_| capable) else {
            return Err(would_block());
        };
        let most = self.prepare(engine, left);
        let into = &mut self.buffer[..most.min(IN_PLACE)];
        let read = engine
            .with_backend(|backend| backend.read_file(BorrowedFile::from(open), self.at, into))
            .unwrap_or_else(|| Err(would_block()));
        if !matches!(read, Ok(1..)) {
            self.release(engine);
        }
        Ok(self.filled(read?))
    }

    /// Makes room for the next chunk, and says how much of it may be read
    /// (line A25).
    fn prepare(&mut self, engine: &Engine, left: u64) -> usize {
        if self.buffer.is_empty() {
            self.buffer = engine.take_chunk();
            self.buffer.resize(CHUNK, 0);
        }
        usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK))
    }

    fn filled(&mut self, read: usize) -> bool {
        self.start = 0;
        self.end = read;
        self.at += read as u64;
        read > 0
    }

    /// Whether another thread has been asked before.
    pub(super) fn is_positioned(&self) -> bool {
        self.positioned
    }

    /// Reads on another thread.
    pub(super) fn read(&mut self, engine: &Engine, file: &mut Reading, left: u64) -> ChunkRead {
        let most = self.prepare(engine, left);
        let mut buffer = std::mem::take(&mut self.buffer);
        let seek_to = (!self.positioned).then_some(self.at);
        self.positioned = true;
        let origin = Origin::of(file, self.at, seek_to);
        Box::pin(unblock(move || {
            let read = origin.read(&mut buffer[..most]);
            Chunk { buffer, read }
        }))
    }

    pub(super) fn restore(&mut self, chunk: Chunk) -> io::Result<bool> {
        self.buffer = chunk.buffer;
        let read = chunk.read?;
        Ok(self.filled(read))
    }
}

impl Origin {
    fn of(file: &mut Reading, at: u64, seek_to: Option<u64>) -> Self {
        let placed = match file {
            Reading::File(file) => Placed::new(Arc::clone(file)),
            Reading::Placed(placed) => Arc::clone(placed),
            Reading::Stream(file) => return Self::Stream(Arc::clone(file)),
            Reading::Reader(lent) => return Self::Reader(Arc::clone(lent), seek_to),
        };
        *file = Reading::Placed(Arc::clone(&placed));
        Self::At(placed, at)
    }

    fn read(self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::At(placed, at) => placed.read(into, at),
            Self::Stream(file) => read_on(&mut &*file, into),
            Self::Reader(lent, seek_to) => lent.read(into, seek_to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::idle::Idle;

    /// What a transfer sends of a chunk of three bytes.
    fn filled(engine: &Engine) -> Fallback {
        let mut fallback = Fallback::new(0);
        fallback.prepare(engine, 3);
        let buffer = std::mem::take(&mut fallback.buffer);
        let chunk = Chunk {
            buffer,
            read: Ok(3),
        };
        assert!(fallback.restore(chunk).expect("no error"));
        fallback
    }

    #[test]
    fn the_loop_has_its_buffer_back_once_everything_is_sent() {
        let engine = Engine::new(Box::new(Idle));
        let mut fallback = filled(&engine);
        fallback.advance(&engine, 2);
        assert!(engine.take_chunk().is_empty());
        assert_eq!(fallback.unsent().len(), 1);
        fallback.advance(&engine, 1);
        assert_eq!(engine.take_chunk().len(), CHUNK);
    }

    #[test]
    fn the_loop_has_its_buffer_back_if_the_transfer_ends_before() {
        let engine = Engine::new(Box::new(Idle));
        filled(&engine).release(&engine);
        assert_eq!(engine.take_chunk().len(), CHUNK);
    }
}
