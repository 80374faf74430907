//! Subjects in processes of their own: this program again, which follows
//! orders.
//!
//! An order is a number of requests, as eight little-endian bytes on standard
//! input. The answer is what they took, on standard output; the first one comes
//! without an order, as soon as the subject stands.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::Fallible;
use crate::stage::{Stage, Taken};
use crate::subject::SubjectKind;
use crate::sys::openssl_heap;
use crate::workload::{Over, Workload};

/// The bytes of an answer.
const ANSWER: usize = 40;

impl Taken {
    fn to_bytes(self) -> [u8; ANSWER] {
        let numbers = [
            self.cpu.as_nanos() as u64,
            self.wall.as_nanos() as u64,
            self.allocations,
            self.heap.cast_unsigned(),
            self.resident.cast_unsigned(),
        ];
        let mut bytes = [0; ANSWER];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    fn from_bytes(bytes: [u8; ANSWER]) -> Self {
        let mut numbers = bytes.as_chunks().0.iter().map(|of| u64::from_le_bytes(*of));
        let mut next = || numbers.next().unwrap_or_default();
        Self {
            cpu: Duration::from_nanos(next()),
            wall: Duration::from_nanos(next()),
            allocations: next(),
            heap: next().cast_signed(),
            resident: next().cast_signed(),
        }
    }
}

/// The side of the subject: follows orders until they end.
pub(crate) fn follow(kind: SubjectKind, workload: Workload) -> Fallible<()> {
    let over = Over::Openssl;
    if workload == (Workload::Idle { over }) && !openssl_heap::count() {
        return Err("OpenSSL has allocated before its memory is counted".into());
    }
    let mut stage = Stage::set(kind, workload)?;
    let (mut orders, mut answers) = (io::stdin().lock(), io::stdout().lock());
    answers.write_all(&Taken::default().to_bytes())?;
    answers.flush()?;
    while let Some(requests) = read_order(&mut orders)? {
        let taken = stage.serve(requests)?;
        answers.write_all(&taken.to_bytes())?;
        answers.flush()?;
    }
    Ok(())
}

/// The next order; none at the end of them.
pub(crate) fn read_order(orders: &mut impl Read) -> io::Result<Option<u64>> {
    let mut order = [0; 8];
    match orders.read_exact(&mut order) {
        Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        other => other.map(|()| Some(u64::from_le_bytes(order))),
    }
}

/// The side of the runner: a subject that stands.
pub(crate) struct Contestant {
    kind: SubjectKind,
    workload: Workload,
    child: Child,
    orders: Option<ChildStdin>,
    answers: ChildStdout,
}

impl Contestant {
    pub(crate) fn start(kind: SubjectKind, workload: Workload) -> Fallible<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", &kind.to_string()])
            .args(workload.to_arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().ok_or("the subject has no output")?;
        let mut contestant = Self {
            kind,
            workload,
            child,
            orders,
            answers,
        };
        contestant.answer()?;
        Ok(contestant)
    }

    /// Has a number of requests served.
    pub(crate) fn serve(&mut self, requests: u64) -> Fallible<Taken> {
        let orders = self.orders.as_mut().ok_or("the subject has no input")?;
        orders.write_all(&requests.to_le_bytes())?;
        self.answer()
    }

    fn answer(&mut self) -> Fallible<Taken> {
        let mut bytes = [0; ANSWER];
        match self.answers.read_exact(&mut bytes) {
            Ok(()) => Ok(Taken::from_bytes(bytes)),
            Err(error) => {
                let (kind, workload) = (self.kind, self.workload);
                Err(format!("{kind} has failed at {workload}: {error}").into())
            }
        }
    }
}

impl Drop for Contestant {
    fn drop(&mut self) {
        // The end of its input is its end.
        self.orders = None;
        let _ = self.child.wait();
    }
}
