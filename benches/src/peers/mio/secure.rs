//! Connections over rustls with its own buffers, as its example for mio has
//! them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Token};
use rustix::event::{PollFd, PollFlags, poll};
use rustls::{ServerConfig, ServerConnection};

use super::{LISTENER, Net, events};
use crate::Fallible;
use crate::peers::{PIECE, read_piece};
use crate::subject::Subject;
use crate::tls;
use crate::workload::{FILE_REQUEST, file_of, parse_file_request};

/// What becomes of what a client has sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Echo,
    File,
    /// The connection ends when the client ends it.
    Goodbye,
    /// It stands.
    Nothing,
}

pub(super) struct Connections {
    net: Net,
    listener: TcpListener,
    events: Events,
    config: Arc<ServerConfig>,
    connections: Vec<Option<Secure>>,
    free: Vec<usize>,
    answer: Answer,
    size: u64,
    file: File,
    buffer: Vec<u8>,
}

struct Secure {
    stream: TcpStream,
    conn: ServerConnection,
    open: bool,
}

impl Connections {
    pub(super) fn new(answer: Answer, size: u64) -> Fallible<Self> {
        let net = Net::new()?;
        Ok(Self {
            listener: net.listen()?,
            net,
            events: events(),
            config: tls::rustls_config()?,
            connections: Vec::new(),
            free: Vec::new(),
            answer,
            size,
            file: file_of(if answer == Answer::File { size } else { 0 })?,
            buffer: vec![0; PIECE],
        })
    }

    fn accept_all(&mut self) -> Fallible<()> {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            stream.set_nodelay(true)?;
            let number = self.free.pop().unwrap_or(self.connections.len());
            self.net
                .register(&mut stream, Token(number), Interest::READABLE)?;
            if number == self.connections.len() {
                self.connections.push(None);
            }
            self.connections[number] = Some(Secure {
                stream,
                conn: ServerConnection::new(Arc::clone(&self.config))?,
                open: false,
            });
        }
    }

    /// One turn; how much of what is counted it has brought. Counted are
    /// connections until they are open, and answers from then on.
    fn turn(&mut self, opening: bool) -> Fallible<u64> {
        self.net.poll.poll(&mut self.events, None)?;
        let ready: Vec<Token> = self.events.iter().map(|event| event.token()).collect();
        let (mut opened, mut answered) = (0, 0);
        for token in ready {
            if token == LISTENER {
                self.accept_all()?;
                continue;
            }
            let (opens, answers) = self.go_on(token.0)?;
            opened += opens;
            answered += answers;
        }
        Ok(if opening { opened } else { answered })
    }

    fn go_on(&mut self, number: usize) -> Fallible<(u64, u64)> {
        let Some(mut secure) = self.connections[number].take() else {
            return Ok((0, 0));
        };
        let mut answered = 0;
        let mut goes_on = true;
        while goes_on && secure.receive()? {
            let state = secure.conn.process_new_packets()?;
            goes_on = !state.peer_has_closed();
            answered += self.respond(&mut secure)?;
        }
        if !goes_on {
            secure.conn.send_close_notify();
        }
        secure.flush()?;
        let opened = !secure.open && !secure.conn.is_handshaking();
        secure.open |= opened;
        if goes_on {
            self.connections[number] = Some(secure);
        } else if self.answer == Answer::Goodbye {
            answered += 1;
            self.free.push(number);
        } else {
            return Err("a client has gone".into());
        }
        Ok((opened.into(), answered))
    }

    fn respond(&mut self, secure: &mut Secure) -> Fallible<u64> {
        let mut answered = 0;
        loop {
            let room = match self.answer {
                Answer::File => &mut self.buffer[..FILE_REQUEST],
                _ => &mut self.buffer[..],
            };
            let received = match secure.conn.reader().read(room) {
                Ok(0) => return Ok(answered),
                Ok(received) => received,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(answered),
                Err(error) => return Err(error.into()),
            };
            match self.answer {
                Answer::Echo => {
                    secure.conn.writer().write_all(&self.buffer[..received])?;
                    secure.flush()?;
                    answered += received as u64;
                }
                Answer::File => {
                    let (mut offset, length) = parse_file_request(&self.buffer[..received])?;
                    let end = offset + length;
                    while offset < end {
                        let piece = read_piece(&self.file, &mut self.buffer, offset, end)?;
                        secure.conn.writer().write_all(piece)?;
                        offset += piece.len() as u64;
                        secure.flush()?;
                    }
                    answered += 1;
                }
                Answer::Goodbye | Answer::Nothing => {}
            }
        }
    }
}

impl Secure {
    /// Reads once; false if there was nothing to be read.
    fn receive(&mut self) -> Fallible<bool> {
        match self.conn.read_tls(&mut self.stream) {
            Ok(0) => Err("a client has gone".into()),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn flush(&mut self) -> Fallible<()> {
        while self.conn.wants_write() {
            match self.conn.write_tls(&mut self.stream) {
                Ok(_) => {}
                // As the bare loop does it: nobody else waits meanwhile.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    poll(&mut [PollFd::new(&self.stream, PollFlags::OUT)], None)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Subject for Connections {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.net.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        let mut opened = 0;
        while opened < connections as u64 {
            opened += self.turn(true)?;
        }
        Ok(())
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let opening = self.answer == Answer::Nothing;
        let units = match self.answer {
            Answer::Echo => requests * self.size,
            _ => requests,
        };
        let mut served = 0;
        while served < units {
            served += self.turn(opening)?;
        }
        Ok(())
    }
}
