//! B1: readiness is reported for as long as it lasts.

use std::collections::BTreeSet;
use std::io::{Read, Write};

use loopline_core::backend::{Interest, Key, Readiness};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::{os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B1,
        readable_until_it_is_read,
        "Every wait reports a source with unread data."
    ),
    case!(
        B1,
        readable_while_anything_is_left,
        "Reading a part leaves a source readable."
    ),
    case!(
        B1,
        writable_on_every_wait,
        "Every wait reports a source with room for data."
    ),
    case!(
        B1,
        not_writable_while_it_is_full,
        "A source becomes writable once its peer has read."
    ),
    case!(
        B1,
        both_at_once,
        "Every wait reports both interests if the source is ready for both."
    ),
    case!(
        B1,
        an_idle_source_is_not_reported,
        "A source that is not ready is not reported."
    ),
    case!(
        B1,
        a_waiting_connection_is_readable,
        "A listener with a connection to accept is readable."
    ),
    case!(
        B1,
        a_connected_socket_is_writable,
        "A successful attempt to connect ends writable."
    ),
    case!(
        B1,
        a_pipe_is_watched_at_both_ends,
        "A pipe is watched like a socket."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        B1,
        none_of_thousands_starves,
        "Sources beyond what one wait takes get their turn, though none is read."
    )
    .isolated(),
];

const KEY: Key = Key::new(7, 3);
const BOTH: Interest = Interest::all();

fn readable_until_it_is_read(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    theirs.write_all(b"unread")?;
    driver.until_ready(KEY, Readiness::READ)?;
    for _ in 0..3 {
        assert_eq!(driver.poll()?.of(KEY), Readiness::READ);
    }
    assert_eq!(sockets::drain(&mut ours)?, b"unread");
    assert_eq!(driver.linger()?.of(KEY), Readiness::empty());
    Ok(())
}

fn readable_while_anything_is_left(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    theirs.write_all(b"abc")?;
    for expected in b"abc" {
        driver.until_ready(KEY, Readiness::READ)?;
        let mut byte = [0];
        ours.read_exact(&mut byte)?;
        assert_eq!(byte, [*expected]);
    }
    assert!(driver.linger()?.is_empty());
    Ok(())
}

fn writable_on_every_wait(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::WRITE)?;
    driver.until_ready(KEY, Readiness::WRITE)?;
    for _ in 0..3 {
        assert_eq!(driver.poll()?.of(KEY), Readiness::WRITE);
    }
    Ok(())
}

fn not_writable_while_it_is_full(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, mut theirs) = sockets::pair()?;
    sockets::fill(&mut ours)?;
    driver.watch(&ours, KEY, Interest::WRITE)?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::empty());
    theirs.set_nonblocking(true)?;
    context.doing("reading until the other end is writable");
    while driver.poll()?.of(KEY).is_empty() {
        sockets::drain(&mut theirs)?;
    }
    Ok(())
}

fn both_at_once(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    theirs.write_all(b"unread")?;
    sockets::await_readable(&ours)?;
    driver.watch(&ours, KEY, BOTH)?;
    driver.until_ready(KEY, Readiness::all())?;
    for _ in 0..3 {
        assert_eq!(driver.poll()?.of(KEY), Readiness::all());
    }
    Ok(())
}

fn an_idle_source_is_not_reported(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, mut theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    assert!(driver.linger()?.is_empty());
    theirs.write_all(b"now")?;
    driver.until_ready(KEY, Readiness::READ)?;
    Ok(())
}

fn a_waiting_connection_is_readable(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let listener = sockets::listener()?;
    driver.watch(&listener, KEY, Interest::READ)?;
    assert!(driver.linger()?.is_empty());
    let _client = sockets::connecting(listener.local_addr()?)?;
    driver.until_ready(KEY, Readiness::READ)?;
    let (_accepted, _) = listener.accept()?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::empty());
    Ok(())
}

fn a_connected_socket_is_writable(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let listener = sockets::listener()?;
    let client = sockets::connecting(listener.local_addr()?)?;
    driver.watch(&client, KEY, Interest::WRITE)?;
    driver.until_ready(KEY, Readiness::WRITE)?;
    assert!(client.take_error()?.is_none());
    assert_eq!(client.peer_addr()?, listener.local_addr()?);
    Ok(())
}

fn a_pipe_is_watched_at_both_ends(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut reader, mut writer) = os::pipe()?;
    let (reading, writing) = (Key::new(1, 0), Key::new(2, 0));
    driver.watch(&reader, reading, Interest::READ)?;
    driver.watch(&writer, writing, Interest::WRITE)?;
    let batch = driver.until_ready(writing, Readiness::WRITE)?;
    assert_eq!(batch.of(reading), Readiness::empty());
    sockets::fill(&mut writer)?;
    let batch = driver.until_ready(reading, Readiness::READ)?;
    assert_eq!(batch.of(writing), Readiness::empty());
    sockets::drain(&mut reader)?;
    driver.until_ready(writing, Readiness::WRITE)?;
    Ok(())
}

fn none_of_thousands_starves(context: &Context) -> Outcome {
    // More than any backend of ours takes at once.
    const COUNT: u32 = 2500;
    os::allow_descriptors(u64::from(COUNT) + 1000)?;
    let mut driver = Driver::new(context)?;
    let mut watched = Vec::new();
    let mut missing = BTreeSet::new();
    for slot in 0..COUNT {
        let socket = sockets::echo()?;
        let key = Key::new(slot, 0);
        driver.watch(&socket, key, Interest::READ)?;
        socket.send(&[1])?;
        sockets::await_datagram(&socket)?;
        watched.push(socket);
        missing.insert(key);
    }
    // Each wait that is fair brings one at least that has not been seen.
    for _ in 0..COUNT {
        context.doing(format!("waiting for {} of {COUNT} sources", missing.len()));
        let batch = driver.wait(None)?;
        missing.retain(|&key| batch.of(key).is_empty());
        if missing.is_empty() {
            return Ok(());
        }
    }
    panic!("{} of {COUNT} sources starve", missing.len());
}
