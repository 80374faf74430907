//! Descriptors of other libraries, for async code.

mod error;
mod side;
mod state;

pub use error::NotWatched;

use std::cell::{Ref, RefCell};
use std::fmt;
use std::io;
use std::rc::Rc;

use side::Ready;
use state::Watch;

use crate::backend::{AsSource, Interest};
use crate::event_loop::LoopHandle;

/// A descriptor of another library that tasks wait for: what
/// [`add_reader`](crate::EventLoopExt::add_reader) is to callbacks.
///
/// It owns the descriptor, and belongs to the loop alone: neither `add_reader`
/// nor a transport can have it meanwhile (line C20). Dropping it first ends the
/// watch and then drops the descriptor, in the order that line C25 asks for.
///
/// Readiness is level-triggered: [`readable`](Self::readable) and
/// [`writable`](Self::writable) are ready again as long as something is left to
/// be read or there is room to write. While nobody waits the kernel is not
/// asked.
///
/// ```
/// use std::io;
/// use loopline_core::{EventLoop, Watched};
///
/// /// Waits for a datagram.
/// async fn receive(event_loop: &dyn EventLoop) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
///     let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
///     socket.set_nonblocking(true)?;
///     let socket = Watched::new(&event_loop.handle(), socket)?;
///     let mut buffer = [0; 1500];
///     let count = socket.read_with(|socket| socket.recv(&mut buffer)).await?;
///     Ok(buffer[..count].to_vec())
/// }
/// ```
pub struct Watched<T: AsSource + 'static> {
    /// First, so that it ends first.
    watch: Watch<T>,
    source: Rc<RefCell<T>>,
}

impl<T: AsSource + 'static> Watched<T> {
    /// Takes a descriptor. Whether it blocks is the caller's business: only
    /// [`readable`](Self::readable) and [`writable`](Self::writable) go with one
    /// that does.
    ///
    /// # Errors
    ///
    /// [`NotWatched`], with the descriptor: the system cannot watch its kind
    /// (line C18), or the loop uses it already (lines C20 to C22).
    pub fn new(event_loop: &LoopHandle, source: T) -> Result<Self, NotWatched<T>> {
        let source = Rc::new(RefCell::new(source));
        match Watch::begin(event_loop.engine(), &source) {
            Ok(watch) => Ok(Self { watch, source }),
            Err(error) => Err(NotWatched::new(error, alone(source))),
        }
    }

    /// Waits until something can be read: data, the end of the stream, or an
    /// error (line C1).
    ///
    /// Dropping the future changes nothing. Several may wait.
    ///
    /// # Errors
    ///
    /// What the system answers to watching it;
    /// [`NotConnected`](io::ErrorKind::NotConnected) once the loop is closed.
    pub async fn readable(&self) -> io::Result<()> {
        Ready::new(self.watch.state(), Interest::READ).await
    }

    /// Waits until something can be written, or fails (line C2).
    ///
    /// Dropping the future changes nothing. Several may wait.
    ///
    /// # Errors
    ///
    /// As for [`readable`](Self::readable).
    pub async fn writable(&self) -> io::Result<()> {
        Ready::new(self.watch.state(), Interest::WRITE).await
    }

    /// Runs an operation that does not block; None if it says that it would.
    /// One that was interrupted is run again.
    pub fn try_io<R>(&self, mut io: impl FnMut(&T) -> io::Result<R>) -> Option<io::Result<R>> {
        loop {
            match io(&self.get_ref()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Some(result),
            }
        }
    }

    /// Runs an operation that reads, as often as it says that it would block,
    /// and waits in between.
    ///
    /// # Errors
    ///
    /// What the operation answers, or [`readable`](Self::readable).
    pub async fn read_with<R>(&self, mut io: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        loop {
            if let Some(result) = self.try_io(&mut io) {
                return result;
            }
            self.readable().await?;
        }
    }

    /// Runs an operation that writes, as often as it says that it would block,
    /// and waits in between.
    ///
    /// # Errors
    ///
    /// What the operation answers, or [`writable`](Self::writable).
    pub async fn write_with<R>(&self, mut io: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        loop {
            if let Some(result) = self.try_io(&mut io) {
                return result;
            }
            self.writable().await?;
        }
    }

    /// The descriptor.
    #[must_use]
    pub fn get_ref(&self) -> Ref<'_, T> {
        self.source.borrow()
    }

    /// Lends the descriptor to be changed, for types that read or write only so.
    /// It must stay the same descriptor: another one in its place is not watched.
    pub fn with_mut<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.source.borrow_mut())
    }

    /// Ends the watch, and gives the descriptor back.
    #[must_use]
    pub fn into_inner(self) -> T {
        let Self { watch, source } = self;
        drop(watch);
        alone(source)
    }
}

#[allow(
    clippy::expect_used,
    reason = "the loop has a strong reference only while it arms, when no user code runs"
)]
fn alone<T>(source: Rc<RefCell<T>>) -> T {
    Rc::into_inner(source).expect("one owner").into_inner()
}

impl<T: AsSource + fmt::Debug + 'static> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&*self.get_ref()).finish()
    }
}
