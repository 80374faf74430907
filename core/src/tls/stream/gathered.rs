//! Small writes that leave as one record (line B66).
//!
//! A record costs its header and its tag, a call of the library and one of the
//! system. So what a connection writes in small pieces is joined until the
//! callback, or the poll of the task, that writes has returned, or a record is
//! full. What is large is encrypted where it lies, as ever.
//!
//! The memory is the loop's, and one connection has it at a time: when another
//! one begins, what the first has written leaves.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use super::{Flags, State, TlsStream};
use crate::transport::{Flow, WriteError};

/// The largest write that is joined with others, in bytes: copying it costs less
/// than a record does.
const SMALL: usize = 4 * 1024;

/// How much is joined, in bytes: as much as one record holds (RFC 8446,
/// section 5.1).
const FULL: usize = 16 * 1024;

/// What one connection has written in small pieces.
#[derive(Default)]
pub(crate) struct Gathered(RefCell<Parts>);

#[derive(Default)]
struct Parts {
    owner: Weak<TlsStream>,
    bytes: Vec<u8>,
}

impl Gathered {
    /// Puts bytes behind those of the same owner; false if they are not his or
    /// there is no room for them.
    fn add(&self, owner: &Weak<TlsStream>, data: &[u8]) -> bool {
        let parts = &mut *self.0.borrow_mut();
        let takes = Weak::ptr_eq(&parts.owner, owner) && parts.bytes.len() + data.len() <= FULL;
        if takes {
            parts.bytes.extend_from_slice(data);
        }
        takes
    }

    /// The same for an owner who has none yet.
    fn begin(&self, owner: &Weak<TlsStream>, data: &[u8]) {
        let parts = &mut *self.0.borrow_mut();
        parts.owner = Weak::clone(owner);
        parts.bytes.extend_from_slice(data);
    }

    fn owner(&self) -> Option<Rc<TlsStream>> {
        self.0.borrow().owner.upgrade()
    }

    fn len(&self) -> usize {
        self.0.borrow().bytes.len()
    }

    fn take(&self) -> Vec<u8> {
        let parts = &mut *self.0.borrow_mut();
        parts.owner = Weak::new();
        std::mem::take(&mut parts.bytes)
    }

    pub(super) fn give_back(&self, mut bytes: Vec<u8>) {
        let parts = &mut *self.0.borrow_mut();
        if parts.bytes.capacity() < bytes.capacity() && parts.bytes.is_empty() {
            bytes.clear();
            parts.bytes = bytes;
        }
    }
}

impl TlsStream {
    /// Takes what a user writes.
    pub(super) fn write_or_gather(&self, data: &[u8]) -> Result<Flow, WriteError> {
        if data.len() > SMALL || data.is_empty() {
            return self.write_slice(data);
        }
        if !self.admits()? {
            return Ok(Flow::Closed);
        }
        let gathered = self.engine.gathered();
        if !gathered.add(&self.this, data) {
            if let Some(owner) = gathered.owner() {
                owner.send_gathered();
            }
            if self.state() != State::Open {
                // That has failed.
                return Ok(Flow::Closed);
            }
            gathered.begin(&self.this, data);
            self.put(Flags::GATHERED, true);
            self.engine.owe(self.key.get());
        }
        Ok(self.open_flow())
    }

    /// What is gathered leaves. The user is told of what comes of it when he is
    /// free: it may be another connection that writes.
    pub(super) fn send_gathered(&self) {
        if self.has(Flags::GATHERED) {
            self.send_all(&mut std::iter::empty());
            if self.judge(self.queued()) {
                self.engine.owe(self.key.get());
            }
        }
    }

    /// Takes what is gathered, if there is something.
    pub(super) fn take_gathered(&self) -> Vec<u8> {
        if !self.has(Flags::GATHERED) {
            return Vec::new();
        }
        self.put(Flags::GATHERED, false);
        self.engine.gathered().take()
    }

    /// How much is gathered, in bytes.
    pub(super) fn gathered(&self) -> usize {
        if self.has(Flags::GATHERED) {
            self.engine.gathered().len()
        } else {
            0
        }
    }

    /// The connection ends before what is gathered has left.
    pub(super) fn drop_gathered(&self) {
        let bytes = self.take_gathered();
        self.engine.gathered().give_back(bytes);
    }
}
