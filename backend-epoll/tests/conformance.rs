//! The contract of a backend over epoll, with both kinds of waits. The layers
//! above it run over the native backend, in the tests of the whole project.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::process::ExitCode;

    use loopline_backend_epoll::EpollBackend;
    use loopline_conformance::{Layer, Subject, Suite};
    use loopline_core::backend::Backend;

    struct Nanoseconds;

    impl Subject for Nanoseconds {
        fn name(&self) -> &'static str {
            "epoll"
        }

        fn backend(&self) -> io::Result<Box<dyn Backend>> {
            Ok(Box::new(EpollBackend::new()?))
        }
    }

    struct Milliseconds;

    impl Subject for Milliseconds {
        fn name(&self) -> &'static str {
            "epoll_in_milliseconds"
        }

        fn backend(&self) -> io::Result<Box<dyn Backend>> {
            Ok(Box::new(EpollBackend::with_millisecond_waits()?))
        }
    }

    pub(crate) fn main() -> ExitCode {
        Suite::new()
            .subject(Nanoseconds)
            .subject(Milliseconds)
            .layers([Layer::Backend])
            .main()
    }
}
