//! TransmitFile: one stretch at a time, and what its end means.
//!
//! A handle that was not opened for overlapped I/O, as most are, has a position
//! that TransmitFile uses and moves, whatever the `OVERLAPPED` says (line A76).
//! So each stretch gets a handle of its own. Where the system opens the file no
//! second time, because it was opened for one only, the position is set before,
//! and set back afterwards (B10), and of two stretches the second waits.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io::{self, Seek, SeekFrom};
use std::os::windows::io::{AsSocket, OwnedSocket};

use loopline_core::backend::{Events, Key, SendFile, Sent};
use windows_sys::Win32::Foundation::{
    ERROR_ACCESS_DENIED, ERROR_HANDLE_EOF, ERROR_INVALID_FUNCTION, ERROR_NETNAME_DELETED,
    ERROR_NOT_SUPPORTED, ERROR_OPERATION_ABORTED,
};
use windows_sys::Win32::Networking::WinSock::{WSAENOTSOCK, WSAEOPNOTSUPP, WSAESHUTDOWN};

use crate::associations::Associations;
use crate::sys::{
    self, MOST_PER_CALL, Packet, Port, RELEASE, Release, TRANSMIT_FILE, Transmission, Transmit,
};

/// The key of the packets of files.
pub(crate) const KEY: usize = 2;

/// How much one call sends, in bytes: what is on its way is known only when it
/// has arrived, or was cancelled.
const STRETCH: u32 = 2 * 1024 * 1024;
const _: () = assert!(STRETCH <= MOST_PER_CALL);

/// A stretch that the kernel works on.
struct Sending {
    key: Key,
    transmission: Transmission,
    /// The number of the caller's socket.
    number: u64,
    /// Where the position of the file was; None if its handle is our own.
    position: Option<u64>,
    cancelled: bool,
}

impl Sending {
    fn give_up(&mut self) {
        self.cancelled = true;
        self.transmission.cancel();
    }
}

/// A stretch that waits until the position of its file is free.
struct Waiting {
    key: Key,
    socket: OwnedSocket,
    /// The number of the caller's socket.
    number: u64,
    file: File,
    offset: u64,
    count: u32,
}

/// All files that are being sent.
pub(crate) struct Files {
    transmit: Transmit,
    associations: Associations,
    /// By the addresses in their packets. A socket that its user sends through
    /// in ways of his own may bring others.
    sending: HashMap<usize, Sending>,
    waiting: VecDeque<Waiting>,
    done: VecDeque<(Key, io::Result<u64>)>,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self::with(TRANSMIT_FILE, RELEASE)
    }

    fn with(transmit: Transmit, release: Release) -> Self {
        Self {
            transmit,
            associations: Associations::with(release),
            sending: HashMap::new(),
            waiting: VecDeque::new(),
            done: VecDeque::new(),
        }
    }

    /// Starts to send a stretch.
    pub(crate) fn send(&mut self, port: &Port, key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        let file = File::from(job.file.handle().try_clone_to_owned()?);
        if !sys::is_disk(&file) {
            return Err(unsupported("TransmitFile sends files of file systems only"));
        }
        let Some(length) = sys::length(&file)? else {
            return Err(unsupported("a directory has no content"));
        };
        if !sys::is_readable(&file)? {
            return Err(io::Error::from_raw_os_error(ERROR_ACCESS_DENIED as i32));
        }
        // To ask for more than there is fails on some systems, and to ask for
        // nothing would send the whole file (lines A74, A75).
        let left = length.saturating_sub(job.offset);
        let count = job.len.get().min(left).min(STRETCH.into());
        if count == 0 {
            return Ok(Sent::Bytes(0));
        }
        let socket = job.socket.as_socket();
        let own = socket.try_clone_to_owned();
        let socket = own.map_err(|error| sys::refusal(socket, error))?;
        let waiting = Waiting {
            key,
            socket,
            number: job.socket.number(),
            file,
            offset: job.offset,
            count: count as u32,
        };
        match self.start(port, waiting) {
            Ok(()) => Ok(Sent::InFlight),
            Err(error) => end_of_file(failure(error, false)).map(Sent::Bytes),
        }
    }

    /// Starts a stretch, or has it wait for the file.
    fn start(&mut self, port: &Port, stretch: Waiting) -> io::Result<()> {
        if let Ok(file) = sys::reopen(&stretch.file) {
            return self.transmit(port, Waiting { file, ..stretch }, None);
        }
        let same = |sending: &Sending| {
            sending.position.is_some() && sys::is_same(sending.transmission.file(), &stretch.file)
        };
        if self.sending.values().any(same) {
            self.waiting.push_back(stretch);
            return Ok(());
        }
        let position = (&stretch.file).stream_position()?;
        (&stretch.file).seek(SeekFrom::Start(stretch.offset))?;
        self.transmit(port, stretch, Some(position))
    }

    fn transmit(&mut self, port: &Port, stretch: Waiting, position: Option<u64>) -> io::Result<()> {
        let Waiting {
            key,
            socket,
            number,
            file,
            offset,
            count,
        } = stretch;
        if let Err(error) = self.associations.enter(port, number, &socket) {
            set_back(&file, position);
            return Err(error);
        }
        match Transmission::start(self.transmit, socket, file, offset, count) {
            Ok(transmission) => {
                let operation = transmission.operation();
                let sending = Sending {
                    key,
                    transmission,
                    number,
                    position,
                    cancelled: false,
                };
                self.sending.insert(operation, sending);
                Ok(())
            }
            Err(refused) => {
                self.associations.leave(port, number, &refused.socket);
                set_back(&refused.file, position);
                Err(refused.error)
            }
        }
    }

    /// Takes the packet of a stretch. It comes even if the call had succeeded
    /// at once.
    pub(crate) fn take(&mut self, port: &Port, packet: Packet) {
        let Some(sending) = self.sending.remove(&packet.operation()) else {
            return;
        };
        let ended = sending.transmission.finish(packet);
        self.associations.leave(port, sending.number, &ended.socket);
        drop(ended.socket);
        set_back(&ended.file, sending.position);
        drop(ended.file);
        let result = match ended.result {
            Ok(()) => Ok(ended.count.into()),
            // What has left has left, and the reason will come again (A77).
            Err(_) if ended.count > 0 => Ok(ended.count.into()),
            Err(error) => end_of_file(failure(error, sending.cancelled)),
        };
        self.done.push_back((sending.key, result));
        self.go_on(port);
    }

    /// Starts what waited for a file that is free now.
    fn go_on(&mut self, port: &Port) {
        for stretch in std::mem::take(&mut self.waiting) {
            let key = stretch.key;
            if let Err(error) = self.start(port, stretch) {
                let result = end_of_file(failure(error, false));
                self.done.push_back((key, result));
            }
        }
    }

    /// Gives up what is being sent under a key. Its end is still reported.
    pub(crate) fn cancel(&mut self, key: Key) {
        for sending in self.sending.values_mut().filter(|one| one.key == key) {
            sending.give_up();
        }
        let before = self.waiting.len();
        self.waiting.retain(|waiting| waiting.key != key);
        if self.waiting.len() < before {
            self.done.push_back((key, Err(aborted())));
        }
    }

    /// Whether what is known of a socket of this number may be out of date.
    pub(crate) fn has_stayed(&self, number: u64) -> bool {
        self.associations.has_stayed(number)
    }

    /// Takes the packet of a poll for the closing of a socket.
    pub(crate) fn take_closing(&mut self, packet: Packet) {
        self.associations.take(packet);
    }

    /// Reports what has ended.
    pub(crate) fn report(&mut self, events: &mut Events) {
        for (key, result) in self.done.drain(..) {
            events.push_done(key, result);
        }
    }

    /// Gives everything up.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
        self.sending.values_mut().for_each(Sending::give_up);
        self.associations.clear();
    }

    /// Asks once more for the end of what was given up, and whether there is
    /// anything of that kind: an emulation of TransmitFile that is between two
    /// chunks just then may not hear it.
    pub(crate) fn insist(&mut self) -> bool {
        let mut given_up = false;
        for sending in self.sending.values_mut().filter(|one| one.cancelled) {
            sending.give_up();
            given_up = true;
        }
        given_up
    }

    /// Whether the kernel has memory of any stretch, or of a poll.
    pub(crate) fn is_pending(&self) -> bool {
        !self.sending.is_empty() || self.associations.is_pending()
    }
}

/// Sets the position of the user's file back to where it was.
fn set_back(mut file: &File, position: Option<u64>) {
    if let Some(position) = position {
        // It was set a moment ago; and the engine sets it at the end anyway.
        let _ = file.seek(SeekFrom::Start(position));
    }
}

fn is(error: &io::Error, code: i32) -> bool {
    error.raw_os_error() == Some(code)
}

fn unsupported(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, why)
}

fn aborted() -> io::Error {
    io::ErrorKind::ConnectionAborted.into()
}

/// That there is nothing behind the offset is an end and no error.
fn end_of_file(error: io::Error) -> io::Result<u64> {
    if is(&error, ERROR_HANDLE_EOF as i32) {
        return Ok(0);
    }
    Err(error)
}

/// What an error of TransmitFile says: of the pair of handles, of the
/// connection, or of the file (line A64).
fn failure(error: io::Error, cancelled: bool) -> io::Error {
    const ABORTED: i32 = ERROR_OPERATION_ABORTED as i32;
    const DELETED: i32 = ERROR_NETNAME_DELETED as i32;
    const FUNCTION: i32 = ERROR_INVALID_FUNCTION as i32;
    const NOT_SUPPORTED: i32 = ERROR_NOT_SUPPORTED as i32;
    let kind = match error.raw_os_error() {
        Some(ABORTED) if cancelled => io::ErrorKind::ConnectionAborted,
        Some(ABORTED | DELETED) => io::ErrorKind::ConnectionReset,
        Some(WSAESHUTDOWN) => io::ErrorKind::BrokenPipe,
        Some(FUNCTION | NOT_SUPPORTED | WSAENOTSOCK | WSAEOPNOTSUPP) => io::ErrorKind::Unsupported,
        _ => return error,
    };
    io::Error::new(kind, error)
}

#[cfg(test)]
mod tests;
