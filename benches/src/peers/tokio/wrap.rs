//! What connections are wrapped into.

use std::pin::Pin;
use std::sync::Arc;

use openssl::ssl::{Ssl, SslContext};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;
use tokio_rustls::TlsAcceptor;

use crate::workload::Over;
use crate::{Fallible, tls};

#[derive(Clone)]
pub(super) enum Wrap {
    Plain,
    Rustls(TlsAcceptor),
    Openssl(SslContext),
}

pub(super) type OverOpenssl = SslStream<TcpStream>;

impl Wrap {
    pub(super) fn new(over: Over) -> Fallible<Self> {
        Ok(match over {
            Over::Plain => Self::Plain,
            Over::Rustls => Self::Rustls(TlsAcceptor::from(Arc::clone(&tls::rustls_config()?))),
            Over::Openssl => Self::Openssl(tls::openssl_builder()?.build()),
        })
    }
}

pub(super) async fn accept(context: &SslContext, stream: TcpStream) -> Option<OverOpenssl> {
    let ssl = Ssl::new(context).ok()?;
    let mut stream = SslStream::new(ssl, stream).ok()?;
    Pin::new(&mut stream).accept().await.ok()?;
    Some(stream)
}
