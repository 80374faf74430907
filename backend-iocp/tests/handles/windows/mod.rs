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
use std::os::windows::io::AsRawSocket;
use std::process::ExitCode;
use std::thread;
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

/// Checks that work leaves no handle. The first time may make what a process has
/// once, such as what Winsock needs; and a thread that has read a file for somebody
/// waits a while for more to do, with handles of its own.
fn leaves_no_handle<T>(work: impl Fn() -> io::Result<T>) {
    let run = || drop(work().expect("the work"));
    let handles = || sys::handles().expect("a list of handles");
    run();
    let another = UdpSocket::bind(("127.0.0.1", 0)).expect("a socket");
    let number = another.as_raw_socket() as usize;
    assert!(handles().contains(&number), "the list is not complete");
    drop(another);
    let before = handles().len();
    // More often than such a thread has handles.
    for _ in 0..4 {
        run();
    }
    let begun = Instant::now();
    while handles().len() > before {
        let now = handles().len();
        assert!(begun.elapsed() < LONG, "{now} handles, {before} before");
        thread::sleep(Duration::from_millis(10));
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
