//! OpenSSL over memory that all connections share, as a careful program in C has
//! it: what a read has brought goes from the one buffer into OpenSSL, which
//! keeps what a read has cut, and what it encrypts goes into the other one and
//! out with one write.

use std::cell::{Cell, RefCell};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::rc::Rc;

use openssl::ssl::{ErrorCode, Ssl, SslContext, SslStream};

use super::{BUFFER, secure, send};
use crate::{Fallible, tls};

/// What OpenSSL reads from and writes to.
struct Memory {
    input: RefCell<Vec<u8>>,
    /// How much of the input is filled, and how much of that is taken.
    filled: Cell<usize>,
    taken: Cell<usize>,
    output: RefCell<Vec<u8>>,
}

struct Pipe(Rc<Memory>);

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let memory = &*self.0;
        let (from, filled) = (memory.taken.get(), memory.filled.get());
        if from == filled {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = into.len().min(filled - from);
        into[..count].copy_from_slice(&memory.input.borrow()[from..from + count]);
        memory.taken.set(from + count);
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.output.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) struct Shared {
    context: SslContext,
    memory: Rc<Memory>,
    plain: Vec<u8>,
    /// How much of it the last call has decrypted.
    decrypted: usize,
}

pub(super) struct Secure {
    ssl: SslStream<Pipe>,
    stream: TcpStream,
}

impl Secure {
    fn memory(&self) -> &Memory {
        &self.ssl.get_ref().0
    }

    /// Sends what OpenSSL has written.
    fn flush(&self) -> Fallible<()> {
        let mut output = self.memory().output.borrow_mut();
        if !output.is_empty() {
            send(&self.stream, &output)?;
            output.clear();
        }
        Ok(())
    }

    /// Decrypts all that is there; false once the peer has ended the
    /// connection.
    fn decrypt(&mut self, shared: &mut Shared) -> Fallible<bool> {
        loop {
            match self.ssl.ssl_read(&mut shared.plain[shared.decrypted..]) {
                Ok(count) => shared.decrypted += count,
                Err(error) => match error.code() {
                    ErrorCode::WANT_READ => return Ok(true),
                    ErrorCode::ZERO_RETURN => return Ok(false),
                    _ => return Err(error.into()),
                },
            }
            let memory = self.memory();
            if memory.taken == memory.filled && self.ssl.ssl().pending() == 0 {
                return Ok(true);
            }
        }
    }

    fn write(&mut self, plain: &[u8]) -> Fallible<()> {
        self.ssl.write_all(plain)?;
        self.flush()
    }
}

impl secure::Secure for Secure {
    type Shared = Shared;

    fn shared() -> Fallible<Shared> {
        Ok(Shared {
            context: tls::openssl_builder()?.build(),
            memory: Rc::new(Memory {
                input: RefCell::new(vec![0; BUFFER]),
                filled: Cell::new(0),
                taken: Cell::new(0),
                output: RefCell::new(Vec::with_capacity(BUFFER)),
            }),
            plain: vec![0; BUFFER],
            decrypted: 0,
        })
    }

    fn new(shared: &Shared, stream: TcpStream) -> Fallible<Self> {
        let mut ssl = Ssl::new(&shared.context)?;
        ssl.set_accept_state();
        let pipe = Pipe(Rc::clone(&shared.memory));
        let ssl = SslStream::new(ssl, pipe)?;
        Ok(Self { ssl, stream })
    }

    fn stream(&self) -> &TcpStream {
        &self.stream
    }

    fn is_handshaking(&self) -> bool {
        !self.ssl.ssl().is_init_finished()
    }

    fn receive(&mut self, shared: &mut Shared) -> Fallible<bool> {
        let memory = self.memory();
        let received = (&self.stream).read(&mut memory.input.borrow_mut())?;
        if received == 0 {
            return Err("a client has gone".into());
        }
        memory.filled.set(received);
        memory.taken.set(0);
        shared.decrypted = 0;
        if self.is_handshaking() {
            match self.ssl.do_handshake() {
                Err(error) if error.code() != ErrorCode::WANT_READ => return Err(error.into()),
                _ => self.flush()?,
            }
        }
        let memory = self.memory();
        if memory.taken == memory.filled {
            return Ok(true);
        }
        let goes_on = self.decrypt(shared)?;
        self.flush()?;
        Ok(goes_on)
    }

    fn received(shared: &Shared) -> &[u8] {
        &shared.plain[..shared.decrypted]
    }

    fn send_back(&mut self, shared: &mut Shared) -> Fallible<usize> {
        self.write(&shared.plain[..shared.decrypted])?;
        Ok(shared.decrypted)
    }

    fn send(&mut self, plain: &[u8], _: &mut Shared) -> Fallible<()> {
        self.write(plain)
    }

    fn close(mut self, _: &mut Shared) -> Fallible<()> {
        self.ssl.shutdown()?;
        self.flush()
    }
}
