//! The heap of connections that only stand.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::client::Client;
use crate::ours::Idle;
use crate::{Fallible, sys::heap};

/// How many connections the figure is taken from.
const CONNECTIONS: u64 = 10_000;

/// Descriptors of this process that are no connections, generously.
pub(super) const OTHERS: u64 = 200;

pub(crate) struct IdleHeap {
    /// How many connections there were: fewer where the system allows no more
    /// descriptors.
    pub(crate) connections: u64,
    /// Bytes for each, tables of the loop and the user's protocol included.
    pub(crate) bytes: u64,
    /// What of it is the user's protocol.
    pub(crate) protocol: u64,
}

pub(crate) fn idle_heap() -> Fallible<IdleHeap> {
    let connections = CONNECTIONS.min(descriptors()?.saturating_sub(OTHERS));
    let server = Idle::new()?;
    let before = heap::live_bytes();
    let client = Client::start_idle(server.address(), connections as usize)?;
    let started = heap::live_bytes() - before;
    server.accept(connections as usize)?;
    let taken = heap::live_bytes() - before - started;
    drop(client);
    Ok(IdleHeap {
        connections,
        bytes: taken / connections,
        protocol: Idle::PROTOCOL_BYTES as u64,
    })
}

/// How many descriptors this process and its children may have, after having
/// raised the limit as far as it goes.
pub(super) fn descriptors() -> Fallible<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    Ok(maximum.unwrap_or(u64::MAX))
}
