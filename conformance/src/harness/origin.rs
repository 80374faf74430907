//! What is sent: a file, or the same in memory.

use std::fs::File;
use std::io::{self, Cursor, Seek, SeekFrom, Write};
use std::sync::Arc;

use loopline_core::{FileSource, SharedReader};

use super::files;

/// What is sent, in the hands of a case.
pub(crate) enum Origin {
    File(Arc<File>),
    Memory(SharedReader<Cursor<Vec<u8>>>),
}

impl Origin {
    /// A file with this content; its position is at the end.
    pub(crate) fn file(content: &[u8]) -> io::Result<Self> {
        Ok(Self::File(Arc::new(files::file(content)?)))
    }

    /// The same in memory.
    pub(crate) fn memory(content: &[u8]) -> Self {
        let mut reader = Cursor::new(content.to_vec());
        reader.set_position(content.len() as u64);
        Self::Memory(SharedReader::new(reader))
    }

    /// What the loop is given.
    pub(crate) fn source(&self) -> FileSource {
        match self {
            Self::File(file) => file.into(),
            Self::Memory(reader) => FileSource::reader(reader.clone()),
        }
    }

    pub(crate) fn position(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => (&**file).stream_position(),
            Self::Memory(reader) => Ok(reader.lock().position()),
        }
    }

    pub(crate) fn set_position(&self, position: u64) -> io::Result<()> {
        match self {
            Self::File(file) => (&**file).seek(SeekFrom::Start(position)).map(drop),
            Self::Memory(reader) => {
                reader.lock().set_position(position);
                Ok(())
            }
        }
    }

    /// Appends, and leaves the position where it was.
    pub(crate) fn append(&self, more: &[u8]) -> io::Result<()> {
        match self {
            Self::File(file) => {
                let mut file = &**file;
                let position = file.stream_position()?;
                file.seek(SeekFrom::End(0))?;
                file.write_all(more)?;
                file.seek(SeekFrom::Start(position)).map(drop)
            }
            Self::Memory(reader) => {
                reader.lock().get_mut().extend_from_slice(more);
                Ok(())
            }
        }
    }

    /// Cuts the end off.
    pub(crate) fn truncate(&self, len: usize) -> io::Result<()> {
        match self {
            Self::File(file) => file.set_len(len as u64),
            Self::Memory(reader) => {
                reader.lock().get_mut().truncate(len);
                Ok(())
            }
        }
    }
}
