//! What OpenSSL reads from and writes to: memory.

use std::cell::Cell;
use std::io::{self, Read, Write};

use loopline_core::tls::RECORD_LIMIT;

thread_local! {
    /// What one call reads and writes, which is the thread's and not a
    /// connection's: an idle one has no memory.
    static SPARE: Cell<Option<Box<Io>>> = const { Cell::new(None) };
}

/// The stream of a connection. It never has more to read than one record, and
/// always room for what is written.
#[derive(Debug, Default)]
pub(crate) struct Pipe(Option<Box<Io>>);

#[derive(Debug, Default)]
struct Io {
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
}

impl Pipe {
    fn io(&mut self) -> &mut Io {
        self.0.get_or_insert_with(|| {
            let spare = SPARE.try_with(Cell::take);
            spare.ok().flatten().unwrap_or_default()
        })
    }

    /// Gives it a record to read.
    pub(crate) fn feed(&mut self, record: &[u8]) {
        let io = self.io();
        io.input.clear();
        io.input.extend_from_slice(record);
        io.taken = 0;
    }

    /// Whether everything has been read.
    pub(crate) fn is_drained(&self) -> bool {
        let io = self.0.as_ref();
        io.is_none_or(|io| io.taken == io.input.len())
    }

    /// Gives the memory back to the thread.
    pub(crate) fn rest(&mut self) {
        let Some(mut io) = self.0.take() else {
            return;
        };
        io.input.clear();
        io.taken = 0;
        if io.input.capacity() <= RECORD_LIMIT * 2 {
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
        let Some(io) = self.0.as_mut().filter(|io| io.taken < io.input.len()) else {
            return Err(io::ErrorKind::WouldBlock.into());
        };
        let rest = &io.input[io.taken..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        io.taken += count;
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
