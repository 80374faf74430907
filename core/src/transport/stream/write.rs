//! Writing.

use std::io::{self, IoSlice};

use super::{Busy, Flags, Stream, StreamIo};
use crate::send_file::Carrier;
use crate::transport::queue::SLICES;
use crate::transport::{Flow, WriteError};

/// How many slices one system call takes: Linux' and the BSDs' `IOV_MAX`
/// (line D39).
const IOV_MAX: usize = 1024;

impl<S: StreamIo> Stream<S> {
    pub(super) fn wants_write(&self) -> bool {
        self.queued.get() > 0 || self.transfer_wants_write()
    }

    /// Whether bytes are taken, and not dropped or refused.
    #[inline]
    fn admits(&self) -> bool {
        let hindrance = Flags::TRANSFER | Flags::EOF_WRITTEN | Flags::CLOSING | Flags::ENDING;
        S::WRITES && !self.has(hindrance)
    }

    /// Drops bytes, or refuses them.
    #[cold]
    fn admit_none(&self) -> Result<Flow, WriteError> {
        let flags = self.flags.get();
        if !S::WRITES {
            return Err(WriteError::ReadOnly);
        }
        if flags.contains(Flags::TRANSFER) {
            return Err(WriteError::SendFileInProgress);
        }
        if flags.contains(Flags::EOF_WRITTEN) {
            return Err(WriteError::EofWritten);
        }
        self.dropped.note(&self.engine);
        Ok(Flow::Closed)
    }

    // Once for the user of a connection and once for a layer.
    #[inline(always)]
    pub(super) fn write_slice(&self, data: &[u8]) -> Result<Flow, WriteError> {
        if !self.admits() {
            return self.admit_none();
        }
        if self.queued.get() > 0 || data.is_empty() {
            return self.write_behind(data, 0);
        }
        match self.with_io(|io| io.send(data)) {
            Some(Ok(sent)) => {
                self.count_sent(sent as u64);
                if sent == data.len() {
                    Ok(self.open_flow())
                } else {
                    self.write_behind(data, sent)
                }
            }
            Some(Err(error)) => self.write_refused(data, error),
            None => self.write_behind(data, 0),
        }
    }

    #[cold]
    fn write_refused(&self, data: &[u8], error: io::Error) -> Result<Flow, WriteError> {
        match nothing_taken(error) {
            Ok(sent) => self.write_behind(data, sent),
            Err(error) => Ok(self.write_failed(error)),
        }
    }

    /// Queues what one attempt did not take.
    #[cold]
    fn write_behind(&self, data: &[u8], sent: usize) -> Result<Flow, WriteError> {
        if sent < data.len() {
            self.enqueue(&[IoSlice::new(data)], sent);
        }
        Ok(self.flow())
    }

    pub(super) fn write_slices(&self, lines: &[IoSlice<'_>]) -> Result<Flow, WriteError> {
        if !self.admits() {
            return self.admit_none();
        }
        let total: usize = lines.iter().map(|line| line.len()).sum();
        let mut sent = 0;
        if self.queued.get() == 0 && total > 0 {
            let first = &lines[..lines.len().min(IOV_MAX)];
            let written = self.with_io(|io| io.send_vectored(first)).unwrap_or(Ok(0));
            match self.taken(written) {
                Ok(count) => sent = count,
                Err(error) => return Ok(self.write_failed(error)),
            }
        }
        if sent < total {
            self.enqueue(lines, sent);
        }
        Ok(self.flow())
    }

    /// What a write has come to. That the kernel takes nothing now is no error,
    /// but 0 bytes.
    #[inline]
    fn taken(&self, written: io::Result<usize>) -> io::Result<usize> {
        match written {
            Ok(count) => {
                self.count_sent(count as u64);
                Ok(count)
            }
            Err(error) => nothing_taken(error),
        }
    }

    #[cold]
    fn write_failed(&self, error: io::Error) -> Flow {
        self.fail(Some(error));
        Flow::Closed
    }

    /// Queues all but the first `skip` bytes.
    fn enqueue(&self, lines: &[IoSlice<'_>], mut skip: usize) {
        let mut added = 0;
        self.with_busy(|busy| {
            for line in lines {
                let rest = &line[skip.min(line.len())..];
                skip = skip.saturating_sub(line.len());
                busy.queue.push(rest);
                added += rest.len();
            }
        });
        self.queued.set(self.queued.get() + added);
        self.update_interest();
        self.reflow();
    }

    /// The socket takes data again.
    #[inline(never)]
    pub(super) fn write_ready(&self) {
        if self.queued.get() > 0 {
            match self.flush() {
                Ok(()) => {}
                Err(error) => return self.fail(Some(error)),
            }
            // A callback may write more, or close.
            self.reflow();
            if self.queued.get() == 0 {
                self.drained();
            }
        } else {
            self.transfer_ready();
        }
        self.update_interest();
    }

    fn flush(&self) -> io::Result<()> {
        self.busy.with(|busy| {
            let Some(busy) = busy else {
                return Ok(());
            };
            let mut slices = [IoSlice::new(&[]); SLICES];
            let count = busy.queue.slices(&mut slices);
            let written = self.with_io(|io| io.send_vectored(&slices[..count]));
            let sent = self.taken(written.unwrap_or(Ok(0)))?;
            busy.queue.advance(sent);
            self.queued.set(self.queued.get().saturating_sub(sent));
            Ok(())
        })
    }

    /// The queue has become empty: what was waiting for that goes on.
    fn drained(&self) {
        self.release_busy();
        if self.has(Flags::TRANSFER) {
            self.transfer_ready();
        } else if self.has(Flags::CLOSING) {
            self.end_after_flush();
        } else {
            self.send_eof();
        }
    }

    /// Gives memory back that an idle connection does not need.
    pub(super) fn release_busy(&self) {
        let is_idle = |busy: &Busy| {
            self.queued.get() == 0
                && busy.unread.is_none()
                && busy.transfer.is_none()
                && busy.close_timer.is_none()
                && busy.close_timeout.is_none()
                && busy.reason.is_none()
        };
        self.busy.with(|busy| {
            if busy.as_deref().is_some_and(is_idle) {
                *busy = None;
            }
        });
    }

    pub(super) fn end_writing(&self) {
        if self.has(Flags::CLOSING | Flags::ENDING | Flags::EOF_WRITTEN) {
            return;
        }
        self.set(Flags::EOF_WRITTEN);
        self.send_eof();
    }

    /// Ends the sending half, once nothing is left to be sent.
    pub(super) fn send_eof(&self) {
        let waits = self.queued.get() > 0 || self.has(Flags::TRANSFER | Flags::EOF_SENT);
        if waits || !self.has(Flags::EOF_WRITTEN) {
            return;
        }
        self.set(Flags::EOF_SENT);
        let ended = self.with_io(StreamIo::shutdown_write);
        match ended {
            // The peer was faster; reading tells the rest.
            Some(Err(error)) if error.kind() != io::ErrorKind::NotConnected => {
                self.fail(Some(error));
            }
            _ => {}
        }
    }
}

#[cold]
fn nothing_taken(error: io::Error) -> io::Result<usize> {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(0),
        _ => Err(error),
    }
}
