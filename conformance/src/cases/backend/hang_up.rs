//! B2: what hang-ups and errors are reported as.

use std::io::{Read, Write};
use std::net::Shutdown;

use loopline_core::backend::{Interest, Key, Readiness};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::{os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B2,
        the_end_of_a_stream_is_readable,
        "The end of a stream is readable for as long as it is watched."
    ),
    case!(
        B2,
        the_end_does_not_hide_what_comes_before_it,
        "A stream that has ended is readable until it is drained, and then for its end."
    ),
    case!(
        B2,
        a_reset_ends_a_wait_to_read,
        "A connection that is reset is readable."
    ),
    case!(
        B2,
        a_reset_ends_a_wait_to_write,
        "A full connection that is reset is writable."
    ),
    case!(
        B2,
        a_reset_is_both_to_whoever_wants_both,
        "A reset is reported for every armed interest."
    ),
    case!(
        B2,
        a_refused_connection_is_writable,
        "A failed attempt to connect ends writable."
    ),
    case!(
        B2,
        both_directions_shut_is_readable,
        "A source that hangs up in both directions is readable."
    ),
    case!(
        B2,
        a_pipe_without_a_writer_is_readable,
        "The hang-up of a pipe that brings no data is readable."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        B2,
        a_full_pipe_without_a_reader_is_writable,
        "The error of a pipe that has no room is writable."
    )
    .needs(Need::ANY_DESCRIPTOR),
];

const KEY: Key = Key::new(7, 3);
const BOTH: Interest = Interest::all();

fn the_end_of_a_stream_is_readable(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    theirs.shutdown(Shutdown::Write)?;
    driver.until_ready(KEY, Readiness::READ)?;
    for _ in 0..3 {
        assert!(driver.poll()?.of(KEY).contains(Readiness::READ));
        assert_eq!(ours.peek(&mut [0])?, 0);
    }
    Ok(())
}

fn the_end_does_not_hide_what_comes_before_it(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, mut theirs) = sockets::pair()?;
    theirs.write_all(b"abc")?;
    theirs.shutdown(Shutdown::Write)?;
    driver.watch(&ours, KEY, Interest::READ)?;
    driver.until_ready(KEY, Readiness::READ)?;
    // Each byte, and then the end, which may still be on its way.
    for expected in [&b"a"[..], b"b", b"c"] {
        assert!(driver.poll()?.of(KEY).contains(Readiness::READ));
        let mut byte = [0];
        ours.read_exact(&mut byte)?;
        assert_eq!(byte, expected);
    }
    driver.until_ready(KEY, Readiness::READ)?;
    assert_eq!(ours.read(&mut [0])?, 0);
    assert!(driver.poll()?.of(KEY).contains(Readiness::READ));
    Ok(())
}

fn a_reset_ends_a_wait_to_read(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    sockets::reset(theirs)?;
    driver.until_ready(KEY, Readiness::READ)?;
    Ok(())
}

fn a_reset_ends_a_wait_to_write(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, theirs) = sockets::pair()?;
    sockets::fill(&mut ours)?;
    driver.watch(&ours, KEY, Interest::WRITE)?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::empty());
    sockets::reset(theirs)?;
    driver.until_ready(KEY, Readiness::WRITE)?;
    Ok(())
}

fn a_reset_is_both_to_whoever_wants_both(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, theirs) = sockets::pair()?;
    sockets::fill(&mut ours)?;
    driver.watch(&ours, KEY, BOTH)?;
    assert_eq!(driver.linger()?.of(KEY), Readiness::empty());
    sockets::reset(theirs)?;
    driver.until_ready(KEY, Readiness::all())?;
    Ok(())
}

fn a_refused_connection_is_writable(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let client = match sockets::connecting(sockets::deserted()?) {
        // Some systems refuse within the call: then nothing is left to report.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => return Ok(()),
        client => client?,
    };
    driver.watch(&client, KEY, Interest::WRITE)?;
    driver.until_ready(KEY, Readiness::WRITE)?;
    assert!(client.take_error()?.is_some(), "the attempt has not failed");
    Ok(())
}

fn both_directions_shut_is_readable(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    driver.watch(&ours, KEY, Interest::READ)?;
    theirs.shutdown(Shutdown::Both)?;
    ours.shutdown(Shutdown::Write)?;
    driver.until_ready(KEY, Readiness::READ)?;
    Ok(())
}

fn a_pipe_without_a_writer_is_readable(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (reader, writer) = os::pipe()?;
    driver.watch(&reader, KEY, Interest::READ)?;
    assert!(driver.linger()?.is_empty());
    drop(writer);
    driver.until_ready(KEY, Readiness::READ)?;
    Ok(())
}

fn a_full_pipe_without_a_reader_is_writable(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (reader, mut writer) = os::pipe()?;
    sockets::fill(&mut writer)?;
    driver.watch(&writer, KEY, Interest::WRITE)?;
    assert!(driver.linger()?.is_empty());
    drop(reader);
    driver.until_ready(KEY, Readiness::WRITE)?;
    Ok(())
}
