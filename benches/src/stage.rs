//! One subject with its client, in this process.

use std::time::{Duration, Instant};

use rustix::param::page_size;

use crate::Fallible;
use crate::client::Client;
use crate::clock::cpu_time;
use crate::subject::{Subject, SubjectKind};
use crate::sys::heap;
use crate::workload::Workload;

/// One subject with its client, connected.
pub(crate) struct Stage {
    subject: Box<dyn Subject>,
    client: Option<Client>,
}

/// What a number of requests took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// CPU time of the process, user and kernel.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// Allocations of the subject's thread.
    pub(crate) allocations: u64,
    /// Bytes of heap that were taken and not given back.
    pub(crate) heap: i64,
    /// Bytes of memory that the process has more than before.
    pub(crate) resident: i64,
}

impl Stage {
    pub(crate) fn set(kind: SubjectKind, workload: Workload) -> Fallible<Self> {
        let mut subject = kind.make(workload)?;
        let client = match subject.address() {
            Some(address) => Some(Client::start(address, workload)?),
            None => None,
        };
        subject.accept(workload.connections())?;
        Ok(Self { subject, client })
    }

    /// Has a number of requests made and answered; says what the answers took.
    pub(crate) fn serve(&mut self, requests: u64) -> Fallible<Taken> {
        let before = Mark::before()?;
        self.answer(requests)?;
        let taken = before.until(Mark::after()?);
        // What the client still has in its socket is drained before anyone's
        // next turn.
        if let Some(client) = &mut self.client {
            client.done()?;
        }
        Ok(taken)
    }

    /// The same without a clock: rustix finds the kernel's through a page that
    /// valgrind hides.
    pub(crate) fn answer(&mut self, requests: u64) -> Fallible<()> {
        if let Some(client) = &mut self.client {
            client.order(requests)?;
        }
        self.subject.serve(requests)
    }
}

/// Where every clock and counter stands.
struct Mark {
    cpu: Duration,
    wall: Instant,
    allocations: u64,
    heap: u64,
    resident: u64,
}

impl Mark {
    /// The clocks last, so that looking at the rest costs nothing.
    fn before() -> Fallible<Self> {
        let resident = resident()?;
        Ok(Self {
            resident,
            allocations: heap::allocations(),
            heap: heap::live_bytes(),
            wall: Instant::now(),
            cpu: cpu_time(),
        })
    }

    /// The clocks first.
    fn after() -> Fallible<Self> {
        Ok(Self {
            cpu: cpu_time(),
            wall: Instant::now(),
            allocations: heap::allocations(),
            heap: heap::live_bytes(),
            resident: resident()?,
        })
    }

    fn until(self, later: Self) -> Taken {
        Taken {
            cpu: later.cpu - self.cpu,
            wall: later.wall - self.wall,
            allocations: later.allocations - self.allocations,
            heap: later.heap.wrapping_sub(self.heap).cast_signed(),
            resident: later.resident.wrapping_sub(self.resident).cast_signed(),
        }
    }
}

/// The second number of `/proc/self/statm`, see proc(5), in bytes.
fn resident() -> Fallible<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = match statm.split(' ').nth(1) {
        Some(pages) => pages.parse()?,
        None => return Err("/proc/self/statm has no second number".into()),
    };
    Ok(pages * page_size() as u64)
}
