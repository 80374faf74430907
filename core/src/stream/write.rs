//! Writing.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use super::connection::Connection;
use crate::transport::{Flow, Transport};

impl Connection {
    pub(super) fn poll_write(&self, cx: &Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let (transport, room) = ready!(self.poll_room(cx))?;
        let data = &data[..room.min(data.len())];
        let flow = transport.write(data)?;
        Poll::Ready(self.written(flow, data.len()))
    }

    pub(super) async fn write_all(&self, data: &[u8]) -> io::Result<()> {
        let mut rest = data;
        while !rest.is_empty() {
            let count = poll_fn(|cx| self.poll_write(cx, rest)).await?;
            rest = &rest[count..];
        }
        Ok(())
    }

    pub(super) fn poll_write_vectored(
        &self,
        cx: &Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Some(first) = slices.iter().position(|slice| !slice.is_empty()) else {
            return Poll::Ready(Ok(0));
        };
        let slices = &slices[first..];
        let (transport, room) = ready!(self.poll_room(cx))?;
        let (count, length) = fitting(slices, room);
        if count == 0 {
            let part = &slices[0][..room];
            let flow = transport.write(part)?;
            return Poll::Ready(self.written(flow, room));
        }
        let flow = transport.writelines(&slices[..count])?;
        Poll::Ready(self.written(flow, length))
    }

    /// Waits until there is room for something, and says for how much.
    fn poll_room(&self, cx: &Context<'_>) -> Poll<io::Result<(Rc<dyn Transport>, usize)>> {
        if self.borrow().is_flushing {
            self.end_flushing();
        }
        let (transport, limit) = {
            let protocol = self.borrow();
            if let Some(error) = protocol.lost() {
                return Poll::Ready(Err(error));
            }
            if protocol.is_full {
                drop(protocol);
                self.wait_to_write(cx);
                return Poll::Pending;
            }
            (Rc::clone(&protocol.transport), protocol.limit)
        };
        let room = limit.saturating_sub(transport.write_buffer_size());
        // A transport that never pauses its protocol takes what it gets.
        let room = if room == 0 { limit } else { room };
        Poll::Ready(Ok((transport, room)))
    }

    fn written(&self, flow: Flow, count: usize) -> io::Result<usize> {
        if flow != Flow::Closed {
            return Ok(count);
        }
        // The reason, if there is one, comes with the end of the connection.
        Err(self.borrow().lost().unwrap_or_else(|| {
            io::Error::new(io::ErrorKind::BrokenPipe, "the connection is closing")
        }))
    }

    /// Ends the sending half once everything written has left; a connection that
    /// cannot do that is closed.
    pub(super) fn poll_end_writing(&self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        let transport = self.transport();
        if transport.write_eof().is_ok() {
            return self.poll_flushed(cx);
        }
        transport.close();
        self.poll_lost(cx)
    }
}

/// How many slices fit into so many bytes, and how long they are together.
fn fitting(slices: &[IoSlice<'_>], room: usize) -> (usize, usize) {
    let mut length = 0;
    for (count, slice) in slices.iter().enumerate() {
        if slice.len() > room - length {
            return (count, length);
        }
        length += slice.len();
    }
    (slices.len(), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_whole_slices_only() {
        let slices = [
            IoSlice::new(b"four"),
            IoSlice::new(b""),
            IoSlice::new(b"3 b"),
        ];
        assert_eq!(fitting(&slices, 3), (0, 0));
        assert_eq!(fitting(&slices, 4), (2, 4));
        assert_eq!(fitting(&slices, 6), (2, 4));
        assert_eq!(fitting(&slices, 7), (3, 7));
    }
}
