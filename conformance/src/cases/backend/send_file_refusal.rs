//! B10: what cannot be sent, and what has failed.

use std::io::{self, ErrorKind, Write};

use loopline_core::backend::{Key, Sent};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::{Driver, Stretch};
use crate::harness::sockets::{self, Reader};
use crate::harness::{files, os};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B10,
        a_pipe_is_no_file,
        "Sending a pipe answers Unsupported and takes nothing out of it."
    )
    .needs(Need::SEND_FILE),
    case!(
        B10,
        a_file_that_cannot_be_read_is_an_error,
        "Sending a file that is open for writing only fails, with nothing sent."
    )
    .needs(Need::SEND_FILE),
    case!(
        B10,
        a_reset_connection_is_an_error_of_its_own,
        "To a connection that was reset, sending fails, and not with Unsupported."
    )
    .needs(Need::SEND_FILE),
    case!(
        B10,
        a_shut_connection_is_an_error_of_its_own,
        "To a connection that was shut for writing, sending fails, and not with Unsupported."
    )
    .needs(Need::SEND_FILE),
];

const KEY: Key = Key::new(7, 3);

fn a_pipe_is_no_file(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, theirs) = sockets::pair()?;
    let (mut pipe, mut writer) = os::pipe_as_file()?;
    writer.write_all(b"kept")?;
    let answer = driver.send(KEY, &ours, &pipe, Stretch::new(0, 4));
    assert_eq!(
        answer.map_err(|error| error.kind()),
        Err(ErrorKind::Unsupported)
    );
    drop(writer);
    assert_eq!(sockets::drain(&mut pipe)?, b"kept");
    ours.write_all(b"first")?;
    drop(ours);
    assert_eq!(Reader::of(theirs).bytes()?, b"first");
    Ok(())
}

fn a_file_that_cannot_be_read_is_an_error(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    let named = tempfile::NamedTempFile::new()?;
    let mut file = std::fs::File::options().write(true).open(named.path())?;
    file.write_all(b"unreadable")?;
    let answer = driver.send(KEY, &ours, &file, Stretch::new(0, 10));
    assert!(answer.is_err(), "{answer:?}");
    drop(ours);
    assert!(Reader::of(theirs).bytes()?.is_empty());
    Ok(())
}

fn a_reset_connection_is_an_error_of_its_own(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    sockets::reset(theirs)?;
    // The reset may not have arrived yet: until then bytes leave for nowhere.
    context.doing("sending until the reset shows");
    let error = sending_fails(&mut driver, &ours)?;
    assert_ne!(error.kind(), ErrorKind::Unsupported, "{error}");
    Ok(())
}

fn a_shut_connection_is_an_error_of_its_own(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::pair()?;
    ours.shutdown(std::net::Shutdown::Write)?;
    let error = sending_fails(&mut driver, &ours)?;
    assert_ne!(error.kind(), ErrorKind::Unsupported, "{error}");
    Ok(())
}

/// Sends the same bytes until that fails, and returns the failure.
fn sending_fails(driver: &mut Driver, socket: &std::net::TcpStream) -> io::Result<io::Error> {
    let file = files::file(&files::content(100))?;
    loop {
        match driver.send(KEY, socket, &file, Stretch::new(0, 100)) {
            Ok(Sent::Bytes(0)) => panic!("a lost connection is taken for the end of the file"),
            Ok(_) => {}
            Err(error) => return Ok(error),
        }
    }
}
