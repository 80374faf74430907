//! A virtual clock and a network in memory, for loopline, an asyncio-style
//! event loop.
//!
//! A [`Simulation`] makes backends for loops that never wait: when nothing is
//! ready, their clock jumps to the next thing that happens. Timers are exact, an
//! hour passes at once, and `create_connection` and `create_server` go over a
//! network in memory, with the latency, the buffers, the cuts and the faults
//! that a test wants. Transports, flow control, servers, TLS and file sending
//! are the real ones: only what is below them is simulated.
//!
//! ```
//! use std::time::Duration;
//! use loopline_backend_sim::{Link, Simulation};
//! use loopline_core::{EventLoop, EventLoopExt, Loop, Outcome, Protocol, ServerOptions, Transport};
//! use std::rc::Rc;
//!
//! /// Answers everything with itself.
//! #[derive(Default)]
//! struct Echo(Option<Rc<dyn Transport>>);
//!
//! impl Protocol for Echo {
//!     fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Outcome {
//!         self.0 = Some(Rc::clone(transport));
//!         Ok(())
//!     }
//!     fn data_received(&mut self, data: &[u8]) -> Outcome {
//!         if let Some(transport) = &self.0 {
//!             transport.write(data)?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let sim = Simulation::new();
//! let mut slow = Link::default();
//! slow.latency = Duration::from_millis(250);
//! sim.set_link(slow);
//! let event_loop = Loop::with_backend(Box::new(sim.backend()));
//! event_loop.run_until_complete(async {
//!     let address: std::net::SocketAddr = "192.0.2.1:7".parse()?;
//!     let options = ServerOptions::default();
//!     let server = event_loop.create_server(Echo::default, address, options).await?;
//!     let peer = sim.connect(address).await?;
//!     assert_eq!(sim.elapsed(), Duration::from_millis(500));
//!     peer.write_all(b"hello").await?;
//!     let mut answer = [0; 5];
//!     peer.read_exact(&mut answer).await?;
//!     assert_eq!(&answer, b"hello");
//!     assert_eq!(sim.elapsed(), Duration::from_secs(1));
//!     # server.close();
//!     Ok::<(), Box<dyn std::error::Error>>(())
//! })??;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod backend;
mod network;
mod schedule;
mod simulation;
mod wake;
mod watches;
mod world;

pub use backend::SimBackend;
pub use network::{Fault, Link, Peer, PeerListener, Reads, Side, SimConnection};
pub use simulation::{ClockHeld, Simulation};
