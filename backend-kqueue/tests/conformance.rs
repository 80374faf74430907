//! The suite over kqueue: the contract of a backend, whose upper layers run in
//! the tests of the whole project. Standing in on Linux, where the project's
//! native backend is another one, it runs all of them.

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
    return {
        use loopline_backend_kqueue::KqueueBackend;
        use loopline_conformance::{Layer, Subject, Suite};
        use loopline_core::backend::Backend;

        struct Kqueue;

        impl Subject for Kqueue {
            fn name(&self) -> &'static str {
                if cfg!(target_os = "linux") {
                    "kqueue-on-linux"
                } else {
                    "kqueue"
                }
            }

            fn backend(&self) -> std::io::Result<Box<dyn Backend>> {
                Ok(Box::new(KqueueBackend::new()?))
            }
        }

        let suite = Suite::new().subject(Kqueue);
        if cfg!(target_os = "linux") {
            suite.main()
        } else {
            suite.layers([Layer::Backend]).main()
        }
    };

    #[allow(unreachable_code, reason = "unless the crate is empty")]
    ExitCode::SUCCESS
}
