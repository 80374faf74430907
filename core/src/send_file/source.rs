//! Where the bytes of a file come from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A reader that can be positioned, such as `Cursor`.
pub trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send + ?Sized> ReadSeek for T {}

/// Where the bytes of a file come from.
///
/// An open file is shared with the loop for as long as it is being sent:
/// neither side may move its position meanwhile. Anything else that can be
/// read and positioned is sent by the fallback (line A12), on another thread.
pub enum FileSource {
    /// An open file. Pipes and terminals count as files too: they are streamed
    /// by the fallback from offset 0 (line A14).
    File(Arc<File>),
    /// A reader, such as bytes in memory (line A13). [`SharedReader`] keeps a
    /// handle on it.
    Reader(Box<dyn ReadSeek>),
}

impl FileSource {
    /// A source of anything that can be read and positioned.
    pub fn reader(reader: impl ReadSeek + 'static) -> Self {
        Self::Reader(Box::new(reader))
    }
}

impl From<File> for FileSource {
    fn from(file: File) -> Self {
        Self::File(Arc::new(file))
    }
}

impl From<Arc<File>> for FileSource {
    #[inline]
    fn from(file: Arc<File>) -> Self {
        Self::File(file)
    }
}

impl From<&Arc<File>> for FileSource {
    #[inline]
    fn from(file: &Arc<File>) -> Self {
        Self::File(Arc::clone(file))
    }
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
            Self::Reader(_) => f.debug_tuple("Reader").finish_non_exhaustive(),
        }
    }
}

/// A reader that several hold, so that its position can be asked for after it
/// was sent.
///
/// ```
/// use std::io::Cursor;
/// use loopline_core::{FileSource, SharedReader};
///
/// let reader = SharedReader::new(Cursor::new(b"in memory".to_vec()));
/// let source = FileSource::reader(reader.clone());
/// # drop(source);
/// assert_eq!(reader.lock().position(), 0);
/// ```
#[derive(Debug)]
pub struct SharedReader<R>(Arc<Mutex<R>>);

impl<R> SharedReader<R> {
    /// Shares a reader.
    pub fn new(reader: R) -> Self {
        Self(Arc::new(Mutex::new(reader)))
    }

    /// The reader itself. A lock that a panic left behind is taken all the
    /// same.
    pub fn lock(&self) -> MutexGuard<'_, R> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> Clone for SharedReader<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R: Read> Read for SharedReader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.lock().read(into)
    }
}

impl<R: Seek> Seek for SharedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.lock().seek(to)
    }
}

/// A source that is being sent.
pub(super) enum Reading {
    /// Something that can be read at any offset, a directory's refusal
    /// included.
    File(Arc<File>),
    /// The same, once another thread has been asked to read it.
    Placed(Arc<Placed>),
    /// A pipe, a socket, a terminal: no offset, no position.
    Stream(Arc<File>),
    Reader(Arc<Lent>),
}

/// A file between this thread and the one that reads.
///
/// On Unix reading at an offset leaves the position alone. On Windows it moves
/// it, and the transfer may end while the other thread reads: whoever comes
/// last leaves the file at its position (line A37).
pub(super) struct Placed {
    file: Arc<File>,
    /// Where it is to be left, once the transfer has ended.
    settled_at: Mutex<Option<u64>>,
}

impl Placed {
    pub(super) fn new(file: Arc<File>) -> Arc<Self> {
        Arc::new(Self {
            file,
            settled_at: Mutex::new(None),
        })
    }

    /// Reads at an offset, whatever interrupts.
    pub(super) fn read(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        loop {
            match self.read_once(into, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    #[cfg(unix)]
    fn read_once(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&*self.file, into, at)
    }

    #[cfg(windows)]
    fn read_once(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut file = &*self.file;
        let before = file.stream_position()?;
        let read = std::os::windows::fs::FileExt::seek_read(file, into, at);
        let settled_at = self.settled_at();
        file.seek(SeekFrom::Start(settled_at.unwrap_or(before)))?;
        match read {
            // The system has no name of its own for it.
            Err(_) if file.metadata().is_ok_and(|about| about.is_dir()) => {
                Err(io::ErrorKind::IsADirectory.into())
            }
            // The largest offsets are refused, and not said to be the end.
            Err(error)
                if error.kind() == io::ErrorKind::InvalidInput
                    && file.metadata().is_ok_and(|about| at >= about.len()) =>
            {
                Ok(0)
            }
            other => other,
        }
    }

    fn settled_at(&self) -> MutexGuard<'_, Option<u64>> {
        let settled_at = self.settled_at.lock();
        settled_at.unwrap_or_else(PoisonError::into_inner)
    }

    fn set_position(&self, position: u64) -> io::Result<u64> {
        let mut settled_at = self.settled_at();
        *settled_at = Some(position);
        (&*self.file).seek(SeekFrom::Start(position))
    }
}

/// A reader between this thread and the one that reads.
///
/// The transfer may end, or the loop be closed, while the other thread reads:
/// whoever comes last leaves the reader at its position (line A37).
pub(super) struct Lent(Mutex<Place>);

struct Place {
    /// None while another thread reads from it.
    reader: Option<Box<dyn ReadSeek>>,
    /// Where that thread is to leave it, once the transfer has ended.
    settle_at: Option<u64>,
}

impl Lent {
    #[inline(never)]
    fn new(reader: Box<dyn ReadSeek>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Place {
            reader: Some(reader),
            settle_at: None,
        })))
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads, after moving to `seek_to`.
    pub(super) fn read(&self, into: &mut [u8], seek_to: Option<u64>) -> io::Result<usize> {
        let taken = self.place().reader.take();
        let Some(mut reader) = taken else {
            return Err(io::Error::other("the reader is gone"));
        };
        let read = unpanicking(|| {
            if let Some(position) = seek_to {
                reader.seek(SeekFrom::Start(position))?;
            }
            read_on(&mut reader, into)
        });
        self.put_back(reader);
        read
    }

    fn put_back(&self, mut reader: Box<dyn ReadSeek>) {
        let settle_at = {
            let mut place = self.place();
            if place.settle_at.is_none() {
                place.reader = Some(reader);
                return;
            }
            place.settle_at
        };
        if let Some(position) = settle_at {
            // Nobody is left to be told.
            let _ = unpanicking(|| reader.seek(SeekFrom::Start(position)));
        }
    }

    fn set_position(&self, position: u64) -> io::Result<u64> {
        let taken = {
            let mut place = self.place();
            place.settle_at = Some(position);
            place.reader.take()
        };
        let Some(mut reader) = taken else {
            return Ok(position);
        };
        unpanicking(|| reader.seek(SeekFrom::Start(position)))
    }
}

/// A reader that panics fails its own transfer, and neither the loop nor the
/// thread that all transfers share.
fn unpanicking<T>(use_reader: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(use_reader))
        .unwrap_or_else(|_| Err(io::Error::other("the reader panicked")))
}

impl Reading {
    #[inline]
    pub(super) fn new(source: FileSource) -> Self {
        match source {
            FileSource::File(file) => Self::File(file),
            FileSource::Reader(reader) => Self::Reader(Lent::new(reader)),
        }
    }

    /// Finds out what kind of file it is, before it is read.
    ///
    /// # Errors
    ///
    /// What fstat(2) answers.
    pub(super) fn examine(&mut self) -> io::Result<()> {
        if let Self::File(file) = self {
            if streams(file)? {
                *self = Self::Stream(Arc::clone(file));
            }
        }
        Ok(())
    }

    pub(super) fn is_stream(&self) -> bool {
        matches!(self, Self::Stream(_))
    }

    /// The open file, if it is one.
    #[inline]
    pub(super) fn open_file(&self) -> Option<&File> {
        match self {
            Self::File(file) | Self::Stream(file) => Some(file),
            Self::Placed(placed) => Some(&placed.file),
            Self::Reader(_) => None,
        }
    }

    /// The size of a regular file.
    pub(super) fn regular_size(&self) -> Option<u64> {
        let metadata = self.open_file()?.metadata().ok()?;
        metadata.is_file().then_some(metadata.len())
    }

    /// Sets the position, or leaves word for the thread that has the reader;
    /// nothing is read afterwards.
    pub(super) fn set_position(&self, position: u64) -> io::Result<()> {
        let moved = match self {
            Self::File(file) => (&**file).seek(SeekFrom::Start(position)),
            Self::Placed(placed) => placed.set_position(position),
            Self::Stream(_) => Ok(position),
            Self::Reader(lent) => lent.set_position(position),
        };
        moved.map(drop)
    }
}

/// Reads, whatever interrupts.
pub(super) fn read_on(reader: &mut (impl Read + ?Sized), into: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(count) if count > into.len() => {
                return Err(io::Error::other(
                    "the reader claims more than it had room for",
                ));
            }
            other => return other,
        }
    }
}

/// Whether a file has no offsets: a pipe, a socket, a terminal.
#[cfg(unix)]
fn streams(file: &File) -> io::Result<bool> {
    let kind = file.metadata()?.file_type();
    let is_block_device = std::os::unix::fs::FileTypeExt::is_block_device(&kind);
    Ok(!kind.is_file() && !kind.is_dir() && !is_block_device)
}

/// Whether a file has no offsets. The system has metadata only of what is on a
/// file system.
#[cfg(not(unix))]
fn streams(file: &File) -> io::Result<bool> {
    Ok(file.metadata().is_err())
}
