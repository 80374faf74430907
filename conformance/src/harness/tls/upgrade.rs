//! Connections that are upgraded.

use std::fmt;
use std::future::Future;
use std::net::TcpStream;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use loopline_core::tls::{Progress, StartTlsError, StartTlsOptions, TlsContext, TlsVersion};
use loopline_core::{EventLoop, EventLoopExt, SharedProtocol, Transport};
use socket2::SockRef;

use super::authority::NAME;
use super::cut::Cut;
use super::pair::SIDES;
use super::parts::{self, Parts, VERSIONS};
use super::peer::Peer;
use crate::TlsSide;
use crate::context::Context;
use crate::harness::connections::Kind;
use crate::harness::files;
use crate::harness::recorder::{Log, Recorder};
use crate::harness::scene::{Scene, on_loop};
use crate::verdict::{Outcome, Stop};

/// One of all combinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// The loop's side.
    pub(crate) side: TlsSide,
    pub(crate) version: TlsVersion,
    /// How the bytes come to the loop.
    pub(crate) cut: Cut,
}

impl Setting {
    pub(crate) const ANY: Self = Self {
        side: TlsSide::Client,
        version: TlsVersion::Tls13,
        cut: Cut::Whole,
    };

    fn all(cuts: &[Cut]) -> Vec<Self> {
        let mut all = Vec::new();
        for side in SIDES {
            for version in VERSIONS {
                all.extend(cuts.iter().map(|&cut| Self { side, version, cut }));
            }
        }
        all
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { side, version, cut } = self;
        write!(f, "{side:?}, {version}, {cut:?}")
    }
}

/// A loop on which a connection is upgraded.
pub(crate) struct Upgrade<'a> {
    pub(crate) scene: &'a Scene<'a>,
    pub(crate) setting: Setting,
}

/// Runs a case for both sides, both versions and every cut.
pub(crate) fn over_cuts(context: &Context, body: impl AsyncFn(&Upgrade<'_>) -> Outcome) -> Outcome {
    over(context, Setting::all(&Cut::ALL), body)
}

/// Runs a case for both sides and both versions.
pub(crate) fn over_sides(
    context: &Context,
    body: impl AsyncFn(&Upgrade<'_>) -> Outcome,
) -> Outcome {
    over(context, Setting::all(&[Cut::Whole]), body)
}

/// Runs a case once: neither side nor version matter.
pub(crate) fn once(context: &Context, body: impl AsyncFn(&Upgrade<'_>) -> Outcome) -> Outcome {
    over(context, vec![Setting::ANY], body)
}

/// Runs a case for these settings, each time on a loop of its own.
pub(crate) fn over(
    context: &Context,
    settings: Vec<Setting>,
    body: impl AsyncFn(&Upgrade<'_>) -> Outcome,
) -> Outcome {
    for setting in settings {
        on_loop(context, async |scene| {
            let upgrade = Upgrade { scene, setting };
            upgrade.doing("going on");
            body(&upgrade).await
        })?;
    }
    Ok(())
}

impl Upgrade<'_> {
    /// Says how far the case is.
    pub(crate) fn doing(&self, what: &str) {
        self.scene
            .context
            .doing(format!("{}: {what}", self.setting));
    }

    /// What the loop's context is asked for.
    pub(crate) fn ours(&self) -> Parts {
        Self::parts(self.setting.side).version(self.setting.version)
    }

    /// What the peer's is asked for.
    pub(crate) fn theirs(&self) -> Parts {
        let side = match self.setting.side {
            TlsSide::Client => TlsSide::Server,
            TlsSide::Server => TlsSide::Client,
        };
        Self::parts(side).version(self.setting.version)
    }

    fn parts(side: TlsSide) -> Parts {
        match side {
            TlsSide::Client => parts::client(),
            TlsSide::Server => parts::server(),
        }
    }

    /// So many bytes, or fewer where each is a turn of its own.
    pub(crate) fn content(&self, size: usize) -> Vec<u8> {
        files::content(match self.setting.cut {
            Cut::Bytes => size / 100,
            Cut::Whole | Cut::Headers => size,
        })
    }

    pub(crate) fn context(&self, parts: &Parts) -> Result<Arc<dyn TlsContext>, Stop> {
        self.scene.context.tls(parts)
    }

    /// The options of the loop's side.
    pub(crate) fn options(&self) -> StartTlsOptions {
        match self.setting.side {
            TlsSide::Client => StartTlsOptions::default().server_hostname(NAME),
            TlsSide::Server => StartTlsOptions::default().server_side(true),
        }
    }

    /// A connection that is still plain.
    pub(crate) async fn plain(&self) -> Result<Link, Stop> {
        let log = Log::default();
        let recorder = log.recorder();
        self.plain_of(log, recorder).await
    }

    /// A connection of which the protocol is this recorder of that log.
    pub(crate) async fn plain_of(&self, log: Log, recorder: Recorder) -> Result<Link, Stop> {
        let (ours, theirs) = Kind::Tcp.sockets()?;
        self.link(log, recorder, ours, theirs).await
    }

    /// A plain connection with little room in the kernel, both ways.
    pub(crate) async fn narrow(&self) -> Result<Link, Stop> {
        let (ours, theirs) = Kind::Tcp.sockets()?;
        for socket in [&ours, &theirs] {
            SockRef::from(socket).set_send_buffer_size(16 * 1024)?;
            SockRef::from(socket).set_recv_buffer_size(64 * 1024)?;
        }
        let log = Log::default();
        let recorder = log.recorder();
        self.link(log, recorder, ours, theirs).await
    }

    async fn link(
        &self,
        log: Log,
        recorder: Recorder,
        ours: TcpStream,
        theirs: TcpStream,
    ) -> Result<Link, Stop> {
        theirs.set_nonblocking(true)?;
        let made = self.scene.connect_accepted_socket(|| recorder, ours);
        let (transport, protocol) = made.await?;
        Ok(Link {
            transport,
            protocol,
            log,
            peer: Peer::new(theirs, self.setting.cut),
        })
    }

    /// Lets the peer begin, with what a peer is asked for.
    pub(crate) fn begin(&self, link: &mut Link) -> Outcome {
        self.begin_with(link, &self.theirs())
    }

    pub(crate) fn begin_with(&self, link: &mut Link, parts: &Parts) -> Outcome {
        let context = self.context(parts)?;
        link.peer.begin(match parts.side {
            TlsSide::Client => context.client(&parts::name())?,
            TlsSide::Server => context.server()?,
        })
    }

    /// What upgrades the loop's side, once it is polled.
    pub(crate) fn starting<'b>(
        &'b self,
        link: &Link,
        context: &'b dyn TlsContext,
        options: StartTlsOptions,
    ) -> Starting<'b> {
        let transport = Rc::clone(&link.transport);
        let protocol = Rc::clone(&link.protocol);
        Box::pin(async move {
            let starting = self.scene.start_tls(&transport, protocol, context, options);
            starting.await.map(Upgraded)
        })
    }

    /// Upgrades the loop's side, while the peer does what it does.
    pub(crate) async fn start(
        &self,
        link: &mut Link,
        parts: &Parts,
        options: StartTlsOptions,
    ) -> Result<Result<Rc<dyn Transport>, StartTlsError>, Stop> {
        let context = self.context(parts)?;
        self.doing("start_tls");
        let starting = self.starting(link, &*context, options);
        let started = link.peer.alongside(self.scene, starting).await?;
        self.doing("going on after start_tls");
        if let Ok(Upgraded(transport)) = &started {
            link.log.adopt(transport);
        }
        Ok(started.map(|Upgraded(transport)| transport))
    }

    /// Upgrades both sides of a connection.
    pub(crate) async fn secure(&self, link: &mut Link) -> Result<Rc<dyn Transport>, Stop> {
        self.secure_with(link, self.options()).await
    }

    pub(crate) async fn secure_with(
        &self,
        link: &mut Link,
        options: StartTlsOptions,
    ) -> Result<Rc<dyn Transport>, Stop> {
        self.begin(link)?;
        let transport = self.start(link, &self.ours(), options).await??;
        self.open(link).await?;
        Ok(transport)
    }

    /// Waits until the peer has ended the handshake too.
    pub(crate) async fn open(&self, link: &mut Link) -> Outcome {
        let open = |peer: &Peer| peer.progress() != Progress::Handshaking;
        link.peer.until(self.scene, open).await
    }

    /// A connection that is upgraded on both sides.
    pub(crate) async fn secured(&self) -> Result<(Rc<dyn Transport>, Link), Stop> {
        let mut link = self.plain().await?;
        let transport = self.secure(&mut link).await?;
        Ok((transport, link))
    }

    /// Waits for `connection_lost`, and checks that it comes once.
    pub(crate) async fn lost(&self, link: &mut Link) -> Result<Option<std::io::ErrorKind>, Stop> {
        self.doing("waiting for connection_lost");
        let log = link.log.clone();
        let lost = link.peer.alongside(self.scene, log.until_lost()).await?;
        link.peer.steps(self.scene, 5).await?;
        let count = log.count(|call| matches!(call, crate::harness::recorder::Call::Lost(_)));
        assert_eq!(count, 1, "connection_lost came {count} times");
        Ok(lost)
    }

    /// Waits until so many bytes have come to the protocol.
    pub(crate) async fn data(&self, link: &mut Link, count: usize) -> Result<Vec<u8>, Stop> {
        let log = link.log.clone();
        link.peer
            .alongside(self.scene, log.until_data(count))
            .await?;
        Ok(log.data())
    }

    /// Sends a little both ways.
    pub(crate) async fn talk(&self, link: &mut Link, transport: &Rc<dyn Transport>) -> Outcome {
        self.open(link).await?;
        let (before, heard) = (link.log.data().len(), link.peer.plain().len());
        transport.write(b"from the loop")?;
        link.peer.send(b"from the peer")?;
        let data = self.data(link, before + 13).await?;
        assert_eq!(&data[before..], b"from the peer");
        link.peer.until_plain(self.scene, heard + 13).await?;
        assert_eq!(&link.peer.plain()[heard..], b"from the loop");
        Ok(())
    }

    /// Closes in order, the peer last.
    pub(crate) async fn close(&self, mut link: Link, transport: &Rc<dyn Transport>) -> Outcome {
        transport.close();
        let scene = self.scene;
        let closed = |peer: &Peer| peer.progress() == Progress::PeerClosed;
        link.peer.until(scene, closed).await?;
        link.peer.close()?;
        assert_eq!(self.lost(&mut link).await?, None);
        Ok(())
    }
}

/// What `start_tls` has made.
pub(crate) struct Upgraded(pub(crate) Rc<dyn Transport>);

impl fmt::Debug for Upgraded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upgraded").field(&self.0.session()).finish()
    }
}

pub(crate) type Starting<'a> = Pin<Box<dyn Future<Output = Result<Upgraded, StartTlsError>> + 'a>>;

/// A connection from the loop to a peer.
pub(crate) struct Link {
    /// As it was before the upgrade.
    pub(crate) transport: Rc<dyn Transport>,
    pub(crate) protocol: SharedProtocol,
    pub(crate) log: Log,
    pub(crate) peer: Peer,
}
