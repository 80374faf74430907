//! One connection: what it has received, and what waits to be sent.

use std::cell::{Cell, RefCell};
use std::io::Write;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use loopline::Transport;

use crate::smtp::{MAX_LINE, Reply};

/// With so many bytes waiting, reading pauses.
const ENOUGH: usize = 64 * 1024;
/// An idle connection keeps no larger buffer.
const SMALL: usize = 4096;

/// What a client has sent.
pub(crate) enum Line {
    /// A line without its end.
    Text(Bytes),
    /// A line that is longer than any command.
    TooLong,
    /// A line feed without a carriage return.
    LoneLineFeed,
    /// No more.
    End,
}

/// One connection, as its session and its protocol share it.
pub(crate) struct Connection {
    /// The way to the client: another one after an upgrade.
    transport: RefCell<Rc<dyn Transport>>,
    input: RefCell<BytesMut>,
    /// Up to here there is no end of a line in the input.
    searched: Cell<usize>,
    /// The beginning of the line was too long, and is gone.
    too_long: Cell<bool>,
    output: RefCell<Vec<u8>>,
    /// The kernel has no room for what was written.
    full: Cell<bool>,
    ended: Cell<bool>,
    lost: Cell<bool>,
    /// What comes is not looked at any more.
    deaf: Cell<bool>,
    session: Cell<Option<Waker>>,
}

impl Connection {
    pub(crate) fn new(transport: &Rc<dyn Transport>) -> Rc<Self> {
        Rc::new(Self {
            transport: RefCell::new(Rc::clone(transport)),
            input: RefCell::default(),
            searched: Cell::new(0),
            too_long: Cell::new(false),
            output: RefCell::default(),
            full: Cell::new(false),
            ended: Cell::new(false),
            lost: Cell::new(false),
            deaf: Cell::new(false),
            session: Cell::new(None),
        })
    }

    pub(crate) fn transport(&self) -> Rc<dyn Transport> {
        Rc::clone(&self.transport.borrow())
    }

    /// Goes on over another transport, such as the one that TLS has put in front.
    pub(crate) fn go_on_over(&self, transport: Rc<dyn Transport>) {
        let before = self.transport.replace(transport);
        drop(before);
    }

    /// Has the session look again.
    pub(crate) fn wake(&self) {
        if let Some(session) = self.session.take() {
            session.wake();
        }
    }

    fn wait(&self, cx: &Context<'_>) {
        self.session.set(Some(cx.waker().clone()));
    }

    /// The next line, when it is there.
    pub(crate) fn poll_line(&self, cx: &Context<'_>) -> Poll<Line> {
        if self.lost.get() {
            return Poll::Ready(Line::End);
        }
        if let Some(line) = self.line() {
            return Poll::Ready(line);
        }
        if self.ended.get() {
            return Poll::Ready(Line::End);
        }
        self.wait(cx);
        Poll::Pending
    }

    fn line(&self) -> Option<Line> {
        let input = &mut *self.input.borrow_mut();
        let found = input[self.searched.get()..]
            .iter()
            .position(|&byte| byte == b'\n');
        let Some(found) = found else {
            // A carriage return may be the first half of a line's end.
            if input.len() > MAX_LINE + 1 {
                self.too_long.set(true);
                input.advance(input.len() - 1);
            }
            self.searched.set(input.len());
            self.relax(input);
            return None;
        };
        let end = self.searched.take() + found;
        let mut line = input.split_to(end + 1).freeze();
        self.relax(input);
        line.truncate(end);
        let too_long = self.too_long.take();
        if line.last() != Some(&b'\r') {
            return Some(Line::LoneLineFeed);
        }
        line.truncate(end - 1);
        Some(if too_long || line.len() > MAX_LINE {
            Line::TooLong
        } else {
            Line::Text(line)
        })
    }

    /// Everything that has come, when there is something; nothing when no more
    /// comes.
    pub(crate) fn poll_input(&self, cx: &Context<'_>) -> Poll<BytesMut> {
        let input = self.take_input();
        // A mail that has come whole is a mail, even if its sender is gone.
        if !input.is_empty() || self.ended.get() || self.lost.get() {
            return Poll::Ready(input);
        }
        self.wait(cx);
        Poll::Pending
    }

    /// Everything that has come and was not taken.
    pub(crate) fn take_input(&self) -> BytesMut {
        let mut input = self.input.borrow_mut();
        let taken = input.split();
        self.searched.set(0);
        self.relax(&mut input);
        taken
    }

    /// Gives back what was taken too much, before anything else has come.
    pub(crate) fn put_back(&self, rest: BytesMut) {
        self.input.replace(rest);
    }

    /// Reads on if there is room, and gives an idle buffer back.
    fn relax(&self, input: &mut BytesMut) {
        if input.is_empty() && input.capacity() > SMALL {
            *input = BytesMut::new();
        }
        if input.len() < ENOUGH {
            self.transport().resume_reading();
        }
    }

    /// Takes what the client has sent.
    pub(crate) fn receive(&self, data: &[u8]) {
        if self.deaf.get() {
            return;
        }
        let waiting = {
            let mut input = self.input.borrow_mut();
            input.extend_from_slice(data);
            input.len()
        };
        if waiting >= ENOUGH {
            self.transport().pause_reading();
        }
        self.wake();
    }

    /// Adds a reply to what is to be sent.
    pub(crate) fn reply(&self, reply: &Reply) {
        // Writing to a vector does not fail.
        let _ = write!(self.output.borrow_mut(), "{reply}");
    }

    /// Sends the replies in one piece (RFC 2920, section 3.2).
    pub(crate) fn flush(&self) {
        let output = self.output.take();
        if !output.is_empty() {
            // Over a connection that is lost nobody waits for them.
            let _ = self.transport().write(&output);
        }
    }

    /// Ready as soon as the kernel has room for what was written.
    pub(crate) fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        if !self.full.get() || self.lost.get() {
            return Poll::Ready(());
        }
        self.wait(cx);
        Poll::Pending
    }

    /// Ends the sending half, if the client may still send: closing over unread
    /// bytes would reset the connection, and the client could lose the last
    /// replies. Whether there is an end to wait for.
    pub(crate) fn hang_up(&self) -> bool {
        self.deaf.set(true);
        drop(self.take_input());
        !self.ended.get() && !self.lost.get() && self.transport().write_eof().is_ok()
    }

    /// Ready as soon as the client has ended its half.
    pub(crate) fn poll_end(&self, cx: &Context<'_>) -> Poll<()> {
        if self.ended.get() || self.lost.get() {
            return Poll::Ready(());
        }
        self.wait(cx);
        Poll::Pending
    }

    /// The client sends no more. Answers whether there may be something left
    /// to send to it, over a connection that can be half open.
    pub(crate) fn end_input(&self) -> bool {
        self.ended.set(true);
        self.wake();
        !self.deaf.get() && self.transport().can_write_eof()
    }

    /// Whether the kernel has no room for more.
    pub(crate) fn set_full(&self, full: bool) {
        self.full.set(full);
        if !full {
            self.wake();
        }
    }

    /// The connection is gone.
    pub(crate) fn lose(&self) {
        self.lost.set(true);
        self.wake();
    }
}
