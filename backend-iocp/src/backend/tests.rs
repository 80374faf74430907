//! What a wait costs, in system calls.

use std::io;
use std::net::UdpSocket;

use loopline_core::backend::{AsSource, Event};

use super::*;

const WATCHED: u32 = 10_000;
/// One socket in so many is active.
const STEP: u32 = 10;

fn sockets(count: u32) -> io::Result<Vec<UdpSocket>> {
    let socket = || UdpSocket::bind(("127.0.0.1", 0));
    (0..count).map(|_| socket()).collect()
}

/// The slots of what is ready.
fn ready(events: &mut Events) -> Vec<u32> {
    let mut ready = Vec::new();
    while let Some(event) = events.pop() {
        match event {
            Event::Ready { key, .. } => ready.push(key.slot()),
            other => panic!("{other:?}"),
        }
    }
    ready
}

#[test]
fn an_idle_socket_costs_no_system_call() -> io::Result<()> {
    let mut backend = IocpBackend::new()?;
    let mut events = Events::default();
    let sockets = sockets(WATCHED)?;
    for (slot, socket) in (0..).zip(&sockets) {
        backend.watch(socket.as_source(), Key::new(slot, 0), Interest::READ)?;
    }
    let sender = UdpSocket::bind(("127.0.0.1", 0))?;
    for socket in sockets.iter().step_by(STEP as usize) {
        sender.send_to(b"x", socket.local_addr()?)?;
    }
    // Nobody reads, so that what is active stays so, and is reported again and
    // again; however much of it a wait happens to find.
    let mut reported = vec![0; WATCHED as usize];
    let (mut active, mut before) = (0, sys::made());
    while reported
        .iter()
        .step_by(STEP as usize)
        .any(|times| *times < 3)
    {
        backend.wait(None, &mut events)?;
        let made = sys::made();
        assert_eq!(
            made - before,
            active + 1,
            "a wait, and a poll of each that was reported"
        );
        before = made;
        let ready = ready(&mut events);
        assert!(!ready.is_empty());
        active = ready.len() as u64;
        for slot in ready {
            assert_eq!(slot % STEP, 0, "an idle socket was reported");
            reported[slot as usize] += 1;
        }
    }
    Ok(())
}
