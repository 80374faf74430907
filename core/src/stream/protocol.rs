//! The protocol under a stream.

use std::io;
use std::rc::Rc;

use super::buffer::{Buffer, Spare};
use super::waiting::Waiting;
use crate::BoxError;
use crate::event_loop::LoopHandle;
use crate::protocol::{BufferedProtocol, Outcome, Protocol};
use crate::transport::{Transport, copy_error};

/// asyncio's `_DEFAULT_LIMIT`, in bytes.
const LIMIT: usize = 64 * 1024;

/// What a transport tells a stream, and what it has read for it.
///
/// Reading is pulled: the transport pauses when the limit is reached, and goes on
/// when somebody waits for more than there is.
pub(super) struct StreamProtocol {
    pub(super) event_loop: LoopHandle,
    pub(super) transport: Rc<dyn Transport>,
    /// What was read and not taken.
    pub(super) incoming: Buffer,
    /// Of what was taken, so much was not consumed yet.
    pub(super) lent: usize,
    /// How much may be unread, and how much may wait to be sent, in bytes.
    pub(super) limit: usize,
    /// So much is waited for, although it may be above the limit.
    pub(super) wanted: usize,
    /// How much the next read is expected to bring.
    expected: usize,
    /// The space of the last read.
    offered: usize,
    pub(super) is_paused: bool,
    pub(super) is_at_end: bool,
    /// Writing is paused.
    pub(super) is_full: bool,
    /// Somebody waits for the last byte to leave: the marks are 0 meanwhile.
    pub(super) is_flushing: bool,
    /// How the connection has ended.
    pub(super) lost: Option<Option<io::Error>>,
    pub(super) reader: Waiting,
    pub(super) writer: Waiting,
}

/// Why there is nothing more to read.
pub(super) enum Ended {
    /// The peer sends no more.
    Stream,
    Connection(io::Error),
}

impl StreamProtocol {
    pub(super) fn new(event_loop: LoopHandle, transport: Rc<dyn Transport>) -> Self {
        Self {
            event_loop,
            is_paused: !transport.is_reading(),
            is_full: transport.is_writing_paused(),
            transport,
            incoming: Buffer::default(),
            lent: 0,
            limit: LIMIT,
            wanted: 0,
            expected: 0,
            offered: 0,
            is_at_end: false,
            is_flushing: false,
            lost: None,
            reader: Waiting::default(),
            writer: Waiting::default(),
        }
    }

    /// Buffers that no stream of the loop needs.
    pub(super) fn spare(&self) -> &Spare {
        self.event_loop.engine().spare()
    }

    /// Gives memory back that nobody needs while there is nothing to read.
    pub(super) fn tidy(&mut self) {
        self.event_loop
            .engine()
            .spare()
            .take_back(&mut self.incoming);
    }

    /// How much more may be read.
    pub(super) fn room(&self) -> usize {
        let unread = self.incoming.len() + self.lent;
        self.limit.max(self.wanted).saturating_sub(unread)
    }

    /// Why nothing more comes, if so.
    pub(super) fn ended(&self) -> Option<Ended> {
        if self.is_at_end {
            return Some(Ended::Stream);
        }
        self.lost().map(Ended::Connection)
    }

    /// Why the connection is of no use any more, if so.
    pub(super) fn lost(&self) -> Option<io::Error> {
        match &self.lost {
            Some(Some(error)) => Some(copy_error(error)),
            Some(None) => Some(io::Error::new(
                io::ErrorKind::ConnectionAborted,
                "the connection was closed on this side",
            )),
            // A closed loop tells nobody anything.
            None if self.event_loop.engine().is_closed() => {
                Some(io::ErrorKind::NotConnected.into())
            }
            None => None,
        }
    }

    fn adapt(&mut self, filled: usize) {
        if filled == self.offered {
            let doubled = self.offered.saturating_mul(2);
            self.expected = self.expected.max(doubled).min(self.limit);
        } else if filled < self.expected / 4 {
            self.expected /= 2;
        }
    }
}

impl Protocol for StreamProtocol {
    fn as_buffered(&mut self) -> Option<&mut dyn BufferedProtocol> {
        Some(self)
    }

    fn eof_received(&mut self) -> Result<bool, BoxError> {
        self.is_at_end = true;
        self.reader.wake();
        // What cannot end its halves one by one ends as a whole (line B69).
        Ok(self.transport.can_write_eof())
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        self.lost = Some(error.map(copy_error));
        self.reader.wake();
        self.writer.wake();
        Ok(())
    }

    fn pause_writing(&mut self) -> Outcome {
        self.is_full = true;
        Ok(())
    }

    fn resume_writing(&mut self) -> Outcome {
        self.is_full = false;
        self.writer.wake();
        Ok(())
    }
}

impl BufferedProtocol for StreamProtocol {
    fn buffer(&mut self, hint: Option<usize>) -> Result<&mut [u8], BoxError> {
        let most = self.room();
        let expected = self.expected.max(hint.unwrap_or(0));
        self.event_loop.engine().spare().lend(&mut self.incoming);
        let space = self.incoming.space(expected, most);
        self.offered = space.len();
        Ok(space)
    }

    fn buffer_updated(&mut self, filled: usize) -> Outcome {
        self.incoming.filled(filled);
        self.adapt(filled);
        if self.room() == 0 {
            self.is_paused = true;
            self.transport.pause_reading();
        }
        self.reader.wake();
        Ok(())
    }
}
