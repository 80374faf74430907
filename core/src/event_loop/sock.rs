//! asyncio's `sock_*` calls.

use super::EventLoop;
use crate::backend::AsSource;
use crate::net::{self, ConnectError, ConnectTarget, ConnectedSocket, SendAllError};
use crate::transport::Address;

/// asyncio's `sock_*` calls: for sockets that no transport owns and that do not
/// block. Implemented for every loop.
///
/// ```
/// use loopline_core::{EventLoop, SockExt};
/// use socket2::{Domain, Socket, Type};
///
/// async fn ask(event_loop: &dyn EventLoop) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
///     let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
///     socket.set_nonblocking(true)?;
///     event_loop.sock_connect(&socket, ("localhost", 7)).await?;
///     event_loop.sock_sendall(&socket, b"hello").await?;
///     Ok(event_loop.sock_recv(&socket, 5).await?)
/// }
/// ```
#[allow(
    async_fn_in_trait,
    reason = "a loop is used on one thread; nothing asks for Send"
)]
pub trait SockExt: EventLoop {
    /// Receives at most `count` bytes from a socket that no transport owns, as
    /// soon as there are some; none at the end of the stream.
    ///
    /// Dropping the future loses nothing (line C42). One task may receive and
    /// another one send.
    ///
    /// # Errors
    ///
    /// What the system answers.
    /// [`InvalidInput`](std::io::ErrorKind::InvalidInput) if the socket blocks,
    /// [`ResourceBusy`](std::io::ErrorKind::ResourceBusy) if it belongs to a
    /// transport or is watched for reading already,
    /// [`NotConnected`](std::io::ErrorKind::NotConnected) once the loop is closed.
    async fn sock_recv(
        &self,
        socket: &(impl AsSource + ?Sized),
        count: usize,
    ) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        let count = self.sock_recv_into(socket, &mut bytes).await?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Receives into a buffer; otherwise as [`sock_recv`](Self::sock_recv).
    ///
    /// # Errors
    ///
    /// As for [`sock_recv`](Self::sock_recv).
    async fn sock_recv_into(
        &self,
        socket: &(impl AsSource + ?Sized),
        into: &mut [u8],
    ) -> std::io::Result<usize> {
        net::sock_recv_into(self.handle().engine(), socket.as_source(), into).await
    }

    /// Sends everything over a socket that no transport owns. Of a future that is
    /// dropped an unknown part was sent.
    ///
    /// # Errors
    ///
    /// [`SendAllError`], which tells how many bytes had left; its reasons are
    /// those of [`sock_recv`](Self::sock_recv).
    async fn sock_sendall(
        &self,
        socket: &(impl AsSource + ?Sized),
        data: &[u8],
    ) -> Result<(), SendAllError> {
        net::sock_sendall(self.handle().engine(), socket.as_source(), data).await
    }

    /// Accepts a connection from a socket that listens and that no server owns.
    /// What is accepted does not block (line E36). It can be given to
    /// [`connect_accepted_socket`](crate::EventLoopExt::connect_accepted_socket) and
    /// [`open_connection`](crate::EventLoopExt::open_connection).
    ///
    /// Dropping the future loses no connection.
    ///
    /// # Errors
    ///
    /// As for [`sock_recv`](Self::sock_recv).
    async fn sock_accept(
        &self,
        socket: &(impl AsSource + ?Sized),
    ) -> std::io::Result<(ConnectedSocket, Option<Address>)> {
        net::sock_accept(self.handle().engine(), socket.as_source()).await
    }

    /// Connects a socket that no transport owns, to the first address of its own
    /// family (line E34). The socket belongs to the loop meanwhile.
    ///
    /// After the future was dropped the system may go on connecting, as after
    /// connect(2); the socket can be closed at any time.
    ///
    /// # Errors
    ///
    /// [`ConnectError`], which tells what the address answered.
    async fn sock_connect(
        &self,
        socket: &(impl AsSource + ?Sized),
        target: impl Into<ConnectTarget>,
    ) -> Result<(), ConnectError> {
        net::sock_connect(self.handle().engine(), socket.as_source(), target.into()).await
    }
}

impl<L: EventLoop + ?Sized> SockExt for L {}
