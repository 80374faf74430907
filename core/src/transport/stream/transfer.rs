//! Sending a file over the socket.

use std::io;
use std::rc::{Rc, Weak};

use super::{Flags, Stream, StreamIo};
use crate::engine::{Engine, Errand};
use crate::send_file::{Active, Carrier, SendFileErrorKind as Kind, Step, Transfer};
use crate::transport::Address;

impl<S: StreamIo> Stream<S> {
    pub(super) fn transfer_wants_write(&self) -> bool {
        self.transfer_is(Active::wants_write)
    }

    pub(super) fn transfer_in_flight(&self) -> bool {
        self.transfer_is(Active::is_in_flight)
    }

    fn transfer_is(&self, so: impl FnOnce(&Active) -> bool) -> bool {
        self.busy.with(|busy| {
            let active = busy.as_ref().and_then(|busy| busy.transfer.as_ref());
            active.is_some_and(so)
        })
    }
}

impl<S: StreamIo> Carrier for Stream<S> {
    fn this(&self) -> &Weak<Self> {
        &self.this
    }

    fn engine(&self) -> &Rc<Engine> {
        &self.engine
    }

    fn peer(&self) -> Option<Address> {
        self.names.peername()
    }

    fn check_sending(&self) -> Result<(), Kind> {
        let flags = self.flags.get();
        if !S::WRITES {
            Err(Kind::Unsupported)
        } else if flags.intersects(Flags::CLOSING | Flags::ENDING) {
            Err(Kind::Closing)
        } else if flags.contains(Flags::TRANSFER) {
            Err(Kind::InProgress)
        } else if flags.contains(Flags::EOF_WRITTEN) {
            Err(Kind::EofWritten)
        } else {
            Ok(())
        }
    }

    fn guard(&self, on: bool) {
        if on {
            self.set(Flags::TRANSFER);
        } else {
            self.clear(Flags::TRANSFER);
        }
    }

    fn is_drained(&self) -> bool {
        self.queued.get() == 0
    }

    fn is_ending(&self) -> bool {
        self.has(Flags::CLOSING | Flags::ENDING)
    }

    fn send_some(&self, transfer: &mut Transfer) -> Option<Step> {
        let key = self.key.get();
        let before = transfer.sent();
        let step = self.with_io(|io| {
            let native = io.source().map(|socket| (key, socket));
            transfer.step(&self.engine, native, &mut |data| io.send(data))
        });
        self.count_sent(transfer.sent() - before);
        step
    }

    fn take_active(&self) -> Option<Active> {
        self.take_busy(|busy| &mut busy.transfer)
    }

    fn put_active(&self, active: Active) {
        self.with_busy(|busy| busy.transfer = Some(active));
    }

    fn cancel_in_flight(&self) {
        let key = self.key.get();
        let _ = self.engine.with_backend(|backend| backend.cancel(key));
    }

    fn rearm(&self) {
        self.update_interest();
    }

    fn after_transfer(&self, failure: Option<io::Error>) {
        self.release_busy();
        if self.has(Flags::ENDING) {
            // It was queued neither by `fail` nor before: the kernel had
            // to let go of the socket first.
            self.engine.push(Errand::Lost(self.key.get()));
        } else if failure.is_some() {
            self.fail(failure);
        } else if self.has(Flags::CLOSING) {
            self.end_after_flush();
        } else {
            self.update_interest();
            self.reflow();
            self.send_eof();
            if self.has(Flags::UNREAD) {
                self.queue_unread();
            }
        }
    }
}
