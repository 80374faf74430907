//! Which sockets' packets come to the port, and for how long.
//!
//! A socket belongs to at most one port, and the system does not tell to which.
//! So a socket is taken out of ours as soon as nothing is in flight on it any
//! more: one that is found in a port is then in another's, whose owner must not
//! get our packets.
//!
//! Where the system does not take sockets out, those that stay are remembered by
//! their numbers. A poll for the closing goes with each, as the number is another
//! socket's afterwards.

use std::collections::HashMap;
use std::io;
use std::os::windows::io::{AsSocket, OwnedSocket};

use slab::Slab;
use windows_sys::Win32::Foundation::ERROR_INVALID_PARAMETER;

use crate::group::{Group, Share};
use crate::send_file::KEY as FILES;
use crate::sys::events::LOCAL_CLOSE;
use crate::sys::{self, Packet, Poll, Port, Release};

/// The key of the packets of polls.
pub(crate) const KEY: usize = 3;

/// One socket that the system has left in the port.
struct Stayed {
    share: Share,
    /// The poll for its closing.
    poll: usize,
}

/// The sockets in the port that nothing is in flight on.
pub(crate) struct Associations {
    release: Release,
    group: Group,
    stayed: HashMap<u64, Stayed>,
    /// The polls whose packets have not been taken, and for which numbers; None
    /// once nobody waits for one any more.
    polls: Slab<(Poll, Option<u64>)>,
    /// Whether the port will soon be gone.
    ending: bool,
}

impl Associations {
    pub(crate) fn with(release: Release) -> Self {
        Self {
            release,
            group: Group::default(),
            stayed: HashMap::new(),
            polls: Slab::new(),
            ending: false,
        }
    }

    /// Has the packets of a socket come to the port, and no other socket's.
    ///
    /// # Errors
    ///
    /// [`Unsupported`](io::ErrorKind::Unsupported) if they come to another one.
    pub(crate) fn enter(
        &mut self,
        port: &Port,
        number: u64,
        socket: &OwnedSocket,
    ) -> io::Result<()> {
        let error = match port.associate_socket(socket.as_socket(), FILES) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if error.raw_os_error() != Some(ERROR_INVALID_PARAMETER as i32) {
            return Err(error);
        }
        if self.stayed.contains_key(&number) {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the socket belongs to another completion port",
        ))
    }

    /// Takes a socket out of the port, on which nothing is in flight any more.
    pub(crate) fn leave(&mut self, port: &Port, number: u64, socket: &OwnedSocket) {
        if (self.release)(socket.as_socket()).is_ok() {
            self.forget(number);
        } else if !self.ending && !self.stayed.contains_key(&number) {
            // Without a poll it is not remembered, and nothing more is sent to it
            // in this way.
            let _ = self.remember(port, number, socket);
        }
    }

    fn remember(&mut self, port: &Port, number: u64, socket: &OwnedSocket) -> io::Result<()> {
        let share = self.group.join(port, KEY)?;
        let socket = sys::base(socket.as_socket())?;
        let place = self.polls.vacant_entry();
        let poll = place.key();
        let started = Poll::start(share.afd(), socket, LOCAL_CLOSE, poll)?;
        place.insert((started, Some(number)));
        self.stayed.insert(number, Stayed { share, poll });
        Ok(())
    }

    fn forget(&mut self, number: u64) {
        let Some(Stayed { share, poll }) = self.stayed.remove(&number) else {
            return;
        };
        if let Some((poll, waits)) = self.polls.get_mut(poll) {
            *waits = None;
            poll.cancel();
        }
        drop(share);
    }

    /// Takes the packet of a poll: its socket was closed.
    pub(crate) fn take(&mut self, packet: Packet) {
        let Some((poll, number)) = self.polls.try_remove(Poll::owner(&packet)) else {
            return;
        };
        poll.finish(packet);
        if let Some(number) = number {
            self.stayed.remove(&number);
        }
    }

    /// Gives up every poll, and starts no more.
    pub(crate) fn clear(&mut self) {
        self.ending = true;
        let numbers: Vec<_> = self.stayed.keys().copied().collect();
        numbers.into_iter().for_each(|number| self.forget(number));
    }

    /// Whether the kernel has memory of any poll.
    pub(crate) fn is_pending(&self) -> bool {
        !self.polls.is_empty()
    }

    /// Whether a socket of this number has stayed in the port. It may have been
    /// closed since, and its packet not been taken.
    pub(crate) fn has_stayed(&self, number: u64) -> bool {
        self.stayed.contains_key(&number)
    }
}

#[cfg(test)]
mod tests;
