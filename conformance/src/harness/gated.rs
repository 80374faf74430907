//! A reader that waits to be let through.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// What a case knows of a [`Gated`] reader, and how it lets it through.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    open: bool,
    reading: bool,
    has_read: bool,
    largest: usize,
    position: u64,
}

impl Gate {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets every read through.
    pub(crate) fn open(&self) {
        self.state().open = true;
        self.0.1.notify_all();
    }

    /// Whether a read waits.
    pub(crate) fn is_reading(&self) -> bool {
        self.state().reading
    }

    /// The largest room that a read was given, in bytes.
    pub(crate) fn largest(&self) -> usize {
        self.state().largest
    }

    /// Where the reader is.
    pub(crate) fn position(&self) -> u64 {
        self.state().position
    }

    /// Returns once the reader is there after a read, before which it may have
    /// been there too.
    pub(crate) fn await_position(&self, position: u64) {
        let mut state = self.state();
        while !state.has_read || state.position != position {
            let woken = self.0.1.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A reader of this content behind the gate; its position is at the end.
    pub(crate) fn reader(&self, content: &[u8]) -> Gated {
        self.state().position = content.len() as u64;
        Gated {
            gate: self.clone(),
            inner: Cursor::new(content.to_vec()),
        }
    }
}

/// A reader that waits to be let through.
pub(crate) struct Gated {
    gate: Gate,
    inner: Cursor<Vec<u8>>,
}

impl Gated {
    fn moved(&mut self, by_reading: bool) {
        let mut state = self.gate.state();
        state.has_read |= by_reading;
        state.reading = false;
        state.position = self.inner.position();
        drop(state);
        self.gate.0.1.notify_all();
    }
}

impl Read for Gated {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut state = self.gate.state();
        state.largest = state.largest.max(into.len());
        state.reading = true;
        while !state.open {
            let woken = self.gate.0.1.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        let read = self.inner.read(into);
        self.moved(true);
        read
    }
}

impl Seek for Gated {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let sought = self.inner.seek(to);
        self.moved(false);
        sought
    }
}
