//! Connections of which TLS is taken off.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use loopline_core::tls::{Progress, StopTlsError, StopTlsOptions};
use loopline_core::{EventLoop, SharedProtocol, Transport};

use super::peer::Peer;
use super::upgrade::{Link, Upgrade, Upgraded};
use crate::harness::recorder::Log;
use crate::verdict::{Outcome, Stop};

/// What takes TLS off, once it is polled.
pub(crate) type Stopping<'a> = Pin<Box<dyn Future<Output = Result<Upgraded, StopTlsError>> + 'a>>;

/// A protocol that writes down how it is called once TLS is off.
pub(crate) fn next_protocol() -> (SharedProtocol, Log) {
    let log = Log::default();
    (Rc::new(RefCell::new(log.recorder())), log)
}

impl Upgrade<'_> {
    pub(crate) fn stopping<'b>(
        &'b self,
        transport: &Rc<dyn Transport>,
        protocol: SharedProtocol,
        options: StopTlsOptions,
    ) -> Stopping<'b> {
        let transport = Rc::clone(transport);
        Box::pin(async move {
            let stopping = self.scene.stop_tls(&transport, protocol, options);
            stopping.await.map(Upgraded)
        })
    }

    /// Begins to take TLS off, until the peer has heard everything up to the
    /// close_notify, which it does not answer.
    pub(crate) async fn stopping_heard<'b>(
        &'b self,
        link: &mut Link,
        transport: &Rc<dyn Transport>,
        protocol: SharedProtocol,
    ) -> Result<Stopping<'b>, Stop> {
        let mut stopping = self.stopping(transport, protocol, StopTlsOptions::default());
        self.heard(link, &mut stopping).await?;
        Ok(stopping)
    }

    /// Goes on taking TLS off until the peer has heard the close_notify.
    pub(crate) async fn heard(&self, link: &mut Link, stopping: &mut Stopping<'_>) -> Outcome {
        let closed = |peer: &Peer| peer.progress() == Progress::PeerClosed;
        let hearing = link.peer.until(self.scene, closed);
        self.scene.while_pending(stopping, hearing).await?
    }

    /// Takes TLS off, while the peer does what it does.
    pub(crate) async fn stop(
        &self,
        link: &mut Link,
        stopping: Stopping<'_>,
    ) -> Result<Rc<dyn Transport>, Stop> {
        self.doing("stop_tls");
        let stopped = link.peer.alongside(self.scene, stopping).await?;
        self.doing("going on after stop_tls");
        Ok(stopped?.0)
    }

    /// Takes TLS off on both sides: the loop begins, and the peer answers with
    /// its close_notify and these bytes. The peer has left TLS afterwards.
    pub(crate) async fn unwrap_before(
        &self,
        link: &mut Link,
        transport: &Rc<dyn Transport>,
        protocol: SharedProtocol,
        behind: &[u8],
    ) -> Result<Rc<dyn Transport>, Stop> {
        let stopping = self.stopping_heard(link, transport, protocol).await?;
        link.peer.close_before(behind)?;
        let plain = self.stop(link, stopping).await?;
        link.peer.leave();
        Ok(plain)
    }

    /// The same with nothing behind the peer's close_notify.
    pub(crate) async fn unwrap(
        &self,
        link: &mut Link,
        transport: &Rc<dyn Transport>,
    ) -> Result<(Rc<dyn Transport>, Log), Stop> {
        let (protocol, log) = next_protocol();
        let plain = self.unwrap_before(link, transport, protocol, b"").await?;
        log.adopt(&plain);
        Ok((plain, log))
    }

    /// Says a little both ways in plaintext.
    pub(crate) async fn talk_plainly(
        &self,
        link: &mut Link,
        plain: &Rc<dyn Transport>,
        log: &Log,
    ) -> Outcome {
        let (before, heard) = (log.data().len(), link.peer.heard.len());
        plain.write(b"from the loop, in the clear")?;
        link.peer.say(b"from the peer, in the clear");
        let until = log.until_data(before + 27);
        link.peer.alongside(self.scene, until).await?;
        assert_eq!(&log.data()[before..], b"from the peer, in the clear");
        let scene = self.scene;
        link.peer
            .until(scene, |peer| peer.heard.len() >= heard + 27)
            .await?;
        assert_eq!(&link.peer.heard[heard..], b"from the loop, in the clear");
        Ok(())
    }

    /// Closes a plain connection in order.
    pub(crate) async fn close_plainly(
        &self,
        link: &mut Link,
        plain: &Rc<dyn Transport>,
        log: &Log,
    ) -> Outcome {
        plain.close();
        let lost = link.peer.alongside(self.scene, log.until_lost()).await?;
        assert_eq!(lost, None);
        link.peer.until_ended(self.scene).await?;
        assert_eq!(link.peer.ended, Some(Ok(())));
        Ok(())
    }
}
