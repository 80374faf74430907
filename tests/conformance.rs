//! The conformance suite over the native backend: one row of the matrix. A
//! build without one has nothing to check.

use std::io;
use std::process::ExitCode;

use loopline::backend::Backend;
use loopline_conformance::Subject;

/// The native backend, under its own name.
struct Native(&'static str);

impl Subject for Native {
    fn name(&self) -> &'static str {
        self.0
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        loopline::native_backend()
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
