//! loopline is an asyncio-style event loop: transports and protocols,
//! [`sendfile`](EventLoop::sendfile), [`start_tls`](EventLoop::start_tls),
//! [`add_reader`](EventLoopExt::add_reader), on backends and TLS coders that
//! can be replaced and checked by a public suite.
//!
//! This crate picks the backend of the system it is built for, and has the TLS
//! library that its features name; everything else is `loopline-core`'s, under
//! the same names.
//!
//! ```no_run
//! use std::rc::Rc;
//! use loopline::prelude::*;
//!
//! #[derive(Default)]
//! struct Echo(Option<Rc<dyn Transport>>);
//!
//! impl Protocol for Echo {
//!     fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
//!         self.0 = Some(Rc::clone(transport));
//!         Ok(())
//!     }
//!     fn data_received(&mut self, data: &[u8]) -> Outcome {
//!         if let Some(transport) = &self.0 {
//!             transport.write(data)?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let event_loop = Loop::new()?;
//!     event_loop.run_until_complete(async {
//!         let options = ServerOptions::default();
//!         let server = event_loop
//!             .create_server(Echo::default, ("127.0.0.1", 7777), options)
//!             .await?;
//!         server.serve_forever().await?;
//!         Ok(())
//!     })?
//! }
//! ```
#![forbid(unsafe_code)]

mod native;
pub mod prelude;
mod provider;
mod select;
mod threads;

/// A virtual clock and a network in memory: backends that never wait, for tests of
/// protocols.
///
/// The feature `sim` adds this module. Most programs want it for their tests alone:
///
/// ```toml
/// [dependencies]
/// loopline = "0.1"
///
/// [dev-dependencies]
/// loopline = { version = "0.1", features = ["sim"] }
/// ```
///
/// A protocol that ends its connections after a minute, tested in no time and
/// without a socket:
///
/// ```
/// use std::{rc::Rc, time::Duration};
/// use loopline::{prelude::*, sim::Simulation};
///
/// /// Gives each connection a minute.
/// struct Impatient(LoopHandle);
///
/// impl Protocol for Impatient {
///     fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
///         let transport = Rc::clone(transport);
///         self.0.call_later(Duration::from_secs(60), move || transport.close())?;
///         Ok(())
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sim = Simulation::new();
/// let event_loop = Loop::with_backend(Box::new(sim.backend()));
/// event_loop.run_until_complete(async {
///     let address: std::net::SocketAddr = "192.0.2.1:7".parse()?;
///     let handle = event_loop.handle();
///     let factory = move || Impatient(handle.clone());
///     let server = event_loop.create_server(factory, address, ServerOptions::default()).await?;
///     let peer = sim.connect(address).await?;
///     assert_eq!(peer.read(&mut [0; 16]).await?, 0);
///     assert_eq!(sim.elapsed(), Duration::from_secs(60));
///     server.close();
///     Ok(())
/// })?
/// # }
/// ```
#[cfg(feature = "sim")]
#[doc(inline)]
pub use loopline_backend_sim as sim;
pub use loopline_core::*;
/// TLS by OpenSSL: contexts for [`start_tls`](EventLoop::start_tls), made of PEM
/// files or of OpenSSL's own contexts.
///
/// The feature `openssl` adds this module and needs the system's library;
/// `openssl-vendored` builds one from source instead.
///
/// ```no_run
/// # fn main() -> Result<(), loopline::tls::TlsError> {
/// use loopline::openssl::OpensslContext;
///
/// let client = OpensslContext::client_with_system_roots()?;
/// let server = OpensslContext::server_with_files("chain.pem", "key.pem")?;
/// # Ok(())
/// # }
/// ```
#[cfg(feature = "openssl")]
#[doc(inline)]
pub use loopline_tls_openssl as openssl;
/// TLS by rustls: contexts for [`start_tls`](EventLoop::start_tls), made of PEM
/// files or of rustls' own configurations.
///
/// The feature `rustls` adds this module; `ring` and `aws-lc-rs` name what does
/// the cryptography where a context is not given a provider.
///
/// ```no_run
/// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
/// # fn main() -> Result<(), loopline::tls::TlsError> {
/// use loopline::rustls::RustlsContext;
///
/// let client = RustlsContext::client_with_system_roots()?;
/// let server = RustlsContext::server_with_files("chain.pem", "key.pem")?;
/// # Ok(())
/// # }
/// # #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
/// # fn main() {}
/// ```
#[cfg(feature = "rustls")]
#[doc(inline)]
pub use loopline_tls_rustls as rustls;
pub use native::Loop;
pub use select::native_backend;
pub use threads::{ThreadsError, run_on_threads};

/// TLS as a pure machine, what the loop asks of it, and the libraries that this
/// build has.
pub mod tls {
    pub use crate::provider::{Provider, UnknownProvider};
    pub use loopline_core::tls::*;
}

/// The code in prose compiles, and runs where it says what comes out.
#[cfg(all(
    doctest,
    target_os = "linux",
    feature = "epoll",
    feature = "rustls",
    feature = "ring"
))]
mod prose {
    #[cfg(feature = "sim")]
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/backend-guide.md")]
    struct BackendGuide;
    #[doc = include_str!("../docs/coder-guide.md")]
    struct CoderGuide;
    #[doc = include_str!("../docs/choosing-a-backend.md")]
    struct ChoosingABackend;
    #[doc = include_str!("../docs/errors.md")]
    struct Errors;
    #[doc = include_str!("../docs/from-asyncio.md")]
    struct FromAsyncio;
    #[doc = include_str!("../docs/from-tokio.md")]
    struct FromTokio;
    #[doc = include_str!("../docs/sending-files.md")]
    struct SendingFiles;
    #[doc = include_str!("../docs/streams.md")]
    struct Streams;
    #[doc = include_str!("../docs/upgrading.md")]
    struct Upgrading;
    #[doc = include_str!("../docs/watching.md")]
    struct Watching;
}

/// The same, where hyper is there.
#[cfg(all(
    doctest,
    target_os = "linux",
    feature = "epoll",
    feature = "rustls",
    feature = "hyper"
))]
#[doc = include_str!("../docs/libraries.md")]
struct Libraries;
