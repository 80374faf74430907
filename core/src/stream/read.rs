//! Reading.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};

use memchr::memmem::Finder;

use super::buffer::Buffer;
use super::connection::Connection;
use super::error::{ReadError, ReadErrorKind};
use super::protocol::Ended;

/// What one direction of a stream reads from.
pub(super) struct Reader {
    pub(super) connection: Connection,
    /// What `fill_buf` has lent out. While somebody waits for more it is empty,
    /// so that all that is unread lies in a row.
    front: Buffer,
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            front: Buffer::default(),
        }
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if into.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if !self.front.is_empty() {
            let count = self.front.read(into);
            self.settle();
            return Poll::Ready(Ok(count));
        }
        {
            let mut protocol = self.connection.borrow();
            if !protocol.incoming.is_empty() {
                let count = protocol.incoming.read(into);
                protocol.tidy();
                return Poll::Ready(Ok(count));
            }
        }
        ready!(self.poll_end(cx))?;
        Poll::Ready(Ok(0))
    }

    /// Everything that is unread, at least one byte unless the stream has ended.
    pub(super) fn poll_fill_buf(&mut self, cx: &Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.front.is_empty() && !self.lend() {
            ready!(self.poll_end(cx))?;
        }
        Poll::Ready(Ok(self.front.unread()))
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.front.consume(count);
        self.settle();
    }

    /// Takes what was read into the front; false if there was nothing.
    fn lend(&mut self) -> bool {
        let mut protocol = self.connection.borrow();
        if protocol.incoming.is_empty() {
            return false;
        }
        std::mem::swap(&mut self.front, &mut protocol.incoming);
        protocol.lent = self.front.len();
        true
    }

    /// Notes how much of the front is left.
    fn settle(&mut self) {
        let mut protocol = self.connection.borrow();
        protocol.lent = self.front.len();
        protocol.spare().take_back(&mut self.front);
    }

    /// Gives back what `fill_buf` has lent out and was not consumed.
    fn restore(&mut self) {
        if self.front.is_empty() {
            return;
        }
        let mut protocol = self.connection.borrow();
        protocol.lent = 0;
        if protocol.incoming.is_empty() {
            std::mem::swap(&mut self.front, &mut protocol.incoming);
            protocol.spare().take_back(&mut self.front);
        } else {
            protocol.incoming.put_back(self.front.unread());
            self.front = Buffer::default();
        }
    }

    /// Everything that is unread; afterwards nothing is.
    pub(super) fn take_unread(&mut self) -> Vec<u8> {
        self.restore();
        let mut protocol = self.connection.borrow();
        let unread = protocol.incoming.take(usize::MAX);
        protocol.tidy();
        unread
    }

    /// What was taken goes back, before anything else.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        self.restore();
        self.connection.borrow().incoming.put_back(bytes);
    }

    /// Waits for more, or for the end: ready only with that.
    fn poll_end(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let ended = self.connection.borrow().ended();
        match ended {
            Some(Ended::Stream) => Poll::Ready(Ok(())),
            Some(Ended::Connection(error)) => Poll::Ready(Err(error)),
            None => {
                self.connection.wait_for_data(cx);
                Poll::Pending
            }
        }
    }

    /// Waits until so many bytes are unread. Without an error; the kind of one
    /// says why they will not come.
    async fn wait_for(&self, count: usize) -> Result<(), ReadErrorKind> {
        let _wanting = Wanting(&self.connection);
        poll_fn(|cx| {
            {
                let mut protocol = self.connection.borrow();
                if protocol.incoming.len() >= count {
                    return Poll::Ready(Ok(()));
                }
                protocol.wanted = count;
            }
            self.poll_end(cx).map(|ended| match ended {
                Ok(()) => Err(ReadErrorKind::Incomplete),
                Err(error) => Err(ReadErrorKind::Connection(error)),
            })
        })
        .await
    }

    /// Takes so many bytes, or all if there are fewer.
    fn take(&self, count: usize) -> Vec<u8> {
        let mut protocol = self.connection.borrow();
        let taken = protocol.incoming.take(count);
        protocol.tidy();
        taken
    }

    fn fail(&self, kind: ReadErrorKind) -> ReadError {
        ReadError::new(kind, self.take(usize::MAX))
    }

    pub(super) async fn read_exact(&mut self, count: usize) -> Result<Vec<u8>, ReadError> {
        self.restore();
        match self.wait_for(count).await {
            Ok(()) => Ok(self.take(count)),
            Err(kind) => Err(self.fail(kind)),
        }
    }

    pub(super) async fn read_until(&mut self, separator: &[u8]) -> Result<Vec<u8>, ReadError> {
        self.restore();
        if separator.is_empty() {
            return Err(ReadError::new(ReadErrorKind::EmptySeparator, Vec::new()));
        }
        let finder = Finder::new(separator);
        let mut searched = 0_usize;
        loop {
            let (found, unread, limit) = {
                let protocol = self.connection.borrow();
                let unread = protocol.incoming.unread();
                // The separator may have begun in what was searched before.
                let from = searched.saturating_sub(separator.len() - 1);
                let found = finder.find(&unread[from..]).map(|at| from + at);
                (found, unread.len(), protocol.limit)
            };
            let length = found.map(|at| at + separator.len());
            match length {
                Some(length) if length <= limit => return Ok(self.take(length)),
                None if unread < limit => {}
                // What may be the beginning of a separator stays.
                _ => {
                    let beyond = (limit + 1).saturating_sub(separator.len()).max(1);
                    let kind = ReadErrorKind::LimitOverrun { limit };
                    return Err(ReadError::new(kind, self.take(beyond)));
                }
            }
            searched = unread;
            if let Err(kind) = self.wait_for(unread + 1).await {
                return Err(self.fail(kind));
            }
        }
    }

    pub(super) async fn read_line(&mut self) -> Result<Option<Vec<u8>>, ReadError> {
        match self.read_until(b"\n").await {
            Ok(line) => Ok(Some(line)),
            Err(error) if error.is_end() => Ok(None),
            Err(error) => match error.kind() {
                ReadErrorKind::Incomplete => Ok(Some(error.into_partial())),
                _ => Err(error),
            },
        }
    }
}

/// Somebody waits for more than the limit, for as long as this lives.
struct Wanting<'a>(&'a Connection);

impl Drop for Wanting<'_> {
    fn drop(&mut self) {
        self.0.borrow().wanted = 0;
    }
}
