//! A protocol that writes everything down, and the contexts of both sides.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use loopline::prelude::*;
use loopline_tls_rustls::{Pem, RustlsContext};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Writes down what it is told; echoes if asked.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) transport: Option<Rc<dyn Transport>>,
    pub(crate) echo: bool,
    pub(crate) made: usize,
    pub(crate) data: Vec<u8>,
    pub(crate) eof: usize,
    pub(crate) lost: Vec<Option<io::ErrorKind>>,
}

impl Protocol for Log {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
        self.made += 1;
        self.transport = Some(Rc::clone(transport));
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.data.extend_from_slice(data);
        if let (true, Some(transport)) = (self.echo, &self.transport) {
            transport.write(data)?;
        }
        Ok(())
    }

    fn eof_received(&mut self) -> Result<bool, BoxError> {
        self.eof += 1;
        Ok(false)
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        self.lost.push(error.map(io::Error::kind));
        Ok(())
    }
}

pub(crate) struct Contexts {
    pub(crate) client: Arc<RustlsContext>,
    pub(crate) server: Arc<RustlsContext>,
}

pub(crate) fn contexts() -> Result<Contexts, Failure> {
    let made =
        rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let chain = made.cert.pem();
    let key = made.signing_key.serialize_pem();
    let server = RustlsContext::builder()
        .identity(Pem::bytes(chain.clone()), Pem::bytes(key))
        .build_server()?;
    let client = RustlsContext::builder()
        .roots(Pem::bytes(chain))
        .build_client()?;
    Ok(Contexts {
        client: Arc::new(client),
        server: Arc::new(server),
    })
}

pub(crate) async fn until(event_loop: &Loop, what: impl Fn() -> bool) {
    while !what() {
        event_loop.sleep(Duration::from_millis(1)).await;
    }
}
