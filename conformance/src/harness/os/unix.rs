//! Unix.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use loopline_core::SignalKind;
use loopline_core::backend::{AsSource, BorrowedFile, Source};
use rustix::fs::{Mode, OFlags, fcntl_getfl, open};
use rustix::io::{Errno, FdFlags, fcntl_getfd, fcntl_setfd, ioctl_fionbio};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use socket2::{Domain, SockAddr, Socket, Type};

use super::{PipeToRead, PipeToWrite, Unwatchable, Watchable};
use crate::verdict::{Outcome, Stop};

pub(crate) use std::io::{PipeReader, PipeWriter};

/// Files and directories can be named as sources.
pub(crate) const NAMES_ANY_DESCRIPTOR: bool = true;
/// Open descriptors can be listed, here and in a child.
pub(crate) const LISTS_DESCRIPTORS: bool = true;
/// A socket tells whether it blocks.
pub(crate) const TELLS_BLOCKING: bool = true;
/// Some files are made up as they are read.
pub(crate) const HAS_SIZELESS_FILES: bool = true;
/// Signals interrupt system calls.
pub(crate) const INTERRUPTS: bool = true;
/// A process can send itself signals.
pub(crate) const SIGNALS: bool = true;

/// Stream sockets have names in the file system.
pub(crate) const UNIX_SOCKETS: bool = true;

/// A process can be forbidden to open more.
pub(crate) const LIMITS_DESCRIPTORS: bool = true;
/// A listener whose queue is full leaves attempts to connect unanswered.
pub(crate) const LISTENERS_FILL: bool = true;
/// Several listeners can share an address.
pub(crate) const SHARES_PORTS: bool = true;

/// After so long without an answer a listener's queue is full.
const FULL: Duration = Duration::from_millis(200);

/// Lists the descriptors of whoever opens it.
const DESCRIPTORS: &str = "/dev/fd";

/// The two ends of a pipe, neither of which blocks.
pub(crate) fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    ioctl_fionbio(&reader, true)?;
    ioctl_fionbio(&writer, true)?;
    Ok((reader, writer))
}

/// Has input and output of a descriptor not block.
pub(crate) fn unblock(descriptor: &impl AsFd) -> io::Result<()> {
    Ok(ioctl_fionbio(descriptor, true)?)
}

/// Whether input and output of a descriptor block.
pub(crate) fn blocks(descriptor: &impl AsFd) -> io::Result<bool> {
    Ok(!fcntl_getfl(descriptor)?.contains(OFlags::NONBLOCK))
}

/// A device that takes everything and has nothing to be read.
pub(crate) fn null_device() -> io::Result<File> {
    File::options().read(true).write(true).open("/dev/null")
}

/// The reading end of each kind of pipe, which block, and the other end.
pub(crate) fn pipes_to_read() -> Result<Vec<PipeToRead>, Stop> {
    let (reader, writer) = io::pipe()?;
    let (ours, theirs) = UnixStream::pair()?;
    let (fifo_reader, fifo_writer) = fifo()?;
    let (terminal, line) = terminal()?;
    Ok(vec![
        PipeToRead::new("pipe", reader, writer),
        PipeToRead::new("Unix stream", ours, theirs),
        PipeToRead::new("FIFO", fifo_reader, fifo_writer),
        PipeToRead::new("terminal", terminal, line),
    ])
}

/// The writing end of each kind of pipe of which the system tells that nobody
/// reads it any more, which block, and the other end.
pub(crate) fn pipes_to_write() -> Result<Vec<PipeToWrite>, Stop> {
    let (reader, writer) = io::pipe()?;
    let (ours, theirs) = UnixStream::pair()?;
    let (fifo_reader, fifo_writer) = fifo()?;
    Ok(vec![
        PipeToWrite::new("pipe", writer, reader),
        PipeToWrite::new("Unix stream", ours, theirs),
        PipeToWrite::new("FIFO", fifo_writer, fifo_reader),
    ])
}

/// What can be written to and read from, and what gives it something to read.
pub(crate) fn pipes_that_can_be_read() -> Result<Vec<PipeToRead>, Stop> {
    let (ours, theirs) = UnixStream::pair()?;
    let (terminal, line) = terminal()?;
    let folder = tempfile::tempdir()?;
    let path = make_fifo(folder.path())?;
    let both = File::options().read(true).write(true).open(&path)?;
    Ok(vec![
        PipeToRead::new("Unix stream", ours, theirs),
        PipeToRead::new("FIFO", both.try_clone()?, both),
        PipeToRead::new("terminal", terminal, line),
    ])
}

impl PipeToRead {
    fn new(kind: &'static str, ours: impl Into<OwnedFd>, theirs: impl Write + 'static) -> Self {
        Self {
            kind,
            ours: ours.into(),
            theirs: Box::new(theirs),
        }
    }
}

impl PipeToWrite {
    fn new(
        kind: &'static str,
        ours: impl Into<OwnedFd>,
        theirs: impl Read + Send + 'static,
    ) -> Self {
        Self {
            kind,
            ours: ours.into(),
            theirs: Box::new(theirs),
        }
    }
}

fn make_fifo(folder: &Path) -> Result<PathBuf, Stop> {
    let path = folder.join("fifo");
    if !Command::new("mkfifo").arg(&path).status()?.success() {
        return Err(Stop::skipped("mkfifo(1)"));
    }
    Ok(path)
}

/// The two ends of a FIFO.
fn fifo() -> Result<(File, File), Stop> {
    let folder = tempfile::tempdir()?;
    let path = make_fifo(folder.path())?;
    // A reader that does not wait for a writer.
    let reader = open(&path, OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())?;
    let writer = File::options().write(true).open(&path)?;
    ioctl_fionbio(&reader, false)?;
    Ok((reader.into(), writer))
}

/// Both sides of a terminal.
fn terminal() -> Result<(OwnedFd, File), Stop> {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&terminal)?;
    unlockpt(&terminal)?;
    let name = ptsname(&terminal, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let line = open(name.as_c_str(), flags, Mode::empty())?;
    Ok((terminal, File::from(line)))
}

/// The two ends of a Unix socket: the first does not block.
pub(crate) fn unix_pair() -> io::Result<(TcpStream, TcpStream)> {
    let (ours, theirs) = UnixStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((OwnedFd::from(ours).into(), OwnedFd::from(theirs).into()))
}

/// An address that does not answer attempts to connect, and what keeps it so: a
/// listener whose queue is full. Some systems refuse instead.
pub(crate) fn unanswering() -> Result<(SocketAddr, impl Sized), Stop> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into())?;
    listener.listen(0)?;
    let address = listener.local_addr()?.as_socket();
    let address = address.ok_or_else(|| Stop::failed("no address"))?;
    let mut queued = Vec::new();
    for _ in 0..16 {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        match socket.connect_timeout(&address.into(), FULL) {
            Ok(()) => queued.push(socket),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Ok((address, (listener, queued)));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Stop::skipped("a listener that ever is full"))
}

/// Descriptors that are no stream sockets, and whether they are sockets.
pub(crate) fn not_streams() -> io::Result<Vec<(OwnedFd, bool)>> {
    let datagrams: OwnedFd = UdpSocket::bind("127.0.0.1:0")?.into();
    let (reader, _) = io::pipe()?;
    Ok(vec![(datagrams, true), (reader.into(), false)])
}

/// Connects to a Unix socket, blocking.
pub(crate) fn connect_unix(path: &Path) -> io::Result<TcpStream> {
    Ok(OwnedFd::from(UnixStream::connect(path)?).into())
}

/// Leaves a Unix socket's file behind that nobody listens on.
pub(crate) fn leave_socket(path: &Path) -> io::Result<()> {
    UnixListener::bind(path).map(drop)
}

/// The name of a Unix socket outside the file system.
pub(crate) fn abstract_name(name: &str) -> Result<PathBuf, Stop> {
    let path = PathBuf::from(format!("\0{name}-{}", std::process::id()));
    match SockAddr::unix(&path) {
        Ok(address) if address.as_abstract_namespace().is_some() => Ok(path),
        _ => Err(Stop::skipped("names outside the file system")),
    }
}

/// While it lives this process can open nothing more.
pub(crate) struct Exhausted(Rlimit);

impl Drop for Exhausted {
    fn drop(&mut self) {
        // Going back to what was allowed before is allowed.
        let _ = setrlimit(Resource::Nofile, self.0);
    }
}

/// Takes this process every descriptor that it could still open.
pub(crate) fn exhaust_descriptors() -> Result<Exhausted, Stop> {
    let before = getrlimit(Resource::Nofile);
    let none = Rlimit {
        current: Some(0),
        maximum: before.maximum,
    };
    setrlimit(Resource::Nofile, none)?;
    Ok(Exhausted(before))
}

/// A pipe that passes for a file, and its other end.
pub(crate) fn pipe_as_file() -> io::Result<(File, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    Ok((File::from(OwnedFd::from(reader)), writer))
}

/// A directory that passes for a file.
pub(crate) fn directory() -> io::Result<File> {
    File::open(std::env::temp_dir())
}

/// A handle of one's own on what a source names.
pub(crate) type OwnedSource = OwnedFd;

/// Duplicates the descriptor of a source.
pub(crate) fn own_source(source: Source<'_>) -> io::Result<OwnedSource> {
    source.fd().try_clone_to_owned()
}

/// Duplicates the handle of a file.
pub(crate) fn own_file(file: BorrowedFile<'_>) -> io::Result<File> {
    Ok(file.fd().try_clone_to_owned()?.into())
}

/// Whether an error says that an attempt to connect is under way.
pub(crate) fn is_connecting(error: &io::Error) -> bool {
    Errno::from_io_error(error) == Some(Errno::INPROGRESS)
}

/// One source of each kind that cannot be watched.
pub(crate) fn unwatchable() -> Result<Vec<Unwatchable>, Stop> {
    let file = Unwatchable {
        kind: "regular file",
        source: Box::new(tempfile::tempfile()?),
    };
    let directory = Unwatchable {
        kind: "directory",
        source: Box::new(directory()?),
    };
    Ok(vec![file, directory])
}

/// One source of each kind that becomes readable.
pub(crate) fn watchable() -> Result<Vec<Watchable>, Stop> {
    let (reader, writer) = pipe()?;
    let pipe = Watchable::new("pipe", reader, writer);
    let (ours, theirs) = UnixStream::pair()?;
    let stream = Watchable::new("Unix stream", ours, theirs);
    let folder = tempfile::tempdir()?;
    let path = make_fifo(folder.path())?;
    // Opened for both, so that neither end has to wait for the other.
    let end = File::options().read(true).write(true).open(&path)?;
    let fifo = Watchable::new("FIFO", end.try_clone()?, end);
    let (terminal, line) = terminal()?;
    let terminal = Watchable::new("terminal", terminal, line);
    Ok(vec![pipe, stream, fifo, terminal])
}

impl Watchable {
    fn new(
        kind: &'static str,
        source: impl AsSource + 'static,
        mut other: impl Write + 'static,
    ) -> Self {
        Self {
            kind,
            source: Box::new(source),
            make_ready: Box::new(move || {
                other.write_all(b"x\n")?;
                Ok(Box::new(other))
            }),
        }
    }
}

/// Makes room for so many descriptors in this process.
pub(crate) fn allow_descriptors(count: u64) -> Result<(), Stop> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= count) {
        return Ok(());
    }
    limit.current = Some(limit.maximum.map_or(count, |maximum| maximum.min(count)));
    setrlimit(Resource::Nofile, limit)?;
    if limit.current == Some(count) {
        return Ok(());
    }
    let lack = format!(
        "a limit of {count} open descriptors, not {:?}",
        limit.current
    );
    Err(Stop::skipped(lack))
}

/// A crash ends a process at once.
pub(crate) fn end_at_crashes() {}

/// The descriptors that this process has open, by their numbers.
pub(crate) fn open_descriptors() -> Result<BTreeSet<String>, Stop> {
    let list = || -> io::Result<BTreeSet<String>> {
        let entries = fs::read_dir(DESCRIPTORS)?.collect::<io::Result<Vec<_>>>()?;
        // Without the one by which they were listed.
        let open = entries.iter().filter(|entry| entry.metadata().is_ok());
        let names = open.map(|entry| entry.file_name().to_string_lossy().into_owned());
        Ok(names.collect())
    };
    let before = list()?;
    let _another = File::open("/dev/null")?;
    if list()? == before {
        return Err(Stop::skipped("a complete list of open descriptors"));
    }
    Ok(before)
}

/// What is behind a descriptor, where the system tells.
pub(crate) fn describe_descriptor(number: &str) -> Option<String> {
    let target = fs::read_link(Path::new(DESCRIPTORS).join(number)).ok()?;
    Some(target.to_string_lossy().into_owned())
}

/// The descriptors that a child process inherits, as it names them.
pub(crate) fn inherited_descriptors() -> Result<BTreeSet<String>, Stop> {
    let list = || -> Result<BTreeSet<String>, Stop> {
        let output = Command::new("ls").arg(DESCRIPTORS).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().map(str::to_owned).collect())
    };
    let inherited = list()?;
    let another = File::open("/dev/null")?;
    fcntl_setfd(&another, fcntl_getfd(&another)? - FdFlags::CLOEXEC)?;
    if list()? == inherited {
        return Err(Stop::skipped("a complete list of a child's descriptors"));
    }
    Ok(inherited)
}

/// Stops this process and has it continued, a few times over. Where a system
/// call does not survive that, it ends with EINTR (signal(7)).
pub(crate) fn interrupt() -> Result<(), Stop> {
    const SCRIPT: &str =
        "for i in 1 2 3 4 5; do kill -STOP $PPID; sleep 0.02; kill -CONT $PPID; sleep 0.02; done";
    let status = Command::new("sh").args(["-c", SCRIPT]).status()?;
    if status.success() {
        return Ok(());
    }
    Err(Stop::skipped("a shell that can stop a process"))
}

/// Two signals that are of no other use.
pub(crate) fn spare_signals() -> Result<[SignalKind; 2], Stop> {
    Ok([SignalKind::user_defined1(), SignalKind::user_defined2()])
}

/// Sends this thread a signal. It was delivered when this returns: one that came
/// later, when nobody listens any more, would end the process.
pub(crate) fn send_signal(kind: SignalKind) -> Outcome {
    Ok(signal_hook::low_level::raise(kind.as_raw())?)
}

/// A file that tells no size, and what is in it, where there is one.
pub(crate) fn sizeless_file() -> io::Result<Option<(File, Vec<u8>)>> {
    const MADE_UP: &str = "/proc/version";
    match fs::read(MADE_UP) {
        Ok(content) => Ok(Some((File::open(MADE_UP)?, content))),
        Err(_) => Ok(None),
    }
}
