//! The conformance suite over the native backend, with every TLS coder: one row
//! of the matrix, a column for each coder. A build without a native backend has
//! nothing to check.

#[path = "../tls-rustls/tests/conformance/coder.rs"]
mod rustls;

#[cfg(feature = "openssl")]
#[path = "../tls-openssl/tests/conformance/coder.rs"]
mod openssl;

use std::io;
use std::process::ExitCode;

use loopline::backend::Backend;
use loopline_conformance::{Subject, TlsCoder};

/// The native backend, under its own name.
struct Native(&'static str);

impl Subject for Native {
    fn name(&self) -> &'static str {
        self.0
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        loopline::native_backend()
    }

    fn coders(&self) -> Vec<TlsCoder> {
        vec![
            rustls::coder(),
            #[cfg(feature = "openssl")]
            openssl::coder(),
        ]
    }
}

fn main() -> ExitCode {
    match loopline::native_backend() {
        Ok(backend) => loopline_conformance::main(Native(backend.name())),
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            println!("nothing to check: {error}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("no backend to check: {error}");
            ExitCode::FAILURE
        }
    }
}
