//! sendfile(2): one call, and what its answer means.
//!
//! FreeBSD and Darwin report a socket that is full, or a signal, as an error
//! *together with* the bytes that have left by then (line A71). What that means
//! is worked out here, for every system alike, and tested with scripted
//! answers.

use std::io;

use loopline_core::backend::{SendFile, Sent};
use rustix::io::Errno;

use crate::sys::{self, Answer};

/// The most that one call is asked for, in bytes, so that no system has to
/// reckon with more than 31 bits (line A32).
const MAX_PER_CALL: usize = 0x7fff_f000;

/// Sends what the socket takes now, at most `job.len` bytes.
///
/// sendfile(2) has no flag against `SIGPIPE`. Programs whose `main` is Rust's
/// ignore that signal; others have to do so themselves. On Darwin the call
/// reads the file as read(2) does, and may wait for a disk.
pub(crate) fn send_file(job: &SendFile<'_>) -> io::Result<Sent> {
    let asked = clamp(job.len.get());
    resume(asked, || {
        sys::sendfile(job.socket, job.file, job.offset, asked)
    })
}

fn clamp(len: u64) -> usize {
    usize::try_from(len).map_or(MAX_PER_CALL, |len| len.min(MAX_PER_CALL))
}

/// Calls until the answer is one for the engine.
fn resume(asked: usize, mut call: impl FnMut() -> Answer) -> io::Result<Sent> {
    loop {
        let Answer { ret, errno, sent } = call();
        match outcome(ret, errno, sent, asked as u64) {
            Outcome::Sent(sent) => return Ok(sent),
            Outcome::Again => {}
            Outcome::Failed(error) => return Err(error),
        }
    }
}

/// What one answer of sendfile(2) asks for.
#[derive(Debug)]
enum Outcome {
    Sent(Sent),
    /// A signal came before anything was sent.
    Again,
    Failed(io::Error),
}

/// What an answer means: what the call returned, its `errno`, and how many
/// bytes of those that were `asked` for it says that it has sent.
///
/// The count is meant where nothing failed, and with the three errors that
/// stand for a call that was cut short; with any other it may be what was
/// passed in (sendfile(2) of DragonFly BSD).
fn outcome(ret: i32, errno: Errno, sent: u64, asked: u64) -> Outcome {
    // Not more than was asked for, whatever the system says: the rest of the
    // file would be skipped.
    let sent = sent.min(asked);
    if ret == 0 {
        return Outcome::Sent(Sent::Bytes(sent));
    }
    let cut_short = [Errno::AGAIN, Errno::INTR, Errno::BUSY].contains(&errno);
    if cut_short && sent > 0 {
        // Darwin looks for room in the socket before it looks whether there
        // is anything left to send: this may be all of it.
        return Outcome::Sent(Sent::Bytes(sent));
    }
    match errno {
        Errno::AGAIN => Outcome::Sent(Sent::NotReady),
        Errno::INTR => Outcome::Again,
        // Darwin says so of a connection that is being torn down (line A63).
        Errno::PROTOTYPE => Outcome::Failed(io::Error::new(
            io::ErrorKind::BrokenPipe,
            format!("the connection is going down: {errno}"),
        )),
        _ if is_unsupported(errno) => Outcome::Failed(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("sendfile(2) cannot send this file to this socket: {errno}"),
        )),
        _ => Outcome::Failed(errno.into()),
    }
}

/// Whether an error speaks of this pair of descriptors, and not of the
/// connection or of the file's content (line A64): then nothing was sent and
/// nothing is broken. EBUSY is among them: the file would have to come from a
/// disk first.
fn is_unsupported(errno: Errno) -> bool {
    // Not a pattern: two of the names are one number on some systems.
    [
        Errno::INVAL,
        Errno::NOSYS,
        Errno::OPNOTSUPP,
        Errno::NOTSUP,
        Errno::NOTSOCK,
        Errno::OVERFLOW,
        Errno::SPIPE,
        Errno::BUSY,
    ]
    .contains(&errno)
}

#[cfg(test)]
mod tests;
