//! Hashing in a second thread, so that the loop's thread only moves bytes.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::clock;
use crate::source::Sum;

/// How large a buffer is, in bytes: as much as the loop reads at once.
const BUFFER: usize = 256 * 1024;
/// How many buffers there are: so far may hashing lag behind.
const BUFFERS: usize = 16;

enum Work {
    /// So many bytes at the beginning of a buffer.
    Bytes(Vec<u8>, usize),
    /// The end of what is hashed into one sum.
    End,
}

/// A sum, and what it has cost.
pub(crate) struct Hashed {
    pub(crate) sum: Sum,
    pub(crate) cpu: Option<Duration>,
}

/// The near end of the hashing thread, which ends when this is dropped.
pub(crate) struct Hasher {
    work: Sender<Work>,
    empty: Receiver<Vec<u8>>,
    hashed: Receiver<Hashed>,
    waker: Slot,
}

impl Hasher {
    pub(crate) fn start() -> Self {
        let (work, todo) = mpsc::channel();
        let (give_back, empty) = mpsc::channel();
        let (tell, hashed) = mpsc::channel();
        let waker = Slot::default();
        for _ in 0..BUFFERS {
            // The receiver is the line before.
            let _ = give_back.send(vec![0; BUFFER]);
        }
        let to_wake = waker.clone();
        thread::spawn(move || {
            // Ends as soon as nobody is interested.
            let _ = hash(&todo, &give_back, &tell, &to_wake);
        });
        Self {
            work,
            empty,
            hashed,
            waker,
        }
    }

    /// A buffer to fill, if hashing does not lag too far behind.
    pub(crate) fn buffer(&self) -> Option<Vec<u8>> {
        self.empty.try_recv().ok()
    }

    /// Hands a buffer over, of which so many bytes count.
    pub(crate) fn hash(&self, buffer: Vec<u8>, filled: usize) {
        // Should the thread be gone, then no sum ever comes.
        let _ = self.work.send(Work::Bytes(buffer, filled));
    }

    /// Asks for the sum of everything since the one before.
    pub(crate) fn end(&self) {
        let _ = self.work.send(Work::End);
    }

    /// The sum, when it is there.
    pub(crate) fn hashed(&self) -> Option<Hashed> {
        self.hashed.try_recv().ok()
    }

    /// Who is to be woken when a buffer or a sum has come.
    pub(crate) fn waker(&self) -> &Slot {
        &self.waker
    }
}

fn hash(
    todo: &Receiver<Work>,
    give_back: &Sender<Vec<u8>>,
    tell: &Sender<Hashed>,
    waker: &Slot,
) -> Option<()> {
    let mut hash = Sha256::new();
    let mut before = clock::thread();
    loop {
        match todo.recv().ok()? {
            Work::Bytes(buffer, filled) => {
                hash.update(&buffer[..filled]);
                give_back.send(buffer).ok()?;
            }
            Work::End => {
                let now = clock::thread();
                let cpu = now.zip(before).map(|(now, before)| now - before);
                before = now;
                let sum = hash.finalize_reset().into();
                tell.send(Hashed { sum, cpu }).ok()?;
            }
        }
        waker.wake();
    }
}

/// A place for the waker of a task, for both threads.
#[derive(Clone, Default)]
pub(crate) struct Slot(Arc<Mutex<Option<Waker>>>);

impl Slot {
    pub(crate) fn set(&self, waker: &Waker) {
        let before = self.lock().replace(waker.clone());
        drop(before);
    }

    pub(crate) fn wake(&self) {
        let waker = self.lock().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        // A waker is there or not, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
