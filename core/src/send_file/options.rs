//! What of a file is sent, and how.

use std::fmt;

/// How a kind of transport sends files (line A3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendFileSupport {
    /// Not at all.
    Unsupported,
    /// Inside the kernel where the backend and the file allow it, else by
    /// reading and writing.
    Native,
    /// By reading and writing.
    Fallback,
}

/// What becomes of the file position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilePosition {
    /// `offset + sent`, after success, error and cancellation (lines A33 to
    /// A37).
    #[default]
    Update,
    /// Left alone, which saves a system call a file. A reader that is no file,
    /// which only moves by being read, is then wherever reading has left it.
    Keep,
}

/// Told how many bytes have left, and how many there are in all where that is
/// known: for a regular file, at the time when sending began.
pub type Progress = Box<dyn FnMut(u64, Option<u64>)>;

/// What of a file is sent, and how. The default sends the whole file.
///
/// ```
/// use loopline_core::SendFileOptions;
///
/// let middle = SendFileOptions::default().offset(100).count(50).fallback(false);
/// # let _ = middle;
/// ```
#[derive(Default)]
#[must_use]
pub struct SendFileOptions {
    pub(crate) offset: u64,
    pub(crate) count: Option<u64>,
    pub(crate) no_fallback: bool,
    pub(crate) position: FilePosition,
    pub(crate) progress: Option<Progress>,
}

impl SendFileOptions {
    /// Starts at `offset` bytes from the beginning of the file, wherever its
    /// position is (line A22). 0 by default.
    #[inline]
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// Sends at most `count` bytes, which is not 0 (lines A8, A9); fewer if the
    /// file ends before (line A26). Without it everything up to the end of the
    /// file is sent, wherever that is by then (line A29).
    #[inline]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Whether the file may be read and written where the kernel cannot send
    /// it. True by default; if false, such a file gets
    /// [`NotAvailable`](super::SendFileErrorKind::NotAvailable) (line A5).
    #[inline]
    pub fn fallback(mut self, allowed: bool) -> Self {
        self.no_fallback = !allowed;
        self
    }

    /// What becomes of the file position.
    #[inline]
    pub fn position(mut self, position: FilePosition) -> Self {
        self.position = position;
        self
    }

    /// Calls `progress` with the bytes that have left and the total, after each
    /// stretch. It runs on the loop's thread and may use the loop and the
    /// transport.
    pub fn progress(mut self, progress: impl FnMut(u64, Option<u64>) + 'static) -> Self {
        self.progress = Some(Box::new(progress));
        self
    }
}

impl fmt::Debug for SendFileOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFileOptions")
            .field("offset", &self.offset)
            .field("count", &self.count)
            .field("fallback", &!self.no_fallback)
            .field("position", &self.position)
            .field("progress", &self.progress.is_some())
            .finish()
    }
}
