//! Reading and writing for hyper.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncBufRead, AsyncWrite, IoSlice};
use hyper::rt::{Read, ReadBufCursor, Write};

use crate::stream::{ReadHalf, Stream, WriteHalf};

/// Copies from where the loop has read to where hyper wants it: without unsafe
/// code its buffer cannot be offered to the system, since only `put_slice` says
/// how much of it was filled.
fn poll_read<R: AsyncBufRead + Unpin>(
    reader: &mut R,
    cx: &mut Context<'_>,
    into: &mut ReadBufCursor<'_>,
) -> Poll<io::Result<()>> {
    if into.remaining() == 0 {
        return Poll::Ready(Ok(()));
    }
    let unread = ready!(Pin::new(&mut *reader).poll_fill_buf(cx))?;
    let count = unread.len().min(into.remaining());
    into.put_slice(&unread[..count]);
    Pin::new(reader).consume(count);
    Poll::Ready(Ok(()))
}

macro_rules! reading {
    ($type:ty) => {
        impl Read for $type {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                mut into: ReadBufCursor<'_>,
            ) -> Poll<io::Result<()>> {
                poll_read(self.get_mut(), cx, &mut into)
            }
        }
    };
}

/// As [`AsyncWrite`] does, `poll_shutdown` as `poll_close`.
macro_rules! writing {
    ($type:ty) => {
        impl Write for $type {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                data: &[u8],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write(self, cx, data)
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                slices: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                AsyncWrite::poll_write_vectored(self, cx, slices)
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                AsyncWrite::poll_flush(self, cx)
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.poll_close(cx)
            }
        }
    };
}

reading!(Stream);
reading!(ReadHalf);
writing!(Stream);
writing!(WriteHalf);
