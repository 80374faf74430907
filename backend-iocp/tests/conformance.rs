//! The contract of a backend over a completion port. The layers above it run
//! over the native backend, in the tests of the whole project.

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    windows::main()
}

#[cfg(not(windows))]
fn main() {}

#[cfg(windows)]
mod windows {
    use std::io;
    use std::process::ExitCode;

    use loopline_backend_iocp::IocpBackend;
    use loopline_conformance::{Layer, Subject, Suite};
    use loopline_core::backend::Backend;

    struct Iocp;

    impl Subject for Iocp {
        fn name(&self) -> &'static str {
            "iocp"
        }

        fn backend(&self) -> io::Result<Box<dyn Backend>> {
            Ok(Box::new(IocpBackend::new()?))
        }
    }

    pub(crate) fn main() -> ExitCode {
        Suite::new().subject(Iocp).layers([Layer::Backend]).main()
    }
}
