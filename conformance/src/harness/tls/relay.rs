//! A peer that speaks TLS and blocks: for cases that know nothing of TLS.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use loopline_core::tls::{Progress, TlsContext};
use socket2::SockRef;

use super::machine::Machine;
use crate::harness::sockets;

/// How much is held in each direction before reading stops, in bytes.
const HELD: usize = 64 * 1024;

/// What the kernel may keep between the relay and the case, in bytes: little,
/// so that a case that does not read stalls the connection.
const KEPT: usize = 32 * 1024;

/// What to wait for when nothing moves.
const PAUSE: Duration = Duration::from_micros(100);

/// A thread that is the server of TLS on `secure`, and carries what is said
/// inside to and from the socket that is returned.
///
/// An end of the sending half there becomes a close_notify, the peer's
/// close_notify and the end of the stream the end of what can be read there.
pub(crate) fn relay(context: Arc<dyn TlsContext>, secure: TcpStream) -> io::Result<TcpStream> {
    let (inner, case) = sockets::pair()?;
    SockRef::from(&inner).set_send_buffer_size(KEPT)?;
    SockRef::from(&case).set_recv_buffer_size(KEPT)?;
    secure.set_nonblocking(true)?;
    thread::spawn(move || {
        let machine = context.server().and_then(Machine::started);
        if let Ok(machine) = machine {
            let relay = Relay {
                secure,
                inner,
                machine,
                to_case: Vec::new(),
                secure_ended: false,
                case_ended: false,
                told: false,
            };
            relay.end_to_end();
        }
    });
    Ok(case)
}

struct Relay {
    secure: TcpStream,
    inner: TcpStream,
    machine: Machine,
    to_case: Vec<u8>,
    /// Nothing more comes from the loop.
    secure_ended: bool,
    /// Nothing more comes from the case.
    case_ended: bool,
    /// The case was told that nothing more comes.
    told: bool,
}

impl Relay {
    /// Carries until both are done; whatever fails is a reset to both.
    fn end_to_end(mut self) {
        if self.run().is_err() {
            for socket in [&self.secure, &self.inner] {
                // One that is gone needs none.
                let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
            }
        }
    }

    fn run(&mut self) -> io::Result<()> {
        while !(self.told && self.case_ended) {
            let moved = [
                self.hear_loop()?,
                self.tell_case()?,
                self.hear_case()?,
                self.tell_loop()?,
            ];
            if !moved.contains(&true) {
                thread::sleep(PAUSE);
            }
        }
        Ok(())
    }

    fn hear_loop(&mut self) -> io::Result<bool> {
        if self.secure_ended || self.to_case.len() >= HELD {
            return Ok(false);
        }
        let mut bytes = vec![0; HELD];
        let Some(count) = now(self.secure.read(&mut bytes))? else {
            return Ok(false);
        };
        if count > 0 {
            let fed = self.machine.arrive(&bytes[..count]);
            self.to_case.append(&mut self.machine.plain);
            fed.map_err(io::Error::other)?;
        }
        if count == 0 || self.machine.progress == Progress::PeerClosed {
            self.secure_ended = true;
            self.machine.close().map_err(io::Error::other)?;
        }
        Ok(true)
    }

    fn tell_case(&mut self) -> io::Result<bool> {
        if self.to_case.is_empty() {
            if self.secure_ended && !self.told {
                self.told = true;
                self.inner.shutdown(Shutdown::Write)?;
                return Ok(true);
            }
            return Ok(false);
        }
        flush(&self.inner, &mut self.to_case)
    }

    fn hear_case(&mut self) -> io::Result<bool> {
        let open = self.machine.progress == Progress::Open;
        if self.case_ended || !open || self.machine.wire.len() >= HELD {
            // Who has left shows where the end of the connection is told.
            self.case_ended |= self.told;
            return Ok(false);
        }
        let mut bytes = vec![0; HELD];
        let Some(count) = now(self.inner.read(&mut bytes))? else {
            return Ok(false);
        };
        if count == 0 {
            self.case_ended = true;
            self.machine.close().map_err(io::Error::other)?;
        } else {
            self.machine
                .send(&bytes[..count])
                .map_err(io::Error::other)?;
        }
        Ok(true)
    }

    fn tell_loop(&mut self) -> io::Result<bool> {
        if self.machine.wire.is_empty() {
            return Ok(false);
        }
        flush(&self.secure, &mut self.machine.wire)
    }
}

/// Nothing where there is nothing for now.
fn now(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        other => other.map(Some),
    }
}

fn flush(mut socket: &TcpStream, bytes: &mut Vec<u8>) -> io::Result<bool> {
    match now(socket.write(bytes))? {
        Some(count) => {
            bytes.drain(..count);
            Ok(true)
        }
        None => Ok(false),
    }
}
