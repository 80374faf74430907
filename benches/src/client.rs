//! The other end of the connections: this program, in another process.
//!
//! It is told over its standard input how many requests to make, and answers
//! each such order with a byte on its standard output once it is carried out. It
//! ends with its input.

mod http;
mod tls;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::net::{RecvFlags, recv};

use crate::Fallible;
use crate::placement::anywhere;
use crate::process::read_order;
use crate::workload::{Over, SPREAD_CONNECTIONS, SPREAD_SIZE, Workload, file_request};
use http::Browser;
use tls::TlsClient;

/// What a client does, and against whom.
pub(crate) struct Task {
    address: SocketAddr,
    workload: Workload,
}

impl Task {
    /// From the arguments that [`Client`] runs this program with.
    pub(crate) fn parse(address: &str, words: &[&str]) -> Option<Self> {
        Some(Self {
            address: address.parse().ok()?,
            workload: Workload::parse(words)?,
        })
    }
}

/// Carries a task out, until standard input ends.
pub(crate) fn run(task: &Task) -> Fallible<()> {
    let address = task.address;
    match task.workload {
        Workload::Echo {
            over,
            size,
            active,
            connections,
        } => {
            let mut message = vec![b'x'; size];
            // Those beyond the active ones come first: what is active is
            // spread over the tables of nobody.
            match over {
                Over::Plain => {
                    let _standing = connect_all(address, connections - active)?;
                    let mut streams = connect_all(address, active)?;
                    follow_orders(|requests| echo(&mut streams, &mut message, requests))
                }
                Over::Rustls | Over::Openssl => {
                    let client = TlsClient::new(address, false)?;
                    let _standing = client.connect_all(connections - active)?;
                    let mut streams = client.connect_all(active)?;
                    follow_orders(|requests| echo(&mut streams, &mut message, requests))
                }
            }
        }
        Workload::File {
            over,
            size,
            connections,
        } => match over {
            Over::Plain => {
                let mut streams = connect_all(address, connections)?;
                let mut sink = vec![0; 1 << 20];
                follow_orders(|requests| {
                    ask(&mut streams, size, requests, |stream| {
                        drain(stream, size, &mut sink)
                    })
                })
            }
            Over::Rustls | Over::Openssl => {
                let mut streams = TlsClient::new(address, false)?.connect_all(connections)?;
                let mut file = vec![0; usize::try_from(size)?];
                follow_orders(|requests| {
                    ask(&mut streams, size, requests, |stream| {
                        Ok(stream.read_exact(&mut file)?)
                    })
                })
            }
        },
        Workload::Http {
            over: Over::Plain,
            connections,
        } => {
            let mut browser = Browser::new(connect_all(address, connections)?)?;
            follow_orders(|requests| browser.ask(requests))
        }
        Workload::Http { connections, .. } => {
            let streams = TlsClient::new(address, false)?.connect_all(connections)?;
            let mut browser = Browser::new(streams)?;
            follow_orders(|requests| browser.ask(requests))
        }
        Workload::Handshakes { resumed, .. } => {
            let client = TlsClient::new(address, resumed)?;
            follow_orders(|requests| (0..requests).try_for_each(|_| client.visit()))
        }
        Workload::Spread { .. } => {
            anywhere()?;
            let mut streams = connect_all(address, SPREAD_CONNECTIONS)?;
            let mut message = vec![b'x'; SPREAD_SIZE];
            follow_orders(|requests| echo(&mut streams, &mut message, requests))
        }
        Workload::Connect => {
            follow_orders(|requests| (0..requests).try_for_each(|_| come_and_go(address)))
        }
        Workload::Idle { over: Over::Plain } => {
            let mut standing = Vec::new();
            follow_orders(|more| {
                standing.extend(connect_all(address, more as usize)?);
                Ok(())
            })
        }
        Workload::Idle { .. } => {
            let client = TlsClient::new(address, false)?;
            let mut standing = Vec::new();
            follow_orders(|more| {
                standing.extend(client.connect_all(more as usize)?);
                Ok(())
            })
        }
        _ => Err("no client is needed for that".into()),
    }
}

fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn connect_all(address: SocketAddr, connections: usize) -> io::Result<Vec<TcpStream>> {
    (0..connections).map(|_| connect(address)).collect()
}

fn follow_orders(mut carry_out: impl FnMut(u64) -> Fallible<()>) -> Fallible<()> {
    let (mut orders, mut answers) = (io::stdin().lock(), io::stdout().lock());
    while let Some(requests) = read_order(&mut orders)? {
        carry_out(requests)?;
        answers.write_all(b".")?;
        answers.flush()?;
    }
    Ok(())
}

fn echo(streams: &mut [impl Read + Write], message: &mut [u8], requests: u64) -> Fallible<()> {
    for _ in 0..requests / streams.len() as u64 {
        for stream in &mut *streams {
            stream.write_all(message)?;
        }
        for stream in &mut *streams {
            stream.read_exact(message)?;
        }
    }
    Ok(())
}

/// Asks for the file on every stream, and takes it off each.
fn ask<S: Write>(
    streams: &mut [S],
    size: u64,
    requests: u64,
    mut take: impl FnMut(&mut S) -> Fallible<()>,
) -> Fallible<()> {
    let request = file_request(size)?;
    for _ in 0..requests / streams.len() as u64 {
        for stream in &mut *streams {
            stream.write_all(&request)?;
        }
        for stream in &mut *streams {
            take(stream)?;
        }
    }
    Ok(())
}

fn drain(stream: &TcpStream, size: u64, sink: &mut [u8]) -> Fallible<()> {
    let mut missing = size;
    while missing > 0 {
        let want = usize::try_from(missing).unwrap_or(usize::MAX);
        let want = want.min(sink.len());
        // Bytes that are cut off are never copied: the cheapest client waits
        // least and keeps the subject busy.
        let (_, received) = recv(stream, &mut sink[..want], RecvFlags::TRUNC)?;
        if received == 0 {
            return Err("the server has gone".into());
        }
        missing -= received as u64;
    }
    Ok(())
}

fn come_and_go(address: SocketAddr) -> Fallible<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"?")?;
    let mut answer = [0; 2];
    if stream.read(&mut answer)? != 1 || stream.read(&mut answer)? != 0 {
        return Err("the server has not sent one byte back".into());
    }
    Ok(())
}

/// A client, as the process holds it that serves it.
pub(crate) struct Client {
    child: Child,
    orders: Option<ChildStdin>,
    answers: ChildStdout,
}

impl Client {
    pub(crate) fn start(address: SocketAddr, workload: Workload) -> Fallible<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["client", &address.to_string()])
            .args(workload.to_arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().ok_or("the client has no output")?;
        Ok(Self {
            child,
            orders,
            answers,
        })
    }

    /// Lets it begin a number of requests.
    pub(crate) fn order(&mut self, requests: u64) -> Fallible<()> {
        let orders = self.orders.as_mut().ok_or("the client has no input")?;
        Ok(orders.write_all(&requests.to_le_bytes())?)
    }

    /// Waits until the last order is carried out.
    pub(crate) fn done(&mut self) -> Fallible<()> {
        Ok(self.answers.read_exact(&mut [0])?)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The end of its input is its end.
        self.orders = None;
        let _ = self.child.wait();
    }
}
