//! What goes one way: the ends of pipes.

use std::io;

use super::{Stream, StreamIo};

impl<S: StreamIo> Stream<S> {
    /// What is only written to was reported as readable: nobody reads any more
    /// (line D33).
    #[cold]
    pub(super) fn reader_left(&self) {
        if self.with_io(StreamIo::has_reader).unwrap_or(true) {
            // There is something to read, which nobody wants: it is not to be
            // reported again.
            self.pause();
            return self.update_interest();
        }
        let lost = self.queued.get() > 0;
        self.fail(lost.then(|| io::ErrorKind::BrokenPipe.into()));
    }
}
