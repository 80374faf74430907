//! kqueue(2) and sendfile(2) for loopline, an asyncio-style event loop.
//!
//! [`KqueueBackend`] is the native backend on FreeBSD, macOS, NetBSD, OpenBSD
//! and DragonFly BSD. It watches through the `polling` crate; a file leaves
//! through the sendfile(2) of FreeBSD, DragonFly BSD or macOS, without passing
//! through the process. NetBSD and OpenBSD have no such call: there the loop
//! reads and writes.
//!
//! # Facts about kqueue
//!
//! What this crate builds on, from kqueue(2) of the systems named above, and
//! the clauses of the [contract](loopline_core::backend) that rest on it:
//!
//! * **One filter for each direction.** A descriptor that is ready for both has
//!   two events; they are handed on with reading first (line C11).
//! * **`EV_ADD` arms again.** "Re-adding an existing event will modify the
//!   parameters of the original event, and not result in a duplicate entry"
//!   (B4). `EV_CLEAR` and `EV_ONESHOT` are not set, so that an event comes for
//!   as long as its reason lasts (B1).
//! * **`EV_DELETE` of what is not there is `ENOENT`**, and harmless (B5).
//! * **`EV_EOF` does not hide data.** "There may still be data pending in the
//!   socket buffer": the end is readable until it is read, and stays so (B2).
//!   The read filter's end also counts as room for writing, since some systems
//!   report only that of a pipe that nobody reads any more.
//! * **Closing a descriptor removes its events**, duplicates or not. So a
//!   number that is used again is unknown to the kernel, which `EV_ENABLE`
//!   without `EV_ADD` tells (B4, line C28); and unwatching has to come before
//!   closing, or it speaks of another descriptor.
//! * **Regular files are accepted**, and "ready" away from their end. The
//!   contract wants them refused (B6), so this crate asks fstat(2) first.
//! * **A queue is not inherited** by a child that fork(2) makes, and is closed
//!   on execve(2) (B13, line C51).
//! * **The `data` of an event**, how much there is to read or room to write, is
//!   not used: other threads and the network change it.
//!
//! # On Linux
//!
//! With the feature `linux-stand-in` the crate builds on Linux, where `polling`
//! is epoll(7) and the call that sends is Linux' own. It is called
//! `kqueue-on-linux` there. That is for tests: all of this crate but kevent(2)
//! and the BSDs' sendfile(2) is then executed by the suite. Everywhere else,
//! and on processors of 32 bits, whose kqueue does not keep 64 bits of user
//! data, this crate is empty.
#![cfg(all(
    target_pointer_width = "64",
    any(
        target_os = "freebsd",
        target_os = "macos",
        target_os = "netbsd",
        target_os = "openbsd",
        target_os = "dragonfly",
        all(target_os = "linux", feature = "linux-stand-in"),
    )
))]
#![deny(unsafe_code)]

mod backend;
mod batch;
mod send_file;
#[allow(unsafe_code, reason = "the one place for it")]
mod sys;
mod timeout;
mod wake;

pub use backend::KqueueBackend;
