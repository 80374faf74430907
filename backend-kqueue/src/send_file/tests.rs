//! Answers as the systems give them, and bytes that must arrive once.

use std::cell::{Cell, RefCell};

use proptest::prelude::*;

use super::*;

const ASKED: u64 = 1000;

fn failure(errno: Errno, sent: u64) -> io::Error {
    match outcome(-1, errno, sent, ASKED) {
        Outcome::Failed(error) => error,
        other => panic!("{errno} with {sent} bytes is {other:?}"),
    }
}

fn bytes(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Outcome::Sent(Sent::Bytes(count)) => Some(*count),
        _ => None,
    }
}

#[test]
fn a_success_counts_whatever_errno_holds() {
    for errno in [Errno::AGAIN, Errno::INTR, Errno::PIPE, Errno::INVAL] {
        for sent in [0, 1, ASKED] {
            assert_eq!(bytes(&outcome(0, errno, sent, ASKED)), Some(sent));
        }
    }
}

#[test]
fn what_left_before_a_call_was_cut_short_counts() {
    for errno in [Errno::AGAIN, Errno::INTR, Errno::BUSY] {
        for sent in [1, ASKED - 1, ASKED] {
            let outcome = outcome(-1, errno, sent, ASKED);
            assert_eq!(bytes(&outcome), Some(sent), "{errno}");
        }
    }
}

#[test]
fn a_call_that_was_cut_short_at_once_says_why() {
    let again = outcome(-1, Errno::AGAIN, 0, ASKED);
    assert!(matches!(again, Outcome::Sent(Sent::NotReady)), "{again:?}");
    let interrupted = outcome(-1, Errno::INTR, 0, ASKED);
    assert!(matches!(interrupted, Outcome::Again), "{interrupted:?}");
    let error = failure(Errno::BUSY, 0);
    assert_eq!(error.kind(), io::ErrorKind::Unsupported);
}

#[test]
fn the_count_of_a_failure_is_not_believed() {
    for sent in [0, 1, ASKED] {
        for errno in [
            Errno::INVAL,
            Errno::NOSYS,
            Errno::OPNOTSUPP,
            Errno::NOTSUP,
            Errno::NOTSOCK,
            Errno::OVERFLOW,
            Errno::SPIPE,
        ] {
            let kind = failure(errno, sent).kind();
            assert_eq!(kind, io::ErrorKind::Unsupported, "{errno}");
        }
        for errno in [
            Errno::PIPE,
            Errno::CONNRESET,
            Errno::NOTCONN,
            Errno::TIMEDOUT,
            Errno::BADF,
            Errno::IO,
            Errno::NOMEM,
            Errno::NOBUFS,
        ] {
            let number = failure(errno, sent).raw_os_error();
            assert_eq!(number, Some(errno.raw_os_error()));
        }
        let kind = failure(Errno::PROTOTYPE, sent).kind();
        assert_eq!(kind, io::ErrorKind::BrokenPipe);
    }
}

#[test]
fn no_more_counts_than_was_asked_for() {
    for (ret, errno) in [(0, Errno::IO), (-1, Errno::AGAIN)] {
        let outcome = outcome(ret, errno, u64::MAX, ASKED);
        assert_eq!(bytes(&outcome), Some(ASKED));
    }
}

#[test]
fn a_call_asks_for_no_more_than_31_bits_and_for_something() {
    assert_eq!(clamp(1), 1);
    assert_eq!(clamp(0x7fff_f000), 0x7fff_f000);
    assert_eq!(clamp(0x7fff_f001), 0x7fff_f000);
    assert_eq!(clamp(u64::MAX), 0x7fff_f000);
}

/// What a system does when it is called once.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The socket has room for so many bytes. Darwin looks for more room
    /// before it looks whether there is more to send.
    Room { bytes: u64, looks_first: bool },
    /// Linux: it sends a part, and that is a success.
    Part(u64),
    /// A signal comes after so many bytes.
    Signal(u64),
    /// What comes after so many bytes is not in memory.
    Disk(u64),
    /// Somebody cuts the file to so many bytes, and there is room for all.
    Truncated(u64),
    /// The call fails at once, and leaves such a count behind.
    Failure { errno: Errno, stale: u64 },
}

/// A system that keeps to a script, and to no limit afterwards.
struct System<'a> {
    file: RefCell<&'a [u8]>,
    script: RefCell<std::slice::Iter<'a, Turn>>,
    /// What has arrived at the other end.
    arrived: RefCell<Vec<u8>>,
    calls: Cell<usize>,
}

impl System<'_> {
    fn call(&self, offset: u64, asked: u64) -> Answer {
        self.calls.set(self.calls.get() + 1);
        let unlimited = Turn::Truncated(u64::MAX);
        let turn = *self.script.borrow_mut().next().unwrap_or(&unlimited);
        if let Turn::Truncated(size) = turn {
            let file = *self.file.borrow();
            *self.file.borrow_mut() = &file[..file.len().min(clamp(size.max(1)))];
        }
        let left = (self.file.borrow().len() as u64).saturating_sub(offset);
        let most = asked.min(left);
        let success = |sent| Answer {
            ret: 0,
            // What an earlier call has left there.
            errno: Errno::AGAIN,
            sent,
        };
        let cut_short = |errno, sent| Answer {
            ret: -1,
            errno,
            sent,
        };
        match turn {
            Turn::Truncated(_) => success(self.send(offset, most)),
            Turn::Room { bytes, looks_first } if bytes < most || (looks_first && bytes == most) => {
                cut_short(Errno::AGAIN, self.send(offset, bytes))
            }
            Turn::Room { .. } => success(self.send(offset, most)),
            Turn::Part(bytes) => success(self.send(offset, bytes.max(1).min(most))),
            Turn::Signal(bytes) => cut_short(Errno::INTR, self.send(offset, bytes.min(most))),
            Turn::Disk(bytes) => cut_short(Errno::BUSY, self.send(offset, bytes.min(most))),
            Turn::Failure { errno, stale } => cut_short(errno, stale),
        }
    }

    fn send(&self, offset: u64, count: u64) -> u64 {
        if count > 0 {
            let (from, to) = (offset as usize, (offset + count) as usize);
            let bytes = &self.file.borrow()[from..to];
            self.arrived.borrow_mut().extend_from_slice(bytes);
        }
        count
    }
}

/// How a transfer ended.
#[derive(Debug, PartialEq)]
enum End {
    /// All was sent, or the file ended.
    Over,
    /// The engine would read and write from here on.
    Unsupported,
    Failed(Option<i32>),
}

/// Sends as the engine does: from answer to answer, each from where the one
/// before has got to.
fn transfer(system: &System<'_>, mut offset: u64, count: u64, stretch: u64) -> (u64, End) {
    let mut sent = 0;
    while sent < count {
        let asked = clamp(stretch.min(count - sent));
        match resume(asked, || system.call(offset, asked as u64)) {
            Ok(Sent::Bytes(0)) => break,
            Ok(Sent::Bytes(bytes)) => {
                sent += bytes;
                offset += bytes;
            }
            // The script decides when there is room.
            Ok(Sent::NotReady) => {}
            Ok(Sent::InFlight) => panic!("nothing completes here"),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                return (sent, End::Unsupported);
            }
            Err(error) => return (sent, End::Failed(error.raw_os_error())),
        }
    }
    (sent, End::Over)
}

fn turn() -> impl Strategy<Value = Turn> {
    let errno = prop::sample::select(vec![
        Errno::PIPE,
        Errno::NOTCONN,
        Errno::CONNRESET,
        Errno::OPNOTSUPP,
        Errno::INVAL,
        Errno::IO,
    ]);
    prop_oneof![
        6 => (0..400_u64, any::<bool>())
            .prop_map(|(bytes, looks_first)| Turn::Room { bytes, looks_first }),
        3 => (1..400_u64).prop_map(Turn::Part),
        3 => (0..400_u64).prop_map(Turn::Signal),
        2 => (0..400_u64).prop_map(Turn::Disk),
        1 => (1..3000_u64).prop_map(Turn::Truncated),
        1 => (errno, 0..400_u64).prop_map(|(errno, stale)| Turn::Failure { errno, stale }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    #[test]
    fn no_byte_is_lost_or_sent_twice(
        script in prop::collection::vec(turn(), 0..40),
        size in 1..3000_usize,
        offset in 0..3000_u64,
        count in 1..4000_u64,
        stretch in 1..1000_u64,
    ) {
        let file: Vec<u8> = (0..size).map(|at| (at * 31 + at / 256) as u8).collect();
        let system = System {
            file: RefCell::new(&file),
            script: RefCell::new(script.iter()),
            arrived: RefCell::default(),
            calls: Cell::new(0),
        };
        let (sent, end) = transfer(&system, offset, count, stretch);

        let arrived = system.arrived.take();
        prop_assert_eq!(arrived.len() as u64, sent, "other than what was counted");
        let from = file.len().min(offset as usize);
        let content = &file[from..from + arrived.len()];
        prop_assert_eq!(&arrived, content, "other bytes than the file's");
        prop_assert!(sent <= count);
        // It ends before the whole range only where the file ends or a call
        // has failed for good.
        let left = (system.file.borrow().len() as u64).saturating_sub(offset);
        match end {
            End::Over => prop_assert!(sent >= count.min(left)),
            End::Unsupported | End::Failed(_) => {
                let called = system.calls.get();
                let last = script[called - 1];
                prop_assert!(
                    matches!(last, Turn::Failure { .. } | Turn::Disk(_)),
                    "{:?} ended as {:?}", last, end
                );
            }
        }
    }
}
