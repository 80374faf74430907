//! What OpenSSL reads from and writes to: memory.

use std::cell::Cell;
use std::io::{self, Read, Write};

use loopline_core::tls::RECORD_LIMIT;

thread_local! {
    /// The memory for one record, which is the thread's and not a connection's:
    /// an idle one has none.
    static RECORD: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The stream of a connection. It never has more to read than one record, and
/// always room for what is written.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
}

impl Pipe {
    /// Gives it a record to read.
    pub(crate) fn feed(&mut self, record: &[u8]) {
        if self.input.capacity() == 0 {
            self.input = RECORD.try_with(Cell::take).unwrap_or_default();
        }
        self.input.clear();
        self.input.extend_from_slice(record);
        self.taken = 0;
    }

    /// Whether everything has been read.
    pub(crate) fn is_drained(&self) -> bool {
        self.taken == self.input.len()
    }

    /// Gives the memory for input back to the thread.
    pub(crate) fn rest(&mut self) {
        let mut input = std::mem::take(&mut self.input);
        self.taken = 0;
        input.clear();
        if (1..=RECORD_LIMIT * 2).contains(&input.capacity()) {
            let _ = RECORD.try_with(|record| record.set(input));
        }
    }

    /// Exchanges where output is appended.
    pub(crate) fn swap_output(&mut self, wire: &mut Vec<u8>) {
        std::mem::swap(&mut self.output, wire);
    }
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = &self.input[self.taken..];
        if rest.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.taken += count;
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
