mod files;
mod refusals;
mod sockets;
#[allow(
    unsafe_code,
    reason = "what calls the system; each block says why it may"
)]
mod sys;
mod watches;

use std::io;
use std::net::UdpSocket;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Trial};
use loopline_backend_iocp::IocpBackend;
use loopline_core::backend::{Backend, Event, Events, Key};

/// How long what has to happen may take.
const LONG: Duration = Duration::from_secs(20);

const KEY: Key = Key::new(7, 3);

/// A name, and what does the work.
type Test = (&'static str, fn());

pub(crate) fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    let tests = [files::TESTS, refusals::TESTS, watches::TESTS].concat();
    let trial = |(name, work): Test| {
        Trial::test(name, move || {
            work();
            Ok(())
        })
    };
    libtest_mimic::run(&arguments, tests.into_iter().map(trial).collect()).exit_code()
}

/// Checks that work leaves as many handles as there were. The first time may
/// make what a process has once, such as what Winsock needs.
fn leaves_no_handle<T>(work: impl Fn() -> io::Result<T>) {
    let counted = || {
        drop(work().expect("the work"));
        sys::handles().expect("a list of handles").len()
    };
    let before = counted();
    let another = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
    let with_another = sys::handles().expect("a list of handles").len();
    assert_eq!(with_another, before + 1, "the list is not complete");
    drop(another);
    for _ in 0..3 {
        assert_eq!(counted(), before);
    }
}
/// Waits for the end of a job.
fn until_done(backend: &mut IocpBackend, key: Key) -> io::Result<io::Result<u64>> {
    let begun = Instant::now();
    let mut events = Events::default();
    while begun.elapsed() < LONG {
        backend.wait(Some(LONG), &mut events)?;
        while let Some(event) = events.pop() {
            match event {
                Event::Done { key: of, result } if of == key => return Ok(result),
                _ => {}
            }
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}
