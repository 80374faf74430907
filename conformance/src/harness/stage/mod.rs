//! A loop on which a file goes, in every way that it can.

mod link;
mod setting;

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use loopline_core::backend::AsSource;
use loopline_core::{
    ConnectOptions, ConnectedSocket, EventLoop, EventLoopExt, FileSource, SendFileError,
    SendFileOptions,
};
use socket2::Socket;

pub(crate) use link::{End, Link};
pub(crate) use setting::{Carrier, Network, Setting, Way};

use super::altered::Hold;
use super::origin::Origin;
use super::recorder::{Log, Recorder};
use super::scene::{Scene, on_backend};
use super::tls::authority::NAME;
use super::tls::parts;
use super::tls::relay::relay;
use super::{os, sockets};
use crate::case::Need;
use crate::context::Context;
use crate::verdict::{Outcome, Stop};

/// More than the sockets of a [`Link`] hold, in bytes: a peer that does not
/// read keeps a file of this size from its end. It is also more than a million and
/// one stretch (line A70): a report of the first million is not the last one.
pub(crate) const MUCH: usize = 3 * 1024 * 1024;

/// What the kernel may keep in each socket of a [`Link`], in bytes.
const KEPT: usize = 256 * 1024;

/// A loop on which a file goes one of the ways.
pub(crate) struct Stage<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) setting: Setting,
    /// Holds jobs up that complete.
    pub(crate) hold: Rc<Hold>,
}

/// Runs a case once for every way that `wanted` lets through, each time on a
/// loop of its own.
pub(crate) fn over(
    context: &Context,
    wanted: impl Fn(&Setting) -> bool,
    body: impl AsyncFn(&Stage<'_>) -> Outcome,
) -> Outcome {
    let settings = if context.has_coders() {
        Setting::over_tls()
    } else {
        Setting::all(context)?
    };
    for setting in settings.into_iter().filter(wanted) {
        let hold = Rc::default();
        let backend = setting.way.backend(context, &hold)?;
        on_backend(context, backend, async |scene| {
            let stage = Stage {
                scene,
                setting,
                hold,
            };
            stage.doing("going on");
            body(&stage).await?;
            stage.settled().await;
            Ok(())
        })?;
    }
    Ok(())
}

/// Runs a case over every way.
pub(crate) fn over_all(context: &Context, body: impl AsyncFn(&Stage<'_>) -> Outcome) -> Outcome {
    over(context, |_| true, body)
}

/// Runs a case over every way by which a transport sends.
pub(crate) fn over_transports(
    context: &Context,
    body: impl AsyncFn(&Stage<'_>) -> Outcome,
) -> Outcome {
    over(context, Setting::has_transport, body)
}

pub(crate) type Sending<'a> = Pin<Box<dyn Future<Output = Result<u64, SendFileError>> + 'a>>;

impl Stage<'_> {
    /// Says how far the case is.
    pub(crate) fn doing(&self, what: &str) {
        self.scene
            .context
            .doing(format!("{}: {what}", self.setting));
    }

    /// What is sent: a file, or the same in memory.
    pub(crate) fn origin(&self, content: &[u8]) -> Result<Origin, Stop> {
        Ok(match self.setting.way {
            Way::Memory => Origin::memory(content),
            _ => Origin::file(content)?,
        })
    }

    pub(crate) async fn link(&self) -> Result<Link, Stop> {
        let log = Log::default();
        let recorder = log.recorder();
        self.link_of(log, recorder).await
    }

    /// A connection of which the protocol is this recorder of that log.
    pub(crate) async fn link_of(&self, log: Log, recorder: Recorder) -> Result<Link, Stop> {
        let (ours, peer) = match self.setting.network {
            Network::Tcp => sockets::pair()?,
            Network::Unix => os::unix_pair()?,
        };
        let (ours, peer) = (Socket::from(ours), Socket::from(peer));
        ours.set_nonblocking(true)?;
        ours.set_send_buffer_size(KEPT)?;
        peer.set_recv_buffer_size(KEPT)?;
        let mut peer = peer;
        let end = match self.setting.carrier {
            Carrier::Socket => End::Socket(ours),
            Carrier::Tls => {
                let context = self.scene.context;
                // The relay is on a thread, which the limits of a handshake
                // would overtake.
                context.require(Need::SYSTEM_CLOCK)?;
                peer = relay(context.tls(&parts::server())?, peer.into())?.into();
                let options = ConnectOptions::default()
                    .ssl(context.tls(&parts::client())?)
                    .server_hostname(NAME);
                let ours = ConnectedSocket::from(os::OwnedSource::from(ours));
                let made = self.scene.create_connection(|| recorder, ours, options);
                End::Transport(made.await?.0)
            }
            Carrier::Transport => {
                let ours = os::OwnedSource::from(ours);
                let made = self.scene.connect_accepted_socket(|| recorder, ours);
                End::Transport(made.await?.0)
            }
        };
        Ok(Link { end, log, peer })
    }

    /// Sends, by whatever the setting has.
    pub(crate) fn send<'b>(
        &'b self,
        end: &'b End,
        source: impl Into<FileSource>,
        options: SendFileOptions,
    ) -> Sending<'b> {
        let source = source.into();
        match end {
            End::Transport(transport) => Box::pin(self.scene.sendfile(transport, source, options)),
            End::Socket(socket) => self
                .scene
                .sock_sendfile(socket.as_source(), source, options),
        }
    }

    /// Checks where the position of what was given up is. Another thread may
    /// have the reader until it has read.
    pub(crate) async fn position_is(&self, origin: &Origin, expected: u64) -> Outcome {
        self.settled().await;
        self.doing(&format!("waiting for the position to be {expected}"));
        while matches!(origin, Origin::Memory(_)) && origin.position()? != expected {
            self.scene.turns(1).await;
        }
        assert_eq!(origin.position()?, expected);
        Ok(())
    }

    /// Where the position of what was given up is, when so much had been
    /// reported: a job in flight may get further before it ends.
    pub(crate) async fn given_up_at(&self, origin: &Origin, reported: u64) -> Result<u64, Stop> {
        if !self.setting.completes {
            self.position_is(origin, reported).await?;
            return Ok(reported);
        }
        self.settled().await;
        let position = origin.position()?;
        assert!(position >= reported, "{position} of {reported}");
        Ok(position)
    }

    /// Waits until the loop has let go of what a cancelled file left behind:
    /// a read on another thread, or a job in flight.
    pub(crate) async fn settled(&self) {
        self.doing("letting go");
        loop {
            let left = self.scene.snapshot();
            let in_flight = left.in_flight + self.hold.in_flight.get();
            if left.tasks == 0 && left.waiters == 0 && in_flight == 0 {
                return;
            }
            self.scene.turns(1).await;
        }
    }
}
