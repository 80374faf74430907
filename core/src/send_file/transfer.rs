//! A file that is being sent, whatever carries it.

use std::io;
use std::num::NonZeroU64;

use super::error::classify;
use super::fallback::Fallback;
use super::source::Reading;
use super::{FilePosition, FileSource, SendFileErrorKind as Kind, SendFileOptions};
use crate::backend::{BorrowedFile, Key, SendFile, Sent, Source};
use crate::engine::Engine;
use crate::trace::FileSpan;
use crate::transport::Address;

/// How much one call sends, in bytes: other connections wait for at most so
/// long (line A70). A smaller one is felt: with 1 MiB a file of 64 MiB cost 1.05
/// times as much as without a bound, and with this 1.03 times.
const STRETCH: NonZeroU64 = NonZeroU64::MIN.saturating_add(2 * 1024 * 1024 - 1);

/// The largest offset of a file: `off_t` is signed.
const LARGEST_OFFSET: u64 = i64::MAX as u64;

/// What a transfer waits for, or how it ended.
pub(crate) enum Step {
    /// Until the socket takes more.
    Writable,
    /// Until [`Transfer::read`] has read.
    Read,
    /// Until the kernel has reported the end of the job in flight.
    InFlight,
    /// Nothing more.
    Finished(Result<(), Kind>),
}

/// A file that is being sent: its range, its progress, and its position.
pub(crate) struct Transfer {
    file: Reading,
    options: SendFileOptions,
    sent: u64,
    /// How many bytes there are to send, as far as is known.
    total: Option<u64>,
    reported: u64,
    fallback: Option<Fallback>,
    /// How it goes, as far as it was counted.
    counted: Option<Way>,
    span: FileSpan,
}

/// How a file goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Native,
    Fallback,
}

/// How many bytes there are to send, if that is known.
#[inline(never)]
fn expected(file: &Reading, options: &SendFileOptions) -> Option<u64> {
    let size = file.regular_size()?.saturating_sub(options.offset);
    Some(options.count.map_or(size, |count| count.min(size)))
}

impl Transfer {
    /// Checks a request (lines A7 to A9), before anything is touched.
    #[inline]
    pub(crate) fn check(options: &SendFileOptions) -> Result<(), Kind> {
        if options.count == Some(0) {
            return Err(Kind::InvalidCount);
        }
        if options.offset > LARGEST_OFFSET {
            return Err(Kind::InvalidOffset);
        }
        Ok(())
    }

    /// Begins with a request that was [checked](Self::check).
    #[inline]
    pub(crate) fn new(source: FileSource, options: SendFileOptions) -> Self {
        let file = Reading::new(source);
        // The size is worth a system call only where somebody asks: for the
        // total, or to tell a full socket from the end of the file.
        let total = if options.progress.is_some() || options.count.is_none() {
            expected(&file, &options)
        } else {
            None
        };
        let span = FileSpan::begin(options.offset, options.count);
        Self {
            file,
            options,
            sent: 0,
            total,
            reported: 0,
            fallback: None,
            counted: None,
            span,
        }
    }

    /// Where the file goes to, for whoever looks on.
    pub(crate) fn goes_to(&self, peer: impl FnOnce() -> Option<Address>) {
        self.span.goes_to(peer);
    }

    #[inline]
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// Where in the file the next byte is.
    #[inline]
    fn at(&self) -> u64 {
        self.options.offset + self.sent
    }

    /// Whether the count is reached, if there is one.
    #[inline]
    fn is_complete(&self) -> bool {
        self.options.count.is_some_and(|count| self.sent >= count)
    }

    /// How much may still be sent. A count may reach beyond every file
    /// (line A26); what the system is asked for may not.
    fn left(&self) -> u64 {
        let room = LARGEST_OFFSET.saturating_sub(self.at());
        let count = self.options.count;
        count.map_or(room, |count| room.min(count.saturating_sub(self.sent)))
    }

    /// Makes one attempt: at most one stretch, one system call that sends.
    /// `native` is where the kernel could send to; without it the file is read
    /// and written. Inlined, as is what calls it: see `Carrier::attempt`.
    #[inline(always)]
    pub(crate) fn step(
        &mut self,
        engine: &Engine,
        native: Option<(Key, Source<'_>)>,
        write: &mut dyn FnMut(&[u8]) -> io::Result<usize>,
    ) -> Step {
        if self.fallback.is_none() {
            let step = match native {
                Some((key, socket)) => self.native(engine, key, socket),
                None => Step::Finished(Err(Kind::NotAvailable)),
            };
            match step {
                Step::Finished(Err(Kind::NotAvailable)) if !self.options.no_fallback => {
                    self.fall_back()
                }
                step => return step,
            }
        }
        self.copy(engine, write)
    }

    fn fall_back(&mut self) {
        self.fallback = Some(Fallback::new(self.options.offset));
    }

    /// Another thread has to read, and to know whether there are offsets: a
    /// stream has none (line A14). What is read in place says so itself, which
    /// spares most files the question.
    fn elsewhere(&mut self, asked_before: bool) -> Step {
        // What has a total is a regular file, and was looked at already.
        if self.total.is_none() && !asked_before {
            if let Err(error) = self.file.examine() {
                return Step::Finished(Err(Kind::File(error)));
            }
        }
        if self.file.is_stream() && self.options.offset > 0 {
            return Step::Finished(Err(Kind::NotSeekable));
        }
        Step::Read
    }

    /// Sends inside the kernel. `NotAvailable` if it never could.
    #[inline]
    fn native(&mut self, engine: &Engine, key: Key, socket: Source<'_>) -> Step {
        let capable = engine.capabilities().send_file;
        loop {
            let Some(file) = self.file.open_file().filter(|_| capable) else {
                return Step::Finished(Err(Kind::NotAvailable));
            };
            let Some(left) = NonZeroU64::new(self.left()) else {
                return self.nothing_to_ask();
            };
            let len = left.min(STRETCH);
            let job = SendFile {
                socket,
                file: BorrowedFile::from(file),
                offset: self.at(),
                len,
            };
            let answer = engine.with_backend(|backend| backend.send_file(key, &job));
            let Some(answer) = answer else {
                return Step::Finished(Err(Kind::LoopClosed));
            };
            match answer {
                Ok(Sent::Bytes(0)) => return Step::Finished(Ok(())),
                Ok(Sent::Bytes(count)) => {
                    self.count(engine, Way::Native);
                    self.advance(count);
                    if self.is_complete() {
                        return Step::Finished(Ok(()));
                    }
                    // A short count is a full socket, unless it is the end of
                    // the file: then asking once more is cheaper than waiting.
                    let at_end = self.total == Some(self.sent) && count < len.get();
                    if !at_end {
                        return Step::Writable;
                    }
                }
                Ok(Sent::NotReady) => return Step::Writable,
                Ok(Sent::InFlight) => {
                    self.count(engine, Way::Native);
                    return Step::InFlight;
                }
                Err(error) => return self.refused(error),
            }
        }
    }

    /// Behind the largest offset there is nothing to ask the kernel for, which
    /// would otherwise have refused what has no offsets (line A14).
    #[cold]
    fn nothing_to_ask(&mut self) -> Step {
        Step::Finished(match self.file.examine() {
            Err(error) => Err(Kind::File(error)),
            Ok(()) if self.file.is_stream() => Err(Kind::NotAvailable),
            Ok(()) => Ok(()),
        })
    }

    /// What an error of a native call means.
    #[cold]
    fn refused(&self, error: io::Error) -> Step {
        let kind = match error.kind() {
            // Later it is a real error: what has left cannot be taken back
            // (line A4).
            io::ErrorKind::Unsupported if self.sent == 0 => Kind::NotAvailable,
            io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock => return Step::Writable,
            _ => classify(error),
        };
        Step::Finished(Err(kind))
    }

    /// Takes the report of a job in flight. None if another step is due.
    pub(crate) fn done(&mut self, result: io::Result<u64>) -> Option<Result<(), Kind>> {
        match result {
            Ok(0) => Some(Ok(())),
            Ok(count) => {
                self.advance(count);
                (self.is_complete()).then_some(Ok(()))
            }
            Err(error) => match self.refused(error) {
                Step::Finished(Err(Kind::NotAvailable)) if !self.options.no_fallback => {
                    self.fall_back();
                    None
                }
                Step::Finished(result) => Some(result),
                _ => None,
            },
        }
    }

    /// Reads and writes.
    #[inline(never)]
    fn copy(&mut self, engine: &Engine, write: &mut dyn FnMut(&[u8]) -> io::Result<usize>) -> Step {
        let left = self.left();
        self.count(engine, Way::Fallback);
        let Some(fallback) = &mut self.fallback else {
            return Step::Finished(Err(Kind::NotAvailable));
        };
        if fallback.is_empty() {
            if left == 0 {
                // Behind the largest offset there is; a stream has none at all.
                return match self.elsewhere(false) {
                    Step::Read => Step::Finished(Ok(())),
                    step => step,
                };
            }
            match fallback.fill(engine, &self.file, left) {
                Ok(true) => {}
                Ok(false) => return Step::Finished(Ok(())),
                Err(error) => {
                    use io::ErrorKind as Io;
                    let asked_before = fallback.is_positioned();
                    return match error.kind() {
                        Io::WouldBlock | Io::NotSeekable => self.elsewhere(asked_before),
                        _ => Step::Finished(Err(Kind::File(error))),
                    };
                }
            }
        }
        match write(fallback.unsent()) {
            Ok(count) => {
                fallback.advance(engine, count);
                self.advance(count as u64);
            }
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Step::Writable,
                    _ => Step::Finished(Err(Kind::Connection(error))),
                };
            }
        }
        if self.is_complete() {
            Step::Finished(Ok(()))
        } else {
            Step::Writable
        }
    }

    /// Reads the next chunk on another thread. To be called after
    /// [`Step::Read`], and its result to be given to [`Self::restore`].
    pub(crate) fn read(&mut self, engine: &Engine) -> Option<super::fallback::ChunkRead> {
        let left = self.left();
        let fallback = self.fallback.as_mut()?;
        Some(fallback.read(engine, &mut self.file, left))
    }

    /// Takes back what [`Self::read`] has read; an error ends the transfer.
    pub(crate) fn restore(&mut self, chunk: super::fallback::Chunk) -> Option<Result<(), Kind>> {
        let fallback = self.fallback.as_mut()?;
        match fallback.restore(chunk) {
            Ok(true) => None,
            Ok(false) => Some(Ok(())),
            Err(error) => Some(Err(Kind::File(error))),
        }
    }

    /// Counts the file, once for each way that it goes.
    fn count(&mut self, engine: &Engine, way: Way) {
        if self.counted != Some(way) {
            self.counted = Some(way);
            match way {
                Way::Native => {
                    engine.counters().file_sent_natively();
                    self.span.goes("native");
                }
                Way::Fallback => {
                    engine.counters().file_copied();
                    self.span.goes("fallback");
                }
            }
        }
    }

    fn advance(&mut self, count: u64) {
        self.sent += count;
    }

    /// Whether the user is told of the progress.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.options.progress.is_some()
    }

    /// Tells the progress, if there was any. User code: the caller borrows
    /// nothing.
    pub(crate) fn report(&mut self) {
        if self.sent == self.reported {
            return;
        }
        self.reported = self.sent;
        if let Some(progress) = &mut self.options.progress {
            progress(self.sent, self.total);
        }
    }

    /// Sets the file position; the transfer is over, with an error or without
    /// (lines A33 to A37).
    #[inline]
    pub(crate) fn settle(&self, error: Option<&Kind>) -> io::Result<()> {
        self.span.end(self.sent, error);
        match self.options.position {
            FilePosition::Keep => Ok(()),
            FilePosition::Update => self.file.set_position(self.at()),
        }
    }
}

impl Transfer {
    /// The transfer is over: the loop gets its buffer back.
    #[inline]
    pub(crate) fn release(&mut self, engine: &Engine) {
        if let Some(fallback) = &mut self.fallback {
            fallback.release(engine);
        }
    }
}
