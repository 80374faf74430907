//! Signals through a socket: a signal handler may do next to nothing, so that of
//! signal-hook writes a byte, and the loop finds it readable.

use std::cell::Cell;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};

use signal_hook::consts::FORBIDDEN;
use signal_hook::{SigId, low_level};

use super::disposition::Listener;
use super::{SignalError, SignalKind};
use crate::backend::{AsSource, Interest, Key, Readiness};
use crate::engine::{Change, Engine, Role, Watched};

/// A loop listens to a signal, until this is dropped.
pub(super) struct Subscription {
    receiver: Rc<Receiver>,
    writer: SigId,
    _listener: Listener,
}

/// The reading end.
struct Receiver {
    engine: Weak<Engine>,
    kind: SignalKind,
    key: Cell<Key>,
    socket: UnixStream,
}

impl Subscription {
    pub(super) fn begin(engine: &Rc<Engine>, kind: SignalKind) -> Result<Self, SignalError> {
        let number = kind.as_raw();
        if FORBIDDEN.contains(&number) {
            return Err(SignalError::Uncatchable { kind });
        }
        let (socket, sender) =
            UnixStream::pair().map_err(|source| SignalError::System { kind, source })?;
        let receiver = Receiver::watch(engine, kind, socket)?;
        let registered = Listener::add(kind)
            .and_then(|listener| Ok((listener, low_level::pipe::register(number, sender)?)));
        match registered {
            Ok((listener, writer)) => Ok(Self {
                receiver,
                writer,
                _listener: listener,
            }),
            Err(source) => {
                receiver.leave(engine);
                Err(match source.kind() {
                    io::ErrorKind::InvalidInput => SignalError::Unknown { kind },
                    _ => SignalError::System { kind, source },
                })
            }
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        low_level::unregister(self.writer);
        if let Some(engine) = self.receiver.engine.upgrade() {
            self.receiver.leave(&engine);
        }
    }
}

impl Receiver {
    fn watch(
        engine: &Rc<Engine>,
        kind: SignalKind,
        socket: UnixStream,
    ) -> Result<Rc<Self>, SignalError> {
        let system = |source| SignalError::System { kind, source };
        socket.set_nonblocking(true).map_err(system)?;
        let receiver = Rc::new(Self {
            engine: Rc::downgrade(engine),
            kind,
            key: Cell::new(Key::RESERVED),
            socket,
        });
        let owner = Rc::clone(&receiver) as Rc<dyn Watched>;
        let source = receiver.socket.as_source();
        let key = engine.adopt(source, owner);
        receiver.key.set(key);
        if let Err(error) = engine.watch_now(source, key, Interest::READ) {
            receiver.leave(engine);
            return Err(system(error.into()));
        }
        Ok(receiver)
    }

    fn leave(&self, engine: &Engine) {
        engine.disown(self.socket.as_source(), self.key.get());
    }
}

impl Watched for Receiver {
    fn role(&self) -> Role {
        Role::Descriptor
    }

    fn arm(&self, change: Change) -> io::Result<()> {
        match self.engine.upgrade() {
            Some(engine) => engine.change(self.socket.as_source(), change),
            None => Ok(()),
        }
    }

    fn ready(&self, _: &Engine, _: Readiness) {
        // What does not fit is there in the next turn.
        let mut bytes = [0; 64];
        let count = (&self.socket).read(&mut bytes).unwrap_or(0);
        if let (1.., Some(engine)) = (count, self.engine.upgrade()) {
            engine.signal_came(self.kind, count);
        }
    }

    fn refused(&self, error: io::Error) {
        if let Some(engine) = self.engine.upgrade() {
            engine.report_error("signals cannot be watched", &error);
        }
    }

    fn abandon(&self) {}
}
