//! What can be watched or sent: the one place in this crate that knows that
//! systems differ in how they name an open descriptor.

#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
#[cfg(windows)]
use std::os::windows::io::{AsHandle, AsRawSocket, AsSocket, BorrowedHandle, BorrowedSocket};

/// A borrowed descriptor that can be watched: any file descriptor on Unix, a
/// socket on Windows.
///
/// Borrowing is what makes a watch right: a source that could have been closed
/// already, or a bare number, cannot be named.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    #[cfg(unix)]
    inner: BorrowedFd<'a>,
    #[cfg(windows)]
    inner: BorrowedSocket<'a>,
}

impl<'a> Source<'a> {
    /// The source of a borrowed file descriptor.
    #[cfg(unix)]
    #[must_use]
    pub fn from_fd(fd: BorrowedFd<'a>) -> Self {
        Self { inner: fd }
    }

    /// The borrowed file descriptor.
    #[cfg(unix)]
    #[must_use]
    pub fn fd(self) -> BorrowedFd<'a> {
        self.inner
    }

    /// The source of a borrowed socket.
    #[cfg(windows)]
    #[must_use]
    pub fn from_socket(socket: BorrowedSocket<'a>) -> Self {
        Self { inner: socket }
    }

    /// The borrowed socket.
    #[cfg(windows)]
    #[must_use]
    pub fn socket(self) -> BorrowedSocket<'a> {
        self.inner
    }

    /// The number of the descriptor: a file descriptor, or a `SOCKET`.
    ///
    /// Numbers are reused as soon as a descriptor is closed; this one is for
    /// look-ups and messages, not for keeping.
    #[must_use]
    #[allow(
        clippy::cast_sign_loss,
        clippy::unnecessary_cast,
        reason = "an open descriptor is not negative, and a SOCKET is 64 bits wide on some targets"
    )]
    pub fn number(self) -> u64 {
        #[cfg(unix)]
        return self.inner.as_raw_fd() as u64;
        #[cfg(windows)]
        return self.inner.as_raw_socket() as u64;
    }
}

#[cfg(unix)]
impl AsFd for Source<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner
    }
}

#[cfg(windows)]
impl AsSocket for Source<'_> {
    fn as_socket(&self) -> BorrowedSocket<'_> {
        self.inner
    }
}

/// Whatever has a descriptor that can be watched: [`AsFd`](std::os::fd::AsFd)
/// on Unix, `AsSocket` on Windows.
pub trait AsSource {
    /// Borrows the descriptor.
    fn as_source(&self) -> Source<'_>;
}

#[cfg(unix)]
impl<T: AsFd + ?Sized> AsSource for T {
    fn as_source(&self) -> Source<'_> {
        Source::from_fd(self.as_fd())
    }
}

#[cfg(windows)]
impl<T: AsSocket + ?Sized> AsSource for T {
    fn as_source(&self) -> Source<'_> {
        Source::from_socket(self.as_socket())
    }
}

/// A borrowed open file: a file descriptor on Unix, a handle on Windows.
#[derive(Clone, Copy, Debug)]
pub struct BorrowedFile<'a> {
    #[cfg(unix)]
    inner: BorrowedFd<'a>,
    #[cfg(windows)]
    inner: BorrowedHandle<'a>,
}

impl<'a> BorrowedFile<'a> {
    /// The borrowed file descriptor.
    #[cfg(unix)]
    #[must_use]
    pub fn fd(self) -> BorrowedFd<'a> {
        self.inner
    }

    /// The borrowed handle.
    #[cfg(windows)]
    #[must_use]
    pub fn handle(self) -> BorrowedHandle<'a> {
        self.inner
    }
}

impl<'a> From<&'a std::fs::File> for BorrowedFile<'a> {
    fn from(file: &'a std::fs::File) -> Self {
        #[cfg(unix)]
        return Self {
            inner: file.as_fd(),
        };
        #[cfg(windows)]
        return Self {
            inner: file.as_handle(),
        };
    }
}
