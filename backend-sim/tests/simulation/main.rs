//! What a simulation promises to whoever tests a protocol with it.

mod clock;
mod connecting;
mod disturbing;
mod links;
mod order;
mod peers;

use std::cell::RefCell;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use loopline_backend_sim::Simulation;
use loopline_core::{Loop, Outcome, Protocol, Transport};

type Fallible = Result<(), Box<dyn Error>>;

/// A server's address, as good as any other.
const SERVER: &str = "192.0.2.7:7000";

fn server() -> SocketAddr {
    SERVER.parse().expect("an address")
}

/// Runs a test on a loop in a simulation.
fn within(sim: &Simulation, body: impl AsyncFnOnce(&Simulation, &Loop) -> Fallible) -> Fallible {
    let event_loop = Loop::with_backend(Box::new(sim.backend()));
    event_loop.run_until_complete(body(sim, &event_loop))?
}

/// What a protocol was told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Call {
    Data(Vec<u8>),
    Eof,
    Lost(Option<io::ErrorKind>),
    Paused,
    Resumed,
}

/// A protocol that writes down what it is told.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<Call>>>);

impl Log {
    fn calls(&self) -> Vec<Call> {
        self.0.borrow().clone()
    }

    fn note(&self, call: Call) -> Outcome {
        self.0.borrow_mut().push(call);
        Ok(())
    }

    fn data(&self) -> Vec<u8> {
        let calls = self.calls().into_iter();
        let data = calls.filter_map(|call| match call {
            Call::Data(bytes) => Some(bytes),
            _ => None,
        });
        data.flatten().collect()
    }

    fn pieces(&self) -> Vec<usize> {
        let calls = self.calls().into_iter();
        let sizes = calls.filter_map(|call| match call {
            Call::Data(bytes) => Some(bytes.len()),
            _ => None,
        });
        sizes.collect()
    }
}

impl Protocol for Log {
    fn connection_made(&mut self, _: &Rc<dyn Transport>) -> Outcome {
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.note(Call::Data(data.to_vec()))
    }

    fn eof_received(&mut self) -> Result<bool, loopline_core::BoxError> {
        self.note(Call::Eof)?;
        Ok(false)
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Outcome {
        self.note(Call::Lost(error.map(io::Error::kind)))
    }

    fn pause_writing(&mut self) -> Outcome {
        self.note(Call::Paused)
    }

    fn resume_writing(&mut self) -> Outcome {
        self.note(Call::Resumed)
    }
}
