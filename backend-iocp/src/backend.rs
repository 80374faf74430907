//! The backend: one completion port.

use std::fmt;
use std::io;
use std::os::windows::io::AsSocket;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::backend::{
    Backend, Capabilities, Events, Interest, Key, Rewatched, SendFile, Sent, Source, Waker,
};

use crate::associations;
use crate::batch::{Batch, Deadline};
use crate::send_file::{self, Files};
use crate::sys::{self, Port};
use crate::wake::{self, Alarm};
use crate::watches::{self, Watches};

/// How long to wait before the kernel is asked once more to end something.
const PAUSE: Duration = Duration::from_millis(5);

/// A [`Backend`] over a completion port.
///
/// It watches sockets, which are all that can be watched on Windows, and sends
/// files by TransmitFile. A socket is associated with the backend's port while a
/// file is being sent to it; where the system cannot undo that, as before
/// Windows 8.1, it stays so. One that is only watched is not.
///
/// ```
/// use std::time::Duration;
/// use loopline_backend_iocp::IocpBackend;
/// use loopline_core::backend::{Backend, Events};
///
/// let mut backend = IocpBackend::new()?;
/// backend.waker().wake();
/// backend.wait(None, &mut Events::default())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct IocpBackend {
    port: Arc<Port>,
    alarm: Arc<Alarm>,
    batch: Batch,
    watches: Watches,
    files: Files,
    /// Whether a wake-up came while nobody waited.
    woken: bool,
}

impl IocpBackend {
    /// Makes a backend with a completion port of its own.
    ///
    /// # Errors
    ///
    /// Whatever CreateIoCompletionPort answers, such as that there is no memory
    /// for another handle.
    pub fn new() -> io::Result<Self> {
        let port = Arc::new(Port::new()?);
        Ok(Self {
            alarm: Alarm::new(&port),
            port,
            batch: Batch::new(),
            watches: Watches::default(),
            files: Files::new(),
            woken: false,
        })
    }

    /// Takes all packets that there are. What is ready then is found out once
    /// more by the next wait.
    fn catch_up(&mut self) -> io::Result<()> {
        loop {
            let more = self.batch.look(&self.port)?;
            self.dispatch(None);
            if !more {
                return Ok(());
            }
        }
    }

    /// Waits for packets, but not long while the kernel does not hear what it
    /// is asked to end.
    fn fill(&mut self, deadline: &Deadline) -> io::Result<()> {
        if self.files.insist() {
            self.batch.fill(&self.port, &deadline.or_after(PAUSE))?;
        } else {
            self.batch.fill(&self.port, deadline)?;
        }
        Ok(())
    }

    fn dispatch(&mut self, mut events: Option<&mut Events>) {
        for packet in self.batch.drain() {
            match packet.key() {
                wake::KEY => {
                    self.alarm.taken();
                    self.woken = true;
                }
                watches::KEY => self.watches.take(packet, events.as_deref_mut()),
                send_file::KEY => self.files.take(&self.port, packet),
                associations::KEY => self.files.take_closing(packet),
                _ => {}
            }
        }
    }
}

impl Backend for IocpBackend {
    fn name(&self) -> &'static str {
        "iocp"
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.send_file = true;
        capabilities.completes = true;
        capabilities
    }

    fn watch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<()> {
        let watched = self.watches.watch(&self.port, source, key, want);
        watched.map_err(|error| sys::refusal(source.as_socket(), error))
    }

    fn rewatch(&mut self, source: Source<'_>, key: Key, want: Interest) -> io::Result<Rewatched> {
        // The kernel may have said meanwhile that the socket of this number was
        // closed: then this is another one (line C28).
        self.catch_up()?;
        let rewatched = self.watches.rewatch(&self.port, source, key, want);
        rewatched.map_err(|error| sys::refusal(source.as_socket(), error))
    }

    fn unwatch(&mut self, source: Source<'_>, _key: Key) -> io::Result<()> {
        self.watches.unwatch(source.number());
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, events: &mut Events) -> io::Result<()> {
        let mut deadline = Deadline::after(timeout);
        let before = events.len();
        self.files.report(events);
        loop {
            self.watches.rearm(events);
            if self.woken || events.len() > before {
                deadline = Deadline::Now;
            }
            self.fill(&deadline)?;
            self.dispatch(Some(events));
            self.files.report(events);
            // What was cancelled ends too, and is no reason to return.
            if deadline.is_over() || self.woken || events.len() > before {
                self.woken = false;
                return Ok(());
            }
        }
    }

    fn waker(&self) -> Waker {
        self.alarm.waker()
    }

    fn send_file(&mut self, key: Key, job: &SendFile<'_>) -> io::Result<Sent> {
        // The kernel may have said meanwhile that the socket of this number was
        // closed: then this is another one.
        if self.files.has_stayed(job.socket.number()) {
            self.catch_up()?;
        }
        self.files.send(&self.port, key, job)
    }

    fn cancel(&mut self, key: Key) {
        self.files.cancel(key);
    }
}

impl Drop for IocpBackend {
    /// Ends everything, and waits until the kernel has let go of it (B12).
    fn drop(&mut self) {
        self.watches.clear();
        self.files.clear();
        while self.watches.is_pending() || self.files.is_pending() {
            if self.fill(&Deadline::Never).is_err() {
                // Then nothing tells when the memory is free: it is not freed.
                return;
            }
            self.dispatch(None);
        }
    }
}

impl fmt::Debug for IocpBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IocpBackend")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
