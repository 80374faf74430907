//! The traits of `futures-io`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_io::{AsyncBufRead, AsyncRead, AsyncWrite, IoSlice};

use super::{ReadHalf, Stream, WriteHalf};

macro_rules! reading {
    ($type:ty) => {
        impl AsyncRead for $type {
            fn poll_read(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                into: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.reader.poll_read(cx, into)
            }
        }

        impl AsyncBufRead for $type {
            fn poll_fill_buf(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<&[u8]>> {
                self.get_mut().reader.poll_fill_buf(cx)
            }

            fn consume(mut self: Pin<&mut Self>, count: usize) {
                self.reader.consume(count);
            }
        }
    };
}

/// `poll_close` ends the sending half, as it does for other sockets; where only
/// both halves end together, as over TLS, it closes the connection.
macro_rules! writing {
    ($type:ty, $($connection:ident).+) => {
        impl AsyncWrite for $type {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                data: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.$($connection).+.poll_write(cx, data)
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                slices: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.$($connection).+.poll_write_vectored(cx, slices)
            }

            fn poll_flush(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                self.$($connection).+.poll_flushed(cx)
            }

            fn poll_close(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
            ) -> Poll<io::Result<()>> {
                self.$($connection).+.poll_end_writing(cx)
            }
        }
    };
}

reading!(Stream);
reading!(ReadHalf);
writing!(Stream, reader.connection);
writing!(WriteHalf, connection);
