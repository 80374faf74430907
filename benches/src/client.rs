//! The other end of the connections: this program, in another process.
//!
//! It is told over its standard input how many requests to make, as eight
//! little-endian bytes at a time, and answers each such order with a byte on
//! its standard output once it is carried out. It ends with its input.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::net::{RecvFlags, recv};

use crate::Fallible;
use crate::tls_client::{Secure, TlsClient};
use crate::workload::Workload;

/// What a client does, and against whom.
pub(crate) struct Task {
    address: SocketAddr,
    kind: Kind,
}

enum Kind {
    Requests(Workload),
    /// Connections that only stand.
    Idle(usize),
    /// The same, once their handshakes are done.
    TlsIdle(usize),
}

impl Task {
    /// From the arguments that [`Client`] runs this program with.
    pub(crate) fn parse(address: &str, words: &[&str]) -> Option<Self> {
        let kind = match *words {
            ["idle", connections] => Kind::Idle(connections.parse().ok()?),
            ["tls-idle", connections] => Kind::TlsIdle(connections.parse().ok()?),
            ref workload => Kind::Requests(Workload::parse(workload)?),
        };
        Some(Self {
            address: address.parse().ok()?,
            kind,
        })
    }
}

/// Carries a task out, until standard input ends.
pub(crate) fn run(task: &Task) -> Fallible<()> {
    let address = task.address;
    match task.kind {
        Kind::Requests(workload) => make_requests(address, workload),
        Kind::Idle(connections) => {
            let _standing = connect_all(address, connections)?;
            follow_orders(|_| Ok(()))
        }
        Kind::TlsIdle(connections) => {
            let client = TlsClient::new(address, false)?;
            let connected = (0..connections).map(|_| client.connect());
            let _standing: Vec<Secure> = connected.collect::<Fallible<_>>()?;
            follow_orders(|_| Ok(()))
        }
    }
}

fn make_requests(address: SocketAddr, workload: Workload) -> Fallible<()> {
    match workload {
        Workload::Echo { size, connections } | Workload::StreamEcho { size, connections } => {
            let mut streams = connect_all(address, connections)?;
            let mut message = vec![b'x'; size];
            follow_orders(|requests| echo(&mut streams, &mut message, requests))
        }
        Workload::File { size } => {
            let mut stream = connect(address)?;
            let mut sink = vec![0; 1 << 20];
            follow_orders(|requests| drain(&mut stream, size, &mut sink, requests))
        }
        Workload::TlsEcho { size } => {
            let mut streams = [TlsClient::new(address, false)?.connect()?];
            let mut message = vec![b'x'; size];
            follow_orders(|requests| echo(&mut streams, &mut message, requests))
        }
        Workload::TlsFile { size } => {
            let mut stream = TlsClient::new(address, false)?.connect()?;
            let mut file = vec![0; usize::try_from(size)?];
            follow_orders(|requests| {
                for _ in 0..requests {
                    stream.write_all(b"?")?;
                    stream.read_exact(&mut file)?;
                }
                Ok(())
            })
        }
        Workload::Handshakes { resumed } => {
            let client = TlsClient::new(address, resumed)?;
            follow_orders(|requests| (0..requests).try_for_each(|_| client.visit()))
        }
    }
}

pub(crate) fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn connect_all(address: SocketAddr, connections: usize) -> io::Result<Vec<TcpStream>> {
    (0..connections).map(|_| connect(address)).collect()
}

fn follow_orders(mut carry_out: impl FnMut(u64) -> Fallible<()>) -> Fallible<()> {
    let (mut orders, mut answers) = (io::stdin().lock(), io::stdout().lock());
    let mut order = [0; 8];
    loop {
        match orders.read_exact(&mut order) {
            Err(end) if end.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            other => other?,
        }
        carry_out(u64::from_le_bytes(order))?;
        answers.write_all(b".")?;
        answers.flush()?;
    }
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

fn drain(stream: &mut TcpStream, size: u64, sink: &mut [u8], requests: u64) -> Fallible<()> {
    for _ in 0..requests {
        stream.write_all(b"?")?;
        let mut missing = size;
        while missing > 0 {
            let want = sink
                .len()
                .min(usize::try_from(missing).unwrap_or(usize::MAX));
            // Bytes that are cut off are never copied: the cheapest client
            // waits least and keeps the subject busy.
            let (_, received) = recv(&*stream, &mut sink[..want], RecvFlags::TRUNC)?;
            if received == 0 {
                return Err("the server has gone".into());
            }
            missing -= received as u64;
        }
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
    /// One that makes the requests of a workload.
    pub(crate) fn start(address: SocketAddr, workload: Workload) -> Fallible<Self> {
        Self::spawn(address, workload.to_arguments())
    }

    /// One whose connections only stand.
    pub(crate) fn start_idle(address: SocketAddr, connections: usize) -> Fallible<Self> {
        Self::spawn(address, vec!["idle".into(), connections.to_string()])
    }

    /// The same over TLS.
    pub(crate) fn start_tls_idle(address: SocketAddr, connections: usize) -> Fallible<Self> {
        Self::spawn(address, vec!["tls-idle".into(), connections.to_string()])
    }

    fn spawn(address: SocketAddr, task: Vec<String>) -> Fallible<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("client")
            .arg(address.to_string())
            .args(task)
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
