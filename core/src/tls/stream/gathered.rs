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
use crate::tls::TlsError;
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
    /// Whose the bytes are, if there are any.
    owner: Weak<TlsStream>,
    bytes: Vec<u8>,
}

impl Gathered {
    /// Puts bytes behind those that are there; false if there is no room for them.
    fn add(&self, data: &[u8]) -> bool {
        let bytes = &mut self.0.borrow_mut().bytes;
        let takes = bytes.len() + data.len() <= FULL;
        if takes {
            bytes.extend_from_slice(data);
        }
        takes
    }

    /// Puts the first bytes of an owner in.
    fn begin(&self, owner: &Weak<TlsStream>, data: &[u8]) {
        let parts = &mut *self.0.borrow_mut();
        if !Weak::ptr_eq(&parts.owner, owner) {
            parts.owner = Weak::clone(owner);
        }
        parts.bytes.clear();
        parts.bytes.extend_from_slice(data);
    }

    /// Whose bytes are there, if there are any.
    fn owner(&self) -> Option<Rc<TlsStream>> {
        let parts = self.0.borrow();
        match parts.bytes.is_empty() {
            true => None,
            false => parts.owner.upgrade(),
        }
    }

    fn len(&self) -> usize {
        self.0.borrow().bytes.len()
    }

    /// Lets `use_bytes` have what is there, which belongs to nobody then.
    fn take<R>(&self, use_bytes: impl FnOnce(&[u8]) -> R) -> R {
        let bytes = &mut self.0.borrow_mut().bytes;
        let result = use_bytes(bytes);
        bytes.clear();
        result
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
        if !self.has(Flags::GATHERED) || !self.engine.gathered().add(data) {
            self.begin_gathering(data);
        }
        Ok(self.open_flow())
    }

    fn begin_gathering(&self, data: &[u8]) {
        let gathered = self.engine.gathered();
        if let Some(owner) = gathered.owner() {
            // Its user is told of nothing now.
            owner.send_gathered();
            if self.state() != State::Open {
                // It was this one's, and has failed.
                return;
            }
        }
        gathered.begin(&self.this, data);
        self.put(Flags::GATHERED, true);
        if !self.has(Flags::CALLING) {
            self.owe();
        }
    }

    /// What is gathered leaves. The user is told of what comes of it when he is
    /// free: it may be another connection that writes.
    pub(super) fn send_gathered(&self) {
        if self.has(Flags::GATHERED) {
            let below = self.send_encrypted(|wire| self.encrypt_gathered(wire));
            if !self.is_flowing(below) && self.judge(self.queued()) {
                self.owe();
            }
        }
    }

    /// Encrypts what is gathered, if there is something.
    pub(super) fn encrypt_gathered(&self, wire: &mut Vec<u8>) -> Result<(), TlsError> {
        if !self.has(Flags::GATHERED) {
            return Ok(());
        }
        self.put(Flags::GATHERED, false);
        let gathered = self.engine.gathered();
        gathered.take(|bytes| self.code(|coder| coder.send(bytes, wire)))
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
        if self.has(Flags::GATHERED) {
            self.put(Flags::GATHERED, false);
            self.engine.gathered().take(|_| ());
        }
    }
}
