//! Which sockets are watched, and the polls that do it.
//!
//! A poll ends when its socket is ready, and says so once. So a socket that was
//! reported is polled again right before the next wait, when its user has done
//! what he wanted to: a poll of a socket that is still ready ends at once
//! (lines C47, C48). A socket that is not ready costs nothing meanwhile.
//!
//! There is a time between the two in which no poll is pending, and in which a
//! socket could be closed and its number given to another one. A sentinel tells:
//! a second poll, for nothing but the closing, which stays for as long as the
//! socket is watched (line C28).

use std::collections::HashMap;
use std::io;
use std::os::windows::io::AsSocket;

use loopline_core::backend::{Events, Interest, Key, Readiness, Rewatched, Source};
use slab::Slab;
use windows_sys::Win32::Foundation::ERROR_INVALID_HANDLE;
use windows_sys::Win32::Networking::WinSock::WSAENOTSOCK;

use crate::group::{Group, Share};
use crate::interest::{polled, readiness};
use crate::sys::events::LOCAL_CLOSE;
use crate::sys::{self, BaseSocket, Packet, Poll, Port};

/// The key of the packets of polls.
pub(crate) const KEY: usize = 1;

/// One socket that is watched.
struct Watch {
    key: Key,
    want: Interest,
    socket: BaseSocket,
    share: Share,
    /// Its poll, if one is pending.
    armed: Option<usize>,
    /// The poll that ends when the socket is closed.
    sentinel: Option<usize>,
}

/// One poll, and whose.
struct Pending {
    poll: Poll,
    /// None once nobody waits for it any more.
    owner: Option<(u64, Role)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Readiness,
    Sentinel,
}

/// All sockets that are watched, by their numbers.
#[derive(Default)]
pub(crate) struct Watches {
    group: Group,
    watches: HashMap<u64, Watch>,
    polls: Polls,
    /// Those that are to be polled before the next wait.
    unarmed: Vec<u64>,
}

impl Watches {
    /// Starts watching a socket, whatever was watched under its number.
    pub(crate) fn watch(
        &mut self,
        port: &Port,
        source: Source<'_>,
        key: Key,
        want: Interest,
    ) -> io::Result<()> {
        let number = source.number();
        self.unwatch(number);
        let mut watch = Watch {
            key,
            want,
            socket: sys::base(source.as_socket())?,
            share: self.group.join(port, KEY)?,
            armed: None,
            sentinel: None,
        };
        watch.sentinel = Some(self.polls.start(number, &watch, Role::Sentinel)?);
        let armed = self.polls.arm(number, &mut watch);
        self.watches.insert(number, watch);
        if armed.is_err() {
            self.unwatch(number);
        }
        armed
    }

    /// Changes what a socket is watched for, and says whether it was. All
    /// packets that there are have to be taken before.
    pub(crate) fn rewatch(
        &mut self,
        port: &Port,
        source: Source<'_>,
        key: Key,
        want: Interest,
    ) -> io::Result<Rewatched> {
        let number = source.number();
        let socket = sys::base(source.as_socket())?;
        let known = self.watches.get_mut(&number);
        let Some(watch) = known.filter(|watch| watch.socket == socket) else {
            self.watch(port, source, key, want)?;
            return Ok(Rewatched::Anew);
        };
        watch.key = key;
        watch.want = want;
        // One that is not armed will be, before the next wait.
        if let Some(poll) = watch.armed.take() {
            self.polls.give_up(poll);
            if let Err(error) = self.polls.arm(number, watch) {
                self.unwatch(number);
                return Err(error);
            }
        }
        Ok(Rewatched::Changed)
    }

    /// Stops watching what has a number. The memory of its polls is the
    /// kernel's until their packets are taken; the socket is nobody's any more.
    pub(crate) fn unwatch(&mut self, number: u64) {
        if let Some(watch) = self.watches.remove(&number) {
            for poll in [watch.armed, watch.sentinel].into_iter().flatten() {
                self.polls.give_up(poll);
            }
        }
    }

    /// Polls what was reported before.
    pub(crate) fn rearm(&mut self, events: &mut Events) {
        for number in std::mem::take(&mut self.unarmed) {
            let watch = self.watches.get_mut(&number);
            let Some(watch) = watch.filter(|watch| watch.armed.is_none()) else {
                continue;
            };
            match self.polls.arm(number, watch) {
                Ok(()) => {}
                Err(error) if is_closed(&error) => self.unwatch(number),
                Err(_) => {
                    // Its user meets the reason himself, or it has passed.
                    events.push_ready(watch.key, Readiness::all());
                    self.unarmed.push(number);
                }
            }
        }
    }

    /// Takes the packet of a poll. What it says is told to `events`, or found
    /// out again before the next wait if there are none.
    pub(crate) fn take(&mut self, packet: Packet, events: Option<&mut Events>) {
        let Some((came, number, role)) = self.polls.take(packet) else {
            return;
        };
        let Some(watch) = self.watches.get_mut(&number) else {
            return;
        };
        match role {
            Role::Sentinel => watch.sentinel = None,
            Role::Readiness => watch.armed = None,
        }
        if came & LOCAL_CLOSE != 0 {
            return self.unwatch(number);
        }
        if role == Role::Sentinel {
            return;
        }
        self.unarmed.push(number);
        if let Some(events) = events {
            let ready = readiness(came);
            if !ready.is_empty() {
                events.push_ready(watch.key, ready);
            }
        }
    }

    /// Stops watching everything.
    pub(crate) fn clear(&mut self) {
        let numbers: Vec<_> = self.watches.keys().copied().collect();
        for number in numbers {
            self.unwatch(number);
        }
    }

    /// Whether the kernel has memory of any poll.
    pub(crate) fn is_pending(&self) -> bool {
        !self.polls.0.is_empty()
    }
}

/// Every poll whose packet has not been taken.
#[derive(Default)]
struct Polls(Slab<Pending>);

impl Polls {
    /// Polls a socket for what is wanted of it.
    fn arm(&mut self, number: u64, watch: &mut Watch) -> io::Result<()> {
        watch.armed = Some(self.start(number, watch, Role::Readiness)?);
        Ok(())
    }

    fn start(&mut self, number: u64, watch: &Watch, role: Role) -> io::Result<usize> {
        let events = match role {
            Role::Readiness => polled(watch.want),
            Role::Sentinel => LOCAL_CLOSE,
        };
        let place = self.0.vacant_entry();
        let index = place.key();
        place.insert(Pending {
            poll: Poll::start(watch.share.afd(), watch.socket, events, index)?,
            owner: Some((number, role)),
        });
        Ok(index)
    }

    /// Cancels a poll, whose packet nobody waits for then.
    fn give_up(&mut self, index: usize) {
        if let Some(pending) = self.0.get_mut(index) {
            pending.owner = None;
            pending.poll.cancel();
        }
    }

    /// Ends a poll with its packet: what came of it, and for whom.
    fn take(&mut self, packet: Packet) -> Option<(u32, u64, Role)> {
        let pending = self.0.try_remove(Poll::owner(&packet))?;
        let came = pending.poll.finish(packet);
        let (number, role) = pending.owner?;
        Some((came, number, role))
    }
}

/// Whether a poll was refused because there is no such socket any more.
fn is_closed(error: &io::Error) -> bool {
    let code = error.raw_os_error();
    code == Some(ERROR_INVALID_HANDLE as i32) || code == Some(WSAENOTSOCK)
}
