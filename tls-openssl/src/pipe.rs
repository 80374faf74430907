//! What OpenSSL reads from and writes to: memory.

use std::cell::Cell;
use std::io::{self, Read, Write};

use crate::sys::Lent;

thread_local! {
    /// What one call reads and writes, which is the thread's and not a
    /// connection's: an idle one has no memory.
    static SPARE: Cell<Option<Box<Io>>> = const { Cell::new(None) };
}

/// The stream of a connection. It has something to read for as long as that is
/// lent to it, and always room for what is written.
#[derive(Debug, Default)]
pub(crate) struct Pipe(Option<Box<Io>>);

#[derive(Debug, Default)]
struct Io {
    input: Lent,
    output: Vec<u8>,
}

impl Pipe {
    fn io(&mut self) -> &mut Io {
        self.0.get_or_insert_with(|| {
            let spare = SPARE.try_with(Cell::take);
            spare.ok().flatten().unwrap_or_default()
        })
    }

    /// What there is to be read.
    pub(crate) fn lent(&mut self) -> &mut Lent {
        &mut self.io().input
    }

    /// Whether everything has been read.
    pub(crate) fn is_drained(&self) -> bool {
        let io = self.0.as_ref();
        io.is_none_or(|io| io.input.is_drained())
    }

    /// Gives the memory back to the thread.
    pub(crate) fn rest(&mut self) {
        if let Some(io) = self.0.take() {
            let _ = SPARE.try_with(|spare| spare.set(Some(io)));
        }
    }

    /// Exchanges where output is appended.
    pub(crate) fn swap_output(&mut self, wire: &mut Vec<u8>) {
        std::mem::swap(&mut self.io().output, wire);
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.0.as_mut().map_or(0, |io| io.input.read(into));
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.io().output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
