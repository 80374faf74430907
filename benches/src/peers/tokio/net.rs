//! Connections.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use super::http;
use super::wrap::{Wrap, accept};
use crate::Fallible;
use crate::peers::progress::Progress;
use crate::peers::{PIECE, SMALL, read_piece, send_some};
use crate::subject::{Subject, listen};
use crate::workload::{FILE_REQUEST, Over, file_of, parse_file_request};

/// What becomes of what a client has sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Echo,
    File,
    /// hyper says it.
    Http,
    /// One byte comes back, and the connection ends.
    OneByte,
    /// The connection ends when the client ends it.
    Goodbye,
    /// It stands.
    Nothing,
}

pub(super) struct Connections {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    each: Each,
}

/// What every connection's task knows.
#[derive(Clone)]
struct Each {
    wrap: Wrap,
    answer: Answer,
    size: u64,
    file: Arc<File>,
    opened: Progress,
    answered: Progress,
}

impl Connections {
    pub(super) fn new(over: Over, answer: Answer, size: u64) -> Fallible<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = listen()?;
        listener.set_nonblocking(true)?;
        let within = runtime.enter();
        let listener = TcpListener::from_std(listener)?;
        drop(within);
        let file = file_of(if answer == Answer::File { size } else { 0 })?;
        Ok(Self {
            address: listener.local_addr()?,
            listener,
            runtime,
            each: Each {
                wrap: Wrap::new(over)?,
                answer,
                size,
                file: Arc::new(file),
                opened: Progress::default(),
                answered: Progress::default(),
            },
        })
    }

    /// Accepts so many, and waits until they are open.
    fn open(&self, connections: u64) -> Fallible<()> {
        let opened = &self.each.opened;
        opened.set(connections);
        self.runtime.block_on(async {
            for _ in 0..connections {
                self.accept_next().await?;
            }
            opened.finish().await
        })
    }

    async fn accept_next(&self) -> Fallible<()> {
        let (stream, _) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(self.each.clone().run(stream));
        Ok(())
    }
}

impl Subject for Connections {
    fn address(&self) -> Option<SocketAddr> {
        Some(self.address)
    }

    fn accept(&mut self, connections: usize) -> Fallible<()> {
        self.open(connections as u64)
    }

    fn serve(&mut self, requests: u64) -> Fallible<()> {
        let answered = &self.each.answered;
        match self.each.answer {
            Answer::Nothing => return self.open(requests),
            Answer::Echo => answered.set(requests * self.each.size),
            _ => answered.set(requests),
        }
        self.runtime.block_on(async {
            if matches!(self.each.answer, Answer::OneByte | Answer::Goodbye) {
                for _ in 0..requests {
                    self.accept_next().await?;
                }
            }
            answered.finish().await
        })
    }
}

impl Each {
    async fn run(self, stream: TcpStream) {
        let ended = match &self.wrap {
            Wrap::Plain if self.answer == Answer::File => self.send_files(stream).await,
            Wrap::Plain => self.converse(stream).await,
            Wrap::Rustls(acceptor) => match acceptor.accept(stream).await {
                Ok(stream) => self.converse(stream).await,
                Err(error) => Err(error),
            },
            Wrap::Openssl(context) => match accept(context, stream).await {
                Some(stream) => self.converse(stream).await,
                None => Err(io::ErrorKind::ConnectionAborted.into()),
            },
        };
        if ended.is_err() {
            self.answered.client_gone();
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin + 'static>(
        &self,
        mut stream: S,
    ) -> io::Result<()> {
        self.opened.count(1);
        match self.answer {
            Answer::Echo => self.echo(stream).await,
            Answer::File => self.copy_files(stream).await,
            Answer::Http => http::serve(stream, self.answered.clone()).await,
            Answer::OneByte => {
                let mut byte = [0];
                stream.read_exact(&mut byte).await?;
                stream.write_all(&byte).await?;
                drop(stream);
                self.answered.count(1);
                Ok(())
            }
            Answer::Goodbye => {
                while stream.read(&mut [0]).await? > 0 {}
                stream.shutdown().await?;
                drop(stream);
                self.answered.count(1);
                Ok(())
            }
            Answer::Nothing => {
                while stream.read(&mut [0; SMALL]).await? > 0 {}
                Ok(())
            }
        }
    }

    async fn echo<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Result<()> {
        let mut buffer = vec![0; SMALL.max(self.size as usize)];
        loop {
            let received = stream.read(&mut buffer).await?;
            if received == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            stream.write_all(&buffer[..received]).await?;
            stream.flush().await?;
            self.answered.count(received as u64);
        }
    }

    /// Files by sendfile(2), which tokio leaves to its users.
    async fn send_files(&self, mut stream: TcpStream) -> io::Result<()> {
        self.opened.count(1);
        loop {
            let mut request = [0; FILE_REQUEST];
            stream.read_exact(&mut request).await?;
            let (mut offset, length) = parse_file_request(&request)?;
            let end = offset + length;
            while offset < end {
                let sends = || send_some(&stream, &self.file, &mut offset, end);
                stream.async_io(Interest::WRITABLE, sends).await?;
            }
            self.answered.count(1);
        }
    }

    /// Files read and written.
    async fn copy_files<S: AsyncRead + AsyncWrite + Unpin>(&self, mut stream: S) -> io::Result<()> {
        let mut buffer = vec![0; PIECE];
        loop {
            let mut request = [0; FILE_REQUEST];
            stream.read_exact(&mut request).await?;
            let (mut offset, length) = parse_file_request(&request)?;
            let end = offset + length;
            while offset < end {
                let piece = read_piece(&self.file, &mut buffer, offset, end)?;
                stream.write_all(piece).await?;
                offset += piece.len() as u64;
            }
            stream.flush().await?;
            self.answered.count(1);
        }
    }
}
