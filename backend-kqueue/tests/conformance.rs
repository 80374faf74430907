//! The suite over kqueue: the contract of a backend, whose upper layers run in
//! the tests of the whole project. Standing in on Linux, where the project's
//! native backend is another one, it runs all of them, and TLS.

#[cfg(all(target_os = "linux", feature = "linux-stand-in"))]
#[path = "../../tls-rustls/tests/conformance/coder.rs"]
mod rustls;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Where the crate is not empty.
    #[cfg(all(
        target_pointer_width = "64",
        any(
            target_os = "freebsd",
            target_os = "macos",
            target_os = "netbsd",
            target_os = "openbsd",
            target_os = "dragonfly",
            all(target_os = "linux", feature = "linux-stand-in"),
        )
    ))]
    return kqueue::main();

    #[allow(unreachable_code, reason = "unless the crate is empty")]
    ExitCode::SUCCESS
}

#[cfg(all(
    target_pointer_width = "64",
    any(
        target_os = "freebsd",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "dragonfly",
        all(target_os = "linux", feature = "linux-stand-in"),
    )
))]
mod kqueue {
    use std::io;
    use std::process::ExitCode;

    use loopline_backend_kqueue::KqueueBackend;
    use loopline_conformance::{Subject, Suite};
    use loopline_core::backend::Backend;

    struct Kqueue(&'static str);

    impl Subject for Kqueue {
        fn name(&self) -> &'static str {
            self.0
        }

        fn backend(&self) -> io::Result<Box<dyn Backend>> {
            Ok(Box::new(KqueueBackend::new()?))
        }

        #[cfg(target_os = "linux")]
        fn coders(&self) -> Vec<loopline_conformance::TlsCoder> {
            vec![crate::rustls::coder()]
        }
    }

    pub(crate) fn main() -> ExitCode {
        let name = match KqueueBackend::new() {
            Ok(backend) => backend.name(),
            Err(error) => {
                eprintln!("no backend to check: {error}");
                return ExitCode::FAILURE;
            }
        };
        let suite = Suite::new().subject(Kqueue(name));
        #[cfg(not(target_os = "linux"))]
        let suite = suite.layers([loopline_conformance::Layer::Backend]);
        suite.main()
    }
}
