//! The heap of connections over TLS that only stand.

use super::idle::{OTHERS, descriptors};
use crate::client::Client;
use crate::ours::Idle;
use crate::workload::Effort;
use crate::{Fallible, bare, sys::heap};

/// How many connections the figure is taken from: each costs a handshake.
fn connections(effort: Effort) -> u64 {
    match effort {
        Effort::Full => 10_000,
        Effort::Quick => 1_000,
    }
}

pub(crate) struct TlsIdleHeap {
    /// How many connections there were.
    pub(crate) connections: u64,
    /// Bytes for each of loopline's, as for one without TLS.
    pub(crate) ours: u64,
    /// Bytes for each that the library alone takes.
    pub(crate) library: u64,
    /// What of ours is the user's protocol.
    pub(crate) protocol: u64,
}

pub(crate) fn tls_idle_heap(effort: Effort) -> Fallible<TlsIdleHeap> {
    let connections = connections(effort).min(descriptors()?.saturating_sub(OTHERS));
    Ok(TlsIdleHeap {
        connections,
        ours: ours(connections)? / connections,
        library: library(connections)? / connections,
        protocol: Idle::PROTOCOL_BYTES as u64,
    })
}

/// A connection comes and goes first: what is made once is no connection's.
const FIRST: u64 = 1;

fn ours(connections: u64) -> Fallible<u64> {
    let server = Idle::over_tls()?;
    let first = Client::start_tls_idle(server.address(), FIRST as usize)?;
    server.accept(FIRST as usize)?;
    let before = heap::live_bytes();
    let client = Client::start_tls_idle(server.address(), connections as usize)?;
    let started = heap::live_bytes() - before;
    server.accept(connections as usize)?;
    let taken = heap::live_bytes() - before - started;
    drop((client, first));
    Ok(taken)
}

fn library(connections: u64) -> Fallible<u64> {
    let mut server = bare::TlsIdle::new()?;
    let first = Client::start_tls_idle(server.address(), FIRST as usize)?;
    let one = server.accept(FIRST as usize)?;
    let before = heap::live_bytes();
    let client = Client::start_tls_idle(server.address(), connections as usize)?;
    let started = heap::live_bytes() - before;
    let standing = server.accept(connections as usize)?;
    let taken = heap::live_bytes() - before - started;
    drop((standing, one, client, first));
    Ok(taken)
}
