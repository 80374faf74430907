//! The suite over a simulation, over the system's sockets and by itself.

#[cfg(target_os = "linux")]
#[path = "../../tls-rustls/tests/conformance/coder.rs"]
mod rustls;

use std::io;
use std::process::ExitCode;

use loopline_backend_sim::Simulation;
use loopline_conformance::{Subject, Suite};
use loopline_core::backend::Backend;

/// A simulation that watches nothing of the system's.
struct Alone;

impl Subject for Alone {
    fn name(&self) -> &'static str {
        "sim"
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        Ok(Box::new(Simulation::new().backend()))
    }
}

/// A simulation that also watches the system's sockets.
#[cfg(target_os = "linux")]
struct Over;

#[cfg(target_os = "linux")]
impl Subject for Over {
    fn name(&self) -> &'static str {
        "sim_over_epoll"
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        let system = loopline_backend_epoll::EpollBackend::new()?;
        Ok(Box::new(Simulation::new().backend_over(Box::new(system))))
    }

    fn coders(&self) -> Vec<loopline_conformance::TlsCoder> {
        vec![rustls::coder()]
    }
}

fn main() -> ExitCode {
    let suite = Suite::new().subject(Alone);
    #[cfg(target_os = "linux")]
    let suite = suite.subject(Over);
    suite.main()
}
