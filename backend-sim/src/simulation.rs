//! A simulation, as a test holds it.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use loopline_core::Address;
use loopline_core::backend::{Backend, NetworkListener};

use crate::backend::SimBackend;
use crate::network::{Link, Peer, PeerListener, SimConnection, SimNetwork};
use crate::watches::Watches;
use crate::world::World;

/// A clock that jumps, and a network in memory.
///
/// It makes the backends of loops and controls what they meet. A clone is the
/// same simulation.
///
/// ```
/// use std::time::Duration;
/// use loopline_backend_sim::Simulation;
/// use loopline_core::{EventLoopExt, Loop};
///
/// let sim = Simulation::new();
/// let event_loop = Loop::with_backend(Box::new(sim.backend()));
/// event_loop.run_until_complete(event_loop.sleep(Duration::from_secs(3600)))?;
/// assert_eq!(sim.elapsed(), Duration::from_secs(3600));
/// # Ok::<(), loopline_core::RunError>(())
/// ```
#[derive(Clone)]
pub struct Simulation {
    world: Rc<World>,
    /// Of what the simulation itself opens, which no loop watches.
    unwatched: Rc<Watches>,
}

impl Simulation {
    /// A simulation in which everything has its order: what becomes ready first
    /// is reported first.
    #[must_use]
    pub fn new() -> Self {
        Self::of(None)
    }

    /// A simulation in which what is ready at one time is reported in a random
    /// order, always the same one for one seed. It also decides
    /// [`Link::jitter`] and [`Reads::Random`](crate::Reads::Random), which
    /// [`new`](Self::new) does as for seed 0.
    ///
    /// A protocol that works with a thousand seeds depends on no order; one that
    /// fails fails again with the seed that it has failed with.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self::of(Some(seed))
    }

    fn of(seed: Option<u64>) -> Self {
        Self {
            world: World::new(seed),
            unwatched: Rc::default(),
        }
    }

    /// A backend for one loop, in which everything is simulated: it watches no
    /// descriptor of the system, and connections and servers are those of the
    /// network in memory.
    #[must_use]
    pub fn backend(&self) -> SimBackend {
        SimBackend::new(&self.world, None)
    }

    /// A backend for one loop of which only the clock is simulated: it watches
    /// descriptors, by the system's backend that it is given, and connections
    /// and servers are the system's.
    ///
    /// Time jumps as soon as nothing is ready, whatever a peer outside of the
    /// simulation is about to do. Where a timer must not overtake it, hold the
    /// clock ([`hold_clock`](Self::hold_clock)).
    #[must_use]
    pub fn backend_over(&self, system: Box<dyn Backend>) -> SimBackend {
        SimBackend::new(&self.world, Some(system))
    }

    /// How much time has passed in it.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }

    /// Lets time pass without a turn of the loop, as a callback that takes long
    /// does. What becomes due meanwhile happens in the next wait.
    pub fn advance(&self, by: Duration) {
        self.world.advance_to(self.elapsed().saturating_add(by));
    }

    /// How much time each turn of a loop takes; none by default, which keeps
    /// timers exact. A loop that always has something to do, such as two
    /// protocols that answer each other for ever over a link without latency,
    /// gets to its timers only if its turns take time.
    pub fn set_turn_duration(&self, turn: Duration) {
        self.world.set_turn(turn);
    }

    /// Stops the clock for as long as what is returned lives: something outside
    /// of the simulation is under way, such as another thread, that will wake
    /// the loop. Reading files and resolving names do so by themselves.
    #[must_use = "the clock goes on when this is dropped"]
    pub fn hold_clock(&self) -> ClockHeld {
        ClockHeld::new(&self.world)
    }

    /// Has a wait fail with [`TimedOut`](io::ErrorKind::TimedOut) if nothing is
    /// left that could happen and no other thread has woken the loop after so
    /// long, by the system's clock: then the test would hang. None, the
    /// default, waits without a limit.
    pub fn set_stall_limit(&self, limit: Option<Duration>) {
        self.world.set_stall_limit(limit);
    }

    /// What connections are like that begin from now on, unless
    /// [`set_link_to`](Self::set_link_to) says otherwise.
    pub fn set_link(&self, link: Link) {
        self.world.network.set_link(link);
    }

    /// What connections to an address are like that begin from now on.
    pub fn set_link_to(&self, address: impl Into<Address>, link: Link) {
        self.world.network.set_link_to(address.into(), link);
    }

    /// Gives a host name its addresses, in the order in which they are tried.
    pub fn add_host(&self, host: &str, addresses: impl IntoIterator<Item = IpAddr>) {
        let addresses = addresses.into_iter().collect();
        self.world.network.add_host(host, addresses);
    }

    /// Whether attempts to connect to an address get an answer. Without one they
    /// end with [`TimedOut`](io::ErrorKind::TimedOut) after 127 seconds.
    pub fn set_reachable(&self, ip: IpAddr, reachable: bool) {
        self.world.network.set_reachable(ip, reachable);
    }

    /// The connections that have not ended, in the order in which they began.
    #[must_use]
    pub fn connections(&self) -> Vec<SimConnection> {
        self.world.network.connections()
    }

    /// Connects to a server, without protocol and transport.
    ///
    /// # Errors
    ///
    /// Those of connect(2), such as
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused).
    pub async fn connect(&self, address: impl Into<Address>) -> io::Result<Peer> {
        let network = SimNetwork::new(&self.world, &self.unwatched);
        network.attempt(&address.into(), None).await.map(Peer::new)
    }

    /// Listens on an address, for a client of which the test is the server.
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse).
    pub fn listen(&self, address: impl Into<Address>) -> io::Result<PeerListener> {
        let network = SimNetwork::new(&self.world, &self.unwatched);
        let listener = network.listener(&address.into())?;
        listener.listen(u32::MAX)?;
        Ok(PeerListener::new(listener))
    }

    /// Listens on any free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if none is left.
    pub fn listen_anywhere(&self) -> io::Result<PeerListener> {
        self.listen(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("elapsed", &self.elapsed())
            .finish_non_exhaustive()
    }
}

/// The clock of a simulation stands still for as long as this lives.
pub struct ClockHeld(Rc<World>);

impl ClockHeld {
    pub(crate) fn new(world: &Rc<World>) -> Self {
        world.hold();
        Self(Rc::clone(world))
    }
}

impl Drop for ClockHeld {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl fmt::Debug for ClockHeld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClockHeld").finish_non_exhaustive()
    }
}
