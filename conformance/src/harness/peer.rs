//! The other end of a connection, outside of the loop or on a network of the
//! backend's own.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use loopline_core::backend::NetworkStream;
use loopline_core::{AcceptOptions, EventLoop, EventLoopExt, running_loop};

use super::recorder::{Call, Log, Recorder};
use super::sockets;
use crate::verdict::{Outcome, Stop};

/// The other end of a connection. Over a socket its reads and writes block; on a
/// network of the backend's own, where nothing could come while the loop does
/// not turn, they answer `WouldBlock` instead.
pub(crate) enum Peer {
    System(TcpStream),
    Network(Box<dyn NetworkStream>),
}

impl Peer {
    pub(crate) fn shutdown_write(&self) -> io::Result<()> {
        match self {
            Self::System(socket) => socket.shutdown(Shutdown::Write),
            Self::Network(stream) => stream.shutdown_write(),
        }
    }

    /// Closes the connection so that our end gets an error instead of an end.
    /// A network of the backend's own has no call for that.
    pub(crate) fn reset(self) -> io::Result<()> {
        match self {
            Self::System(socket) => sockets::reset(socket),
            Self::Network(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Has a read that is in vain end with an error.
    pub(crate) fn set_read_timeout(&self, timeout: Duration) -> io::Result<()> {
        match self {
            Self::System(socket) => socket.set_read_timeout(Some(timeout)),
            Self::Network(_) => Ok(()),
        }
    }

    /// The socket of the system, for what is done to no other.
    ///
    /// # Errors
    ///
    /// That there is none.
    pub(crate) fn into_socket(self) -> Result<TcpStream, Stop> {
        match self {
            Self::System(socket) => Ok(socket),
            Self::Network(_) => Err(Stop::failed("the peer has no socket")),
        }
    }

    /// Talks, listens to everything, and hangs up, while the loop goes on. Its
    /// own errors are what the case does to it.
    pub(crate) fn talk(self) {
        match self {
            Self::System(mut socket) => {
                thread::spawn(move || {
                    let _ = socket.write_all(b"hello");
                    let _ = socket.read(&mut [0; 1000]);
                    let _ = socket.write_all(b"hello again");
                    let _ = socket.shutdown(Shutdown::Write);
                    let _ = socket.read_to_end(&mut Vec::new());
                });
            }
            Self::Network(stream) => {
                let mut answered = false;
                let recorder = Log::default().recorder().reacting(move |call, transport| {
                    match call {
                        Call::Made => transport.write(b"hello").map(drop)?,
                        Call::Data(_) if !answered => {
                            answered = true;
                            transport.write(b"hello again")?;
                            transport.write_eof()?;
                        }
                        _ => {}
                    }
                    Ok(())
                });
                open(stream, recorder);
            }
        }
    }

    /// Reads until the end, while the loop goes on.
    pub(crate) fn reader(self) -> Reader {
        match self {
            Self::System(socket) => Reader::Thread(sockets::Reader::of(socket)),
            Self::Network(stream) => {
                let log = Log::default();
                open(stream, log.recorder());
                Reader::Loop(log)
            }
        }
    }

    /// Writes all of this while the loop goes on, then closes.
    pub(crate) fn writer(self, content: Vec<u8>) -> Writer {
        match self {
            Self::System(mut socket) => {
                Writer::Thread(thread::spawn(move || socket.write_all(&content)))
            }
            Self::Network(stream) => {
                let log = Log::default();
                let recorder = log.recorder().reacting(move |call, transport| {
                    if *call == Call::Made {
                        transport.write(&content)?;
                        transport.close();
                    }
                    Ok(())
                });
                open(stream, recorder);
                Writer::Loop(log)
            }
        }
    }
}

/// Has the running loop hold the other end too.
fn open(stream: Box<dyn NetworkStream>, recorder: Recorder) {
    let Some(event_loop) = running_loop() else {
        return;
    };
    let handle = event_loop.clone();
    let mut recorder = Some(recorder);
    let factory = Box::new(move || {
        let recorder = recorder.take().ok_or("a protocol for one connection")?;
        let shared: loopline_core::SharedProtocol =
            std::rc::Rc::new(std::cell::RefCell::new(recorder));
        Ok(shared)
    });
    event_loop.spawn(async move {
        let options = AcceptOptions::default();
        let opened = handle
            .connect_accepted_socket_boxed(factory, stream.into(), options)
            .await;
        drop(opened);
    });
}

impl Read for Peer {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::System(socket) => socket.read(into),
            Self::Network(stream) => stream.receive(into),
        }
    }
}

impl Write for Peer {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match self {
            Self::System(socket) => socket.write(data),
            Self::Network(stream) => stream.send(&[IoSlice::new(data)]),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A peer that reads until the end.
pub(crate) enum Reader {
    Thread(sockets::Reader),
    Loop(Log),
}

impl Reader {
    /// All that was read, once our end has been closed.
    ///
    /// # Errors
    ///
    /// That the connection did not end well.
    pub(crate) async fn bytes(self) -> Result<Vec<u8>, Stop> {
        match self {
            Self::Thread(reader) => Ok(reader.bytes()?),
            Self::Loop(log) => match log.until_lost().await {
                None => Ok(log.data()),
                Some(kind) => Err(Stop::failed(format_args!("the peer met: {kind}"))),
            },
        }
    }
}

/// A peer that writes and closes.
pub(crate) enum Writer {
    Thread(JoinHandle<io::Result<()>>),
    Loop(Log),
}

impl Writer {
    /// Waits until everything has been written.
    ///
    /// # Errors
    ///
    /// That it could not be.
    pub(crate) async fn ended(self) -> Outcome {
        match self {
            Self::Thread(thread) => match thread.join() {
                Ok(written) => Ok(written?),
                Err(_) => Err(Stop::failed("the writer panicked")),
            },
            Self::Loop(log) => match log.until_lost().await {
                None => Ok(()),
                Some(kind) => Err(Stop::failed(format_args!("the peer met: {kind}"))),
            },
        }
    }
}
