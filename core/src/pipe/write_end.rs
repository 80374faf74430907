//! What is written to.

use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::rc::Rc;

use rustix::net::RecvFlags;

use super::taken::Taken;
use crate::backend::{AsSource, Interest, Key, Source};
use crate::engine::{Change, Engine, Watched};
use crate::transport::{StreamIo, socket_io};

/// A descriptor that is only written to.
///
/// That nobody reads any more shows as an error of the descriptor, which every
/// interest is told of (clause B2): so it is armed for reading, where there is
/// nothing to be read. A terminal is not: what is typed would wake the loop. Nor
/// is a FIFO that was opened for both, which is its own reader.
pub(super) struct WriteEnd(Taken);

impl WriteEnd {
    pub(super) fn new(taken: Taken) -> Self {
        Self(taken)
    }

    fn descriptor(&self) -> Source<'_> {
        self.0.as_source()
    }

    /// What of an interest concerns the kernel.
    fn armed_for(&self, interest: Interest) -> Interest {
        if self.0.is_write_end() || self.0.is_socket() {
            interest
        } else {
            interest - Interest::READ
        }
    }
}

impl StreamIo for WriteEnd {
    const SYSTEM: bool = false;
    const READS: bool = false;

    fn receive(&self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        if self.0.is_socket() {
            return socket_io::send(&self.0, data);
        }
        Ok(rustix::io::write(self.0.as_fd(), data)?)
    }

    fn send_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.0.is_socket() {
            return socket_io::send_vectored(&self.0, slices);
        }
        Ok(rustix::io::writev(self.0.as_fd(), slices)?)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        Ok(())
    }

    fn has_reader(&self) -> bool {
        if !self.0.is_socket() {
            return !self.0.is_write_end();
        }
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        match rustix::net::recv(self.0.as_fd(), &mut [0; 1][..], flags) {
            // What the peer says is not heard; that it is there is.
            Ok((count, _)) => count > 0,
            Err(error) => matches!(
                io::Error::from(error).kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
            ),
        }
    }

    fn adopt(&self, engine: &Engine, owner: Rc<dyn Watched>) -> Key {
        engine.adopt(self.descriptor(), owner)
    }

    fn arm(&self, engine: &Engine, change: Change) -> io::Result<()> {
        let change = Change {
            key: change.key,
            want: self.armed_for(change.want),
            armed: self.armed_for(change.armed),
        };
        if change.want == change.armed {
            return Ok(());
        }
        engine.change(self.descriptor(), change)
    }

    fn disown(&self, engine: &Engine, key: Key) {
        engine.disown(self.descriptor(), key);
    }
}
