//! A peer of the loop: a raw socket and coders, driven by the case.
//!
//! It runs on the loop's own thread, a step each turn, so that it is the case
//! that says how the bytes are cut and when there are none.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use loopline_core::EventLoopExt;
use loopline_core::tls::{Coder, Progress, TlsErrorKind};

use super::cut::Cut;
use super::machine::Machine;
use crate::harness::scene::Scene;
use crate::harness::sockets;
use crate::verdict::{Outcome, Stop};

/// After so many steps in which nothing moved there is a pause.
const PATIENCE: usize = 30;

/// A peer of the loop.
pub(crate) struct Peer {
    socket: Option<TcpStream>,
    /// TLS, and TLS inside of that.
    layers: Vec<Machine>,
    /// How its bytes are cut.
    pub(crate) cut: Cut,
    /// What is to be written, piece by piece.
    out: VecDeque<Vec<u8>>,
    /// Whether it reads.
    pub(crate) reads: bool,
    /// What it reads before it takes it for TLS, in bytes.
    pub(crate) expects: usize,
    /// What it read that was not taken for TLS.
    pub(crate) heard: Vec<u8>,
    /// All that it read.
    pub(crate) tap: Vec<u8>,
    /// What it sends as soon as it can.
    pub(crate) greeting: Option<Greeting>,
    /// How the stream has ended.
    pub(crate) ended: Option<Result<(), ErrorKind>>,
    /// Whether the other end was gone before everything was written.
    pub(crate) cut_off: bool,
    /// Whether it leaves its own direction open when the other has ended.
    pub(crate) stays: bool,
    /// Why TLS has ended.
    pub(crate) refused: Option<TlsErrorKind>,
    idle: usize,
}

impl Peer {
    /// One that has not begun TLS. The socket must not block.
    pub(crate) fn new(socket: TcpStream, cut: Cut) -> Self {
        Self {
            socket: Some(socket),
            layers: Vec::new(),
            cut,
            out: VecDeque::new(),
            reads: true,
            expects: 0,
            heard: Vec::new(),
            tap: Vec::new(),
            greeting: None,
            ended: None,
            cut_off: false,
            stays: false,
            refused: None,
            idle: 0,
        }
    }

    /// Begins TLS, inside of what there is already.
    pub(crate) fn begin(&mut self, coder: Box<dyn Coder>) -> Outcome {
        self.layers.push(Machine::started(coder)?);
        self.encode();
        Ok(())
    }

    /// Takes the innermost TLS away, with all that it knows.
    pub(crate) fn take_layer(&mut self) -> Option<Machine> {
        self.layers.pop()
    }

    /// Goes on with TLS that has begun elsewhere.
    pub(crate) fn resume(&mut self, layer: Machine) {
        self.layers.push(layer);
        self.encode();
    }

    /// Sends bytes as they are, behind all others.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        self.out
            .extend(self.cut.pieces(bytes).iter().map(|piece| piece.to_vec()));
    }

    /// Sends bytes as they are, at once: they are on their way when this
    /// returns.
    pub(crate) fn say_now(&mut self, bytes: &[u8]) -> Outcome {
        let mut socket = self.socket()?;
        Ok(socket.write_all(bytes)?)
    }

    /// Sends data in TLS.
    pub(crate) fn send(&mut self, plain: &[u8]) -> Outcome {
        self.top()?.send(plain)?;
        self.encode();
        Ok(())
    }

    /// Sends a close_notify.
    pub(crate) fn close(&mut self) -> Outcome {
        self.close_before(&[])
    }

    /// Sends a close_notify, and right behind it bytes as they are.
    pub(crate) fn close_before(&mut self, behind: &[u8]) -> Outcome {
        self.top()?.close()?;
        self.encode_with(behind);
        Ok(())
    }

    /// Ends the innermost TLS: what came behind the close_notify was said
    /// outside of it, and so is what comes next.
    pub(crate) fn leave(&mut self) {
        if let Some(layer) = self.layers.pop() {
            let outside = match self.layers.last_mut() {
                Some(outer) => &mut outer.plain,
                None => &mut self.heard,
            };
            outside.extend(layer.input);
        }
    }

    /// What it would send next, taken away.
    pub(crate) fn take_out(&mut self) -> Vec<u8> {
        self.out.drain(..).flatten().collect()
    }

    /// Ends its direction of the stream, behind what it still has to send.
    pub(crate) async fn end(&mut self, scene: &Scene<'_>) -> Outcome {
        while !self.out.is_empty() {
            self.step(scene).await?;
        }
        match self.socket()?.shutdown(Shutdown::Write) {
            // The other end has gone already.
            Err(error) if error.kind() == ErrorKind::NotConnected => Ok(()),
            other => Ok(other?),
        }
    }

    /// Resets the connection.
    pub(crate) fn reset(&mut self) -> Outcome {
        let socket = self.socket.take();
        let socket = socket.ok_or_else(|| Stop::failed("the peer is gone"))?;
        self.ended = Some(Ok(()));
        Ok(sockets::reset(socket)?)
    }

    /// What was sent to it in TLS.
    pub(crate) fn plain(&self) -> &[u8] {
        self.layers.last().map_or(&[], |top| &top.plain)
    }

    pub(crate) fn top(&mut self) -> Result<&mut Machine, Stop> {
        let top = self.layers.last_mut();
        top.ok_or_else(|| Stop::failed("the peer has not begun TLS"))
    }

    /// Where the innermost TLS stands.
    pub(crate) fn progress(&self) -> Progress {
        let top = self.layers.last();
        top.map_or(Progress::Handshaking, |top| top.progress)
    }

    /// Whether everything has been written.
    pub(crate) fn has_written(&self) -> bool {
        self.out.is_empty()
    }

    fn socket(&self) -> Result<&TcpStream, Stop> {
        let socket = self.socket.as_ref();
        socket.ok_or_else(|| Stop::failed("the peer is gone"))
    }

    /// Reads what is there, writes one piece, and lets the loop make a turn.
    pub(crate) async fn step(&mut self, scene: &Scene<'_>) -> Outcome {
        let read = self.read()?;
        let written = self.write();
        self.follow();
        if read || written {
            self.idle = 0;
        } else {
            self.idle += 1;
        }
        if self.idle > PATIENCE {
            scene.sleep(Duration::from_millis(1)).await;
        } else {
            scene.turns(1).await;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<bool, Stop> {
        let Some(mut socket) = self.socket.as_ref().filter(|_| self.reads) else {
            return Ok(false);
        };
        let mut bytes = vec![0; 256 * 1024];
        let count = match socket.read(&mut bytes) {
            _ if self.ended.is_some() => return Ok(false),
            Ok(0) => {
                self.ended = Some(Ok(()));
                return Ok(true);
            }
            Ok(count) => count,
            Err(error) if is_for_now(&error) => return Ok(false),
            Err(error) => {
                self.ended = Some(Err(error.kind()));
                return Ok(true);
            }
        };
        bytes.truncate(count);
        self.tap.extend_from_slice(&bytes);
        let plain = if self.layers.is_empty() {
            count
        } else {
            self.expects.min(count)
        };
        self.expects = self.expects.saturating_sub(plain);
        self.heard.extend(bytes.drain(..plain));
        self.decode(bytes)?;
        Ok(true)
    }

    /// Gives bytes to the outermost layer, and what comes out to the next.
    fn decode(&mut self, bytes: Vec<u8>) -> Outcome {
        let mut bytes = bytes;
        let last = self.layers.len().saturating_sub(1);
        for (depth, layer) in self.layers.iter_mut().enumerate() {
            if bytes.is_empty() || self.refused.is_some() {
                break;
            }
            if let Err(error) = layer.arrive(&bytes) {
                self.refused = Some(error.kind().clone());
            }
            if depth == last {
                break;
            }
            bytes = layer.take_plain();
            if layer.progress == Progress::PeerClosed {
                // What is outside ends as it should; the case is about the
                // inside.
                layer.close()?;
            }
        }
        let open = self.progress() == Progress::Open && self.refused.is_none();
        let greeting = self.greeting.take_if(|_| open);
        if let Some(greeting) = &greeting {
            self.top()?.send(&greeting.data)?;
            if greeting.closes {
                self.top()?.close()?;
            }
        }
        let behind = greeting.map(|greeting| greeting.behind);
        self.encode_with(&behind.unwrap_or_default());
        Ok(())
    }

    fn encode(&mut self) {
        self.encode_with(&[]);
    }

    /// Takes what the layers have to say, from the inside out, and puts bytes
    /// as they are behind it.
    fn encode_with(&mut self, behind: &[u8]) {
        let mut inner: Vec<u8> = Vec::new();
        for layer in self.layers.iter_mut().rev() {
            if !inner.is_empty() && layer.send(&inner).is_err() {
                // The end of the outer one; what is inside is lost with it.
                inner.clear();
            }
            inner = layer.take_wire();
        }
        inner.extend_from_slice(behind);
        let pieces = self.cut.pieces(&inner);
        self.out.extend(pieces.iter().map(|piece| piece.to_vec()));
    }

    fn write(&mut self) -> bool {
        let (Some(mut socket), Some(piece)) = (self.socket.as_ref(), self.out.front_mut()) else {
            return false;
        };
        // Some systems take any amount at once, if they take anything.
        let most = piece.len().min(64 * 1024);
        match socket.write(&piece[..most]) {
            Ok(count) if count == piece.len() => drop(self.out.pop_front()),
            Ok(count) => drop(piece.drain(..count)),
            Err(error) if is_for_now(&error) => return false,
            // Nobody reads any more.
            Err(_) => {
                self.out.clear();
                self.cut_off = true;
            }
        }
        true
    }

    /// Who has no TLS, or was refused, and has heard the end ends too, behind what
    /// he sends.
    fn follow(&mut self) {
        let insecure = self.refused.is_some() || self.layers.is_empty();
        let over = insecure && self.ended.is_some() && self.out.is_empty() && !self.stays;
        if let Some(socket) = self.socket.as_ref().filter(|_| over) {
            // The other end may have gone already.
            let _ = socket.shutdown(Shutdown::Write);
        }
    }

    /// Goes on until this holds.
    pub(crate) async fn until(
        &mut self,
        scene: &Scene<'_>,
        enough: impl Fn(&Self) -> bool,
    ) -> Outcome {
        while !enough(self) {
            self.step(scene).await?;
        }
        Ok(())
    }

    /// Goes on until so many bytes were sent to it in TLS.
    pub(crate) async fn until_plain(&mut self, scene: &Scene<'_>, count: usize) -> Outcome {
        self.until(scene, |peer| peer.plain().len() >= count).await
    }

    /// Goes on until the stream has ended.
    pub(crate) async fn until_ended(&mut self, scene: &Scene<'_>) -> Outcome {
        self.until(scene, |peer| peer.ended.is_some()).await
    }

    /// Goes on for so many steps.
    pub(crate) async fn steps(&mut self, scene: &Scene<'_>, count: usize) -> Outcome {
        for _ in 0..count {
            self.step(scene).await?;
        }
        Ok(())
    }

    /// Goes on until a future is ready.
    pub(crate) async fn alongside<T>(
        &mut self,
        scene: &Scene<'_>,
        future: impl Future<Output = T>,
    ) -> Result<T, Stop> {
        let mut future = pin!(future);
        let mut peer = pin!(async {
            loop {
                if let Err(stop) = self.step(scene).await {
                    return stop;
                }
            }
        });
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(ready) => Poll::Ready(Ok(ready)),
            Poll::Pending => peer.as_mut().poll(cx).map(Err),
        })
        .await
    }
}

/// What a peer sends as soon as it can: glued to its last handshake message.
#[derive(Default)]
pub(crate) struct Greeting {
    pub(crate) data: Vec<u8>,
    /// Whether a close_notify follows.
    pub(crate) closes: bool,
    /// What follows in the clear.
    pub(crate) behind: Vec<u8>,
}

impl Greeting {
    pub(crate) fn of(data: &[u8]) -> Option<Self> {
        Some(Self {
            data: data.to_vec(),
            ..Self::default()
        })
    }
}

fn is_for_now(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
