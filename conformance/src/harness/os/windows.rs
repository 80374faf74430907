//! Windows.

#[allow(
    unsafe_code,
    reason = "the one module that calls the system; each block says why it may"
)]
mod sys;

use std::any::Any;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsHandle, AsSocket, OwnedHandle, OwnedSocket};
use std::path::{Path, PathBuf};

use loopline_core::SignalKind;
use loopline_core::backend::{BorrowedFile, Source};

use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_BACKUP_SEMANTICS;

use super::{PipeToRead, PipeToWrite, Unwatchable, Watchable};
use crate::harness::sockets;
use crate::verdict::{Outcome, Stop};

/// Sources are sockets, so what is not one cannot even be named.
pub(crate) const NAMES_ANY_DESCRIPTOR: bool = false;
/// Open handles can be listed, and those that a child inherits.
pub(crate) const LISTS_DESCRIPTORS: bool = true;
/// A socket does not tell whether it blocks.
pub(crate) const TELLS_BLOCKING: bool = false;
/// Every file has a size.
pub(crate) const HAS_SIZELESS_FILES: bool = false;
/// Nothing interrupts a system call.
pub(crate) const INTERRUPTS: bool = false;
/// A process cannot press Ctrl-C on its own console alone.
pub(crate) const SIGNALS: bool = false;
/// The standard library has no Unix sockets here.
pub(crate) const UNIX_SOCKETS: bool = false;
/// Nothing limits the handles of a process.
pub(crate) const LIMITS_DESCRIPTORS: bool = false;
/// A listener whose queue is full refuses.
pub(crate) const LISTENERS_FILL: bool = false;
/// There is no SO_REUSEPORT.
pub(crate) const SHARES_PORTS: bool = false;

/// A full listener refuses here.
pub(crate) fn unanswering() -> Result<(SocketAddr, ()), Stop> {
    Err(Stop::skipped("a listener that ever is full"))
}

/// Sockets that are no stream sockets, and whether they are sockets.
pub(crate) fn not_streams() -> io::Result<Vec<(OwnedSocket, bool)>> {
    let datagrams: OwnedSocket = UdpSocket::bind("127.0.0.1:0")?.into();
    Ok(vec![(datagrams, true)])
}

pub(crate) fn connect_unix(_: &Path) -> io::Result<TcpStream> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn leave_socket(_: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn abstract_name(_: &str) -> Result<PathBuf, Stop> {
    Err(Stop::skipped("names outside the file system"))
}

pub(crate) fn exhaust_descriptors() -> Result<Box<dyn Any>, Stop> {
    Err(Stop::skipped("a limit of open handles"))
}

/// The two ends of a Unix socket.
pub(crate) fn unix_pair() -> io::Result<(TcpStream, TcpStream)> {
    Err(io::ErrorKind::Unsupported.into())
}

// Only sockets can be watched, and named as sources, so they stand in. The
// cases that would tell a pipe apart do not apply.
pub(crate) type PipeReader = TcpStream;
pub(crate) type PipeWriter = TcpStream;

pub(crate) fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = sockets::pair()?;
    writer.set_nonblocking(true)?;
    Ok((reader, writer))
}

pub(crate) fn unblock(_: &impl AsHandle) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(crate) fn blocks(_: &impl AsHandle) -> io::Result<bool> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A device that takes everything and has nothing to be read.
pub(crate) fn null_device() -> io::Result<File> {
    File::options().read(true).write(true).open("NUL")
}

pub(crate) fn pipes_to_read() -> Result<Vec<PipeToRead>, Stop> {
    Err(Stop::skipped("pipes that can be watched"))
}

pub(crate) fn pipes_to_write() -> Result<Vec<PipeToWrite>, Stop> {
    Err(Stop::skipped("pipes that can be watched"))
}

pub(crate) fn pipes_that_can_be_read() -> Result<Vec<PipeToRead>, Stop> {
    Err(Stop::skipped("pipes that can be watched"))
}

/// A pipe that passes for a file, and its other end.
pub(crate) fn pipe_as_file() -> io::Result<(File, io::PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    Ok((File::from(OwnedHandle::from(reader)), writer))
}

/// A directory that passes for a file.
pub(crate) fn directory() -> io::Result<File> {
    let mut options = File::options();
    options.read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    options.open(std::env::temp_dir())
}

/// A handle of one's own on what a source names.
pub(crate) type OwnedSource = OwnedSocket;

/// Duplicates the socket of a source.
pub(crate) fn own_source(source: Source<'_>) -> io::Result<OwnedSource> {
    source.as_socket().try_clone_to_owned()
}

/// Duplicates the handle of a file.
pub(crate) fn own_file(file: BorrowedFile<'_>) -> io::Result<File> {
    Ok(file.handle().try_clone_to_owned()?.into())
}

/// Whether an error says that an attempt to connect is under way.
pub(crate) fn is_connecting(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

pub(crate) fn unwatchable() -> Result<Vec<Unwatchable>, Stop> {
    Err(Stop::skipped("sources other than sockets"))
}

pub(crate) fn watchable() -> Result<Vec<Watchable>, Stop> {
    Err(Stop::skipped("sources other than sockets"))
}

pub(crate) fn allow_descriptors(_count: u64) -> Result<(), Stop> {
    Ok(())
}

/// Has a crash end this process at once, whatever asks for debuggers.
pub(crate) fn end_at_crashes() {
    sys::end_at_once();
}

/// The handles that this process has open, of whatever kind, by their numbers.
pub(crate) fn open_descriptors() -> Result<BTreeSet<String>, Stop> {
    // The first socket makes more than itself, once for the whole process.
    drop(sockets::server()?);
    let before = sys::handles()?;
    let _another = sockets::server()?;
    if sys::handles()?.len() == before.len() {
        return Err(Stop::skipped("a complete list of open handles"));
    }
    Ok(before.iter().map(|handle| format!("{handle:#x}")).collect())
}

/// A handle does not tell what it is of.
pub(crate) fn describe_descriptor(_: &str) -> Option<String> {
    None
}

/// The handles that a child process inherits, as both name them.
pub(crate) fn inherited_descriptors() -> Result<BTreeSet<String>, Stop> {
    let list = || -> io::Result<BTreeSet<String>> {
        let all = sys::handles()?.into_iter();
        let inherited = all.filter(|handle| sys::is_inherited(*handle));
        Ok(inherited.map(|handle| format!("{handle:#x}")).collect())
    };
    let inherited = list()?;
    let another = tempfile::tempfile()?;
    sys::have_inherited(&another)?;
    if list()? == inherited {
        return Err(Stop::skipped("a complete list of a child's handles"));
    }
    Ok(inherited)
}

pub(crate) fn interrupt() -> Result<(), Stop> {
    Err(Stop::skipped("signals"))
}

pub(crate) fn spare_signals() -> Result<[SignalKind; 2], Stop> {
    Err(Stop::skipped("signals"))
}

pub(crate) fn send_signal(_: SignalKind) -> Outcome {
    Err(Stop::skipped("signals"))
}

pub(crate) fn sizeless_file() -> io::Result<Option<(File, Vec<u8>)>> {
    Ok(None)
}
