//! `start_tls` as tokio-postgres asks for TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use loopline::Stream;
use loopline::tls::{StartTlsError, StartTlsOptions, TlsContext};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_util::compat::Compat;

/// What upgrades a connection, once the server has agreed to it.
pub(crate) struct Upgrade {
    pub(crate) context: Arc<dyn TlsContext>,
    /// What the certificate has to be valid for.
    pub(crate) name: String,
}

impl TlsConnect<Compat<Stream>> for Upgrade {
    type Stream = Secured;
    type Error = StartTlsError;
    type Future = Pin<Box<dyn Future<Output = Result<Secured, StartTlsError>>>>;

    fn connect(self, mut stream: Compat<Stream>) -> Self::Future {
        Box::pin(async move {
            // What somebody in between has put behind the server's consent was read
            // ahead, and goes to the TLS coder: it is no answer of the server.
            let options = StartTlsOptions::default().server_hostname(self.name);
            let plain = stream.get_mut();
            plain.start_tls(&*self.context, options).await?;
            Ok(Secured(stream))
        })
    }
}

/// The same stream, in TLS.
pub(crate) struct Secured(Compat<Stream>);

impl TlsStream for Secured {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Secured {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, into)
    }
}

impl AsyncWrite for Secured {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
