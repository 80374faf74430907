//! What a program that uses a loop needs by name, in one `use`.

pub use crate::Loop;
pub use loopline_core::{
    AcceptOptions, Address, BindTarget, BoxError, BufferedProtocol, ConnectOptions, ConnectTarget,
    EventLoop, EventLoopExt, FileJob, FilePosition, FileSource, Flow, LoopHandle, Outcome, PipeExt,
    Protocol, SendFileOptions, Server, ServerOptions, SharedProtocol, SignalExt, SignalKind,
    SockExt, Stream, Transport, Watched, running_loop,
    tls::{StartTlsError, StartTlsOptions, StopTlsError, StopTlsOptions, TlsContext},
};
#[cfg(feature = "openssl")]
pub use loopline_tls_openssl::OpensslContext;
#[cfg(feature = "rustls")]
pub use loopline_tls_rustls::RustlsContext;
