//! The conformance suite over every backend that this build of loopline has,
//! with every TLS coder: one row of the matrix for each backend, a column for
//! each coder. A build without a backend has nothing to check.

#[cfg(all(feature = "epoll", target_os = "linux"))]
#[path = "../tls-rustls/tests/conformance/coder.rs"]
mod rustls;

#[cfg(all(feature = "epoll", feature = "openssl", target_os = "linux"))]
#[path = "../tls-openssl/tests/conformance/coder.rs"]
mod openssl;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(feature = "epoll", target_os = "linux"))]
    return loopline_conformance::main(epoll::Epoll);

    #[cfg(not(all(feature = "epoll", target_os = "linux")))]
    ExitCode::SUCCESS
}

#[cfg(all(feature = "epoll", target_os = "linux"))]
mod epoll {
    use std::io;

    use loopline::backend::Backend;
    use loopline_conformance::{Subject, TlsCoder};

    /// The native backend of Linux.
    pub(crate) struct Epoll;

    impl Subject for Epoll {
        fn name(&self) -> &'static str {
            "epoll"
        }

        fn backend(&self) -> io::Result<Box<dyn Backend>> {
            loopline::native_backend()
        }

        fn coders(&self) -> Vec<TlsCoder> {
            vec![
                crate::rustls::coder(),
                #[cfg(feature = "openssl")]
                crate::openssl::coder(),
            ]
        }
    }
}
