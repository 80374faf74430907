//! sendfile(2): one call, and what its answer means.

use std::io;

use loopline_core::backend::{SendFile, Sent};
use rustix::io::Errno;

/// The most that one call moves, in bytes: `MAX_RW_COUNT` of the kernel, see
/// the notes of sendfile(2). A larger count is cut there anyway (line A32).
const MAX_PER_CALL: usize = 0x7fff_f000;

/// Sends what the socket takes now, at most `job.len` bytes.
///
/// sendfile(2) has no flag against `SIGPIPE`. Programs whose `main` is Rust's
/// ignore that signal; others have to do so themselves.
pub(crate) fn send_file(job: &SendFile<'_>) -> io::Result<Sent> {
    let count = clamp(job.len.get());
    loop {
        // Given an offset, the kernel leaves the file position alone (B10).
        let mut offset = job.offset;
        let answer = rustix::fs::sendfile(job.socket, job.file.fd(), Some(&mut offset), count);
        match outcome(answer) {
            Outcome::Sent(sent) => return Ok(sent),
            Outcome::Again => {}
            Outcome::Failed(error) => return Err(error),
        }
    }
}

fn clamp(len: u64) -> usize {
    usize::try_from(len).map_or(MAX_PER_CALL, |len| len.min(MAX_PER_CALL))
}

/// What one answer of sendfile(2) asks for.
enum Outcome {
    Sent(Sent),
    /// A signal came before anything was sent.
    Again,
    Failed(io::Error),
}

#[inline]
fn outcome(answer: Result<usize, Errno>) -> Outcome {
    match answer {
        Ok(sent) => Outcome::Sent(Sent::Bytes(sent as u64)),
        Err(error) => nothing_sent(error),
    }
}

#[cold]
fn nothing_sent(error: Errno) -> Outcome {
    match error {
        Errno::AGAIN => Outcome::Sent(Sent::NotReady),
        Errno::INTR => Outcome::Again,
        error if is_unsupported(error) => Outcome::Failed(io::Error::new(
            io::ErrorKind::Unsupported,
            format!("sendfile(2) cannot send this file to this socket: {error}"),
        )),
        error => Outcome::Failed(error.into()),
    }
}

/// Whether an error speaks of this pair of descriptors, and not of the
/// connection or of the file's content (line A64): then nothing was sent and
/// nothing is broken.
fn is_unsupported(error: Errno) -> bool {
    matches!(
        error,
        Errno::INVAL
            | Errno::NOSYS
            | Errno::OPNOTSUPP
            | Errno::NOTSOCK
            | Errno::OVERFLOW
            | Errno::SPIPE
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(error: Errno) -> io::Error {
        match outcome(Err(error)) {
            Outcome::Failed(error) => error,
            Outcome::Sent(sent) => panic!("{error} counts as {sent:?}"),
            Outcome::Again => panic!("{error} is tried again"),
        }
    }

    #[test]
    fn what_left_is_counted() {
        for count in [0, 1, MAX_PER_CALL] {
            let Outcome::Sent(Sent::Bytes(sent)) = outcome(Ok(count)) else {
                panic!("{count} bytes are not counted");
            };
            assert_eq!(sent, count as u64);
        }
    }

    #[test]
    fn a_full_socket_is_not_ready_and_a_signal_is_nothing() {
        assert!(matches!(
            outcome(Err(Errno::AGAIN)),
            Outcome::Sent(Sent::NotReady)
        ));
        assert!(matches!(outcome(Err(Errno::INTR)), Outcome::Again));
    }

    #[test]
    fn what_the_pair_cannot_do_is_unsupported() {
        for error in [
            Errno::INVAL,
            Errno::NOSYS,
            Errno::OPNOTSUPP,
            Errno::NOTSOCK,
            Errno::OVERFLOW,
            Errno::SPIPE,
        ] {
            assert_eq!(failure(error).kind(), io::ErrorKind::Unsupported, "{error}");
        }
    }

    #[test]
    fn every_other_error_keeps_its_number() {
        for error in [
            Errno::PIPE,
            Errno::CONNRESET,
            Errno::NOTCONN,
            Errno::TIMEDOUT,
            Errno::BADF,
            Errno::IO,
            Errno::NOMEM,
        ] {
            assert_eq!(failure(error).raw_os_error(), Some(error.raw_os_error()));
        }
    }

    #[test]
    fn a_call_asks_for_no_more_than_the_kernel_moves() {
        assert_eq!(clamp(1), 1);
        assert_eq!(clamp(0x7fff_f000), 0x7fff_f000);
        assert_eq!(clamp(0x7fff_f001), 0x7fff_f000);
        assert_eq!(clamp(u64::MAX), 0x7fff_f000);
    }
}
