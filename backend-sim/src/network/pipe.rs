//! One direction of a connection.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::IoSlice;
use std::time::Duration;

use super::link::{Link, Reads};
use crate::world::World;

/// What becomes of a direction of a connection at some point of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Both ends meet [`ConnectionReset`](std::io::ErrorKind::ConnectionReset).
    Reset,
    /// The reader meets the end of the stream, as if something between the two
    /// had closed it; the writer does not notice.
    End,
    /// Nothing arrives any more, and nobody is told.
    Silence,
}

/// What is on its way.
pub(super) enum Cargo {
    Bytes(Vec<u8>),
    /// The sending half was ended.
    End,
    /// The connection is reset.
    Reset,
    /// Both ends are reset, from between them.
    Broken,
}

/// One direction of a connection: bytes on their way, and bytes that have
/// arrived.
#[derive(Default)]
pub(super) struct Pipe {
    /// In the order in which it arrives.
    flying: VecDeque<(Duration, Cargo)>,
    arrived: VecDeque<Vec<u8>>,
    /// How much of the first has been read.
    taken: usize,
    /// Bytes on their way or not read yet.
    held: usize,
    /// How many bytes were sent, and read, since the beginning.
    pub(super) sent: u64,
    pub(super) read: u64,
    /// Whether the sender has ended his half.
    pub(super) ended: bool,
    /// Whether the reader has met that.
    pub(super) at_end: bool,
    /// Until when the line is busy.
    busy_until: Duration,
    /// When the last cargo arrives.
    last: Duration,
    faults: BTreeMap<u64, Fault>,
    /// What has become of it: what is sent from here on is lost.
    lost_to: Option<Fault>,
    cuts: BTreeSet<u64>,
    /// Nothing arrives while the connection is held.
    pub(super) stopped: bool,
    /// Somebody will look at what has arrived when the next does.
    scheduled: bool,
}

impl Pipe {
    pub(super) fn room(&self, link: &Link) -> usize {
        link.capacity().saturating_sub(self.held)
    }

    pub(super) fn is_readable(&self) -> bool {
        !self.arrived.is_empty() || self.at_end
    }

    pub(super) fn has_unread(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// Has a fault meet the stream at an offset; at once if that is past.
    pub(super) fn add_fault(&mut self, world: &World, link: &Link, offset: u64, fault: Fault) {
        self.faults.insert(offset.max(self.sent), fault);
        self.put(world, link, Vec::new());
    }

    pub(super) fn add_cut(&mut self, offset: u64) {
        self.cuts.insert(offset);
    }

    /// Takes what there is room for. Returns how many bytes that was; what is
    /// on its way now has to be looked at when it arrives.
    pub(super) fn send(&mut self, world: &World, link: &Link, slices: &[IoSlice<'_>]) -> usize {
        let room = self.room(link);
        let mut bytes = Vec::new();
        for slice in slices {
            let left = room - bytes.len();
            bytes.extend_from_slice(&slice[..slice.len().min(left)]);
        }
        let count = bytes.len();
        self.put(world, link, bytes);
        count
    }

    /// Sends bytes up to the next fault, the fault, and so on.
    fn put(&mut self, world: &World, link: &Link, mut bytes: Vec<u8>) {
        while let Some(next) = self.faults.first_entry() {
            let most = usize::try_from(next.key() - self.sent).unwrap_or(usize::MAX);
            if bytes.len() < most {
                break;
            }
            let fault = next.remove();
            let rest = bytes.split_off(most);
            self.put_bytes(world, link, bytes);
            bytes = rest;
            match fault {
                Fault::Reset => self.put_cargo(world, link, Cargo::Broken),
                Fault::End => self.put_cargo(world, link, Cargo::End),
                Fault::Silence => {}
            }
            self.lost_to.get_or_insert(fault);
        }
        self.put_bytes(world, link, bytes);
    }

    fn put_bytes(&mut self, world: &World, link: &Link, bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        self.sent += bytes.len() as u64;
        self.busy_until = self
            .busy_until
            .max(world.elapsed())
            .saturating_add(link.duration_of(bytes.len()));
        // Nobody acknowledges what is lost in silence: it fills the buffer.
        if self.lost_to.is_none_or(|fault| fault == Fault::Silence) {
            self.held += bytes.len();
        }
        self.put_cargo(world, link, Cargo::Bytes(bytes));
    }

    pub(super) fn put_cargo(&mut self, world: &World, link: &Link, cargo: Cargo) {
        if self.lost_to.is_some() {
            return;
        }
        let latency = link.latency + random_up_to(world, link.jitter);
        let time = self
            .busy_until
            .max(world.elapsed())
            .saturating_add(latency)
            .max(self.last);
        self.last = time;
        self.flying.push_back((time, cargo));
    }

    /// When somebody has to look at what arrives next; none if that is known
    /// already.
    pub(super) fn schedule(&mut self) -> Option<Duration> {
        if self.stopped || self.scheduled {
            return None;
        }
        let (time, _) = self.flying.front()?;
        self.scheduled = true;
        Some(*time)
    }

    /// Somebody looks.
    pub(super) fn looked_at(&mut self) {
        self.scheduled = false;
    }

    /// Takes the next cargo that is there by now.
    pub(super) fn take_arrived(&mut self, now: Duration) -> Option<Cargo> {
        if self.stopped || self.flying.front()?.0 > now {
            return None;
        }
        self.flying.pop_front().map(|(_, cargo)| cargo)
    }

    /// Bytes have come to the reader.
    pub(super) fn arrive(&mut self, bytes: Vec<u8>) {
        self.arrived.push_back(bytes);
    }

    /// Bytes have come to where nobody reads.
    pub(super) fn discard(&mut self, count: usize) {
        self.held -= count;
    }

    /// Loses what is on its way.
    pub(super) fn clear(&mut self) {
        self.flying.clear();
    }

    /// Reads what has arrived, up to where this read has to end.
    pub(super) fn receive(&mut self, world: &World, link: &Link, into: &mut [u8]) -> usize {
        let mut most = into.len();
        match link.reads {
            Reads::Joined => {}
            Reads::AsSent => {
                let first = self.arrived.front().map_or(0, Vec::len);
                most = most.min(first - self.taken);
            }
            Reads::Of(limit) => most = most.min(limit.get()),
            Reads::Random(limit) => {
                most = most.min(world.with_rng(|rng| rng.usize(1..=limit.get())));
            }
        }
        if let Some(cut) = self.cuts.range(self.read + 1..).next() {
            most = most.min(usize::try_from(cut - self.read).unwrap_or(usize::MAX));
        }
        let count = self.copy(&mut into[..most]);
        self.read += count as u64;
        self.held -= count;
        count
    }

    fn copy(&mut self, into: &mut [u8]) -> usize {
        let mut count = 0;
        while let Some(first) = self.arrived.front().filter(|_| count < into.len()) {
            let piece = &first[self.taken..];
            let some = piece.len().min(into.len() - count);
            into[count..count + some].copy_from_slice(&piece[..some]);
            count += some;
            self.taken += some;
            if self.taken == first.len() {
                self.taken = 0;
                self.arrived.pop_front();
            }
        }
        count
    }
}

fn random_up_to(world: &World, most: Duration) -> Duration {
    let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
    if nanos == 0 {
        return Duration::ZERO;
    }
    Duration::from_nanos(world.with_rng(|rng| rng.u64(0..=nanos)))
}
