//! The loops that are measured, side by side.

use std::cell::Cell;
use std::error::Error;
use std::net::UdpSocket;
use std::rc::Rc;
use std::time::{Duration, Instant};

use loopline_backend_iocp::IocpBackend;
use loopline_core::{EventLoop, EventLoopExt, Loop};

use crate::sys;

/// How many sockets each loop watches.
const WATCHED: [usize; 2] = [1_000, 10_000];

/// How many of them are active.
const ACTIVE: [usize; 2] = [1, 1_000];

/// How long one loop runs before the next one has its turn.
const STINT: Duration = Duration::from_millis(100);

/// A loop that watches sockets.
struct Watching {
    event_loop: Loop,
    sockets: Vec<UdpSocket>,
    active: usize,
    /// How many callbacks are left until the loop stops.
    left: Rc<Cell<usize>>,
    /// What the loop has on the heap for each socket, in bytes.
    heap: f64,
}

impl Watching {
    fn new(watched: usize) -> Result<Self, Box<dyn Error>> {
        let event_loop = Loop::with_backend(Box::new(IocpBackend::new()?));
        let sockets = (0..watched).map(|_| UdpSocket::bind(("127.0.0.1", 0)));
        let sockets: Vec<_> = sockets.collect::<Result<_, _>>()?;
        let left = Rc::new(Cell::new(0_usize));
        let before = sys::live_bytes();
        for socket in &sockets {
            let (left, handle) = (Rc::clone(&left), event_loop.handle());
            event_loop.add_reader(socket, move || {
                left.set(left.get().saturating_sub(1));
                if left.get() == 0 {
                    handle.stop();
                }
            })?;
        }
        let heap = sys::live_bytes().wrapping_sub(before) as f64 / watched as f64;
        Ok(Self {
            event_loop,
            sockets,
            active: 0,
            left,
            heap,
        })
    }

    /// Makes more sockets ready, and lets the loop see it.
    fn activate(&mut self, active: usize) -> Result<(), Box<dyn Error>> {
        let sender = UdpSocket::bind(("127.0.0.1", 0))?;
        for socket in &self.sockets[self.active..active] {
            sender.send_to(b"x", socket.local_addr()?)?;
        }
        self.active = active;
        self.run(3)?;
        Ok(())
    }

    /// Runs for so many turns.
    fn run(&self, turns: usize) -> Result<Duration, Box<dyn Error>> {
        self.left.set(turns * self.active);
        let begun = Instant::now();
        self.event_loop.run_forever()?;
        Ok(begun.elapsed())
    }

    /// Runs for a while. Returns how long a turn takes, in microseconds.
    fn turn(&self) -> Result<f64, Box<dyn Error>> {
        const AT_ONCE: usize = 4;
        let (mut turns, mut time) = (0, Duration::ZERO);
        while time < STINT {
            time += self.run(AT_ONCE)?;
            turns += AT_ONCE;
        }
        Ok(time.as_secs_f64() * 1e6 / turns as f64)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` says so; `cargo test` only wants to know that it works.
    let in_earnest = std::env::args().any(|argument| argument == "--bench");
    let rounds = if in_earnest { 15 } else { 1 };
    let mut loops = Vec::new();
    for watched in WATCHED {
        loops.push(Watching::new(watched)?);
    }
    println!("Median of {rounds} rounds; a turn reports every active socket once.");
    println!(
        "| active | watched | a turn | beside {} watched |",
        WATCHED[0]
    );
    println!("|---:|---:|---:|---:|");
    for active in ACTIVE {
        for watching in &mut loops {
            watching.activate(active)?;
        }
        let mut turns = WATCHED.map(|_| Vec::new());
        for _ in 0..rounds {
            for (watching, turns) in loops.iter().zip(&mut turns) {
                turns.push(watching.turn()?);
            }
        }
        for (watched, figures) in WATCHED.into_iter().zip(&turns) {
            let ratios = figures.iter().zip(&turns[0]).map(|(ours, few)| ours / few);
            let (ratio, turn) = (median(ratios.collect()), median(figures.clone()));
            println!("| {active} | {watched} | {turn:.1} us | {ratio:.3} |");
        }
    }
    println!();
    for watching in &loops {
        let (heap, watched) = (watching.heap, watching.sockets.len());
        println!("{heap:.0} bytes of heap for each of {watched} watched sockets");
    }
    Ok(())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures[figures.len() / 2]
}
