//! Servers that speak TLS.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::tls::TlsErrorKind;
use loopline_core::{EventLoop, EventLoopExt, Server, ServerOptions, Severity};

use super::options::{client, connected, connecting, refused, silent};
use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::address_of;
use crate::harness::recorder::{Call, Log};
use crate::harness::tls::cut::Cut;
use crate::harness::tls::parts;
use crate::harness::tls::upgrade::{Upgrade, once, over_cuts, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B38,
        a_server_speaks_tls_with_every_client,
        "A server's protocols get connection_made after the handshake, however the client's bytes are cut."
    ),
    case!(
        B39,
        what_was_not_made_is_not_lost,
        "After a handshake that fails the protocol of a connection gets neither connection_made nor connection_lost."
    ),
    case!(
        B47,
        a_failed_handshake_disturbs_no_server,
        "A client that fails its handshake is not reported, and the server goes on serving others."
    ),
    case!(
        B47,
        in_debug_mode_a_failed_handshake_is_reported,
        "In debug mode a client that fails its handshake is reported, with a warning."
    ),
    case!(
        B42,
        a_server_waits_for_nobody_for_ever,
        "A client that never speaks is let go after the handshake timeout."
    ),
    case!(
        B35,
        an_upgraded_connection_counts_for_its_server,
        "A connection that was accepted and then upgraded keeps its server from being over until it is gone."
    ),
];

type Logs = Rc<RefCell<Vec<Log>>>;

/// A server that speaks TLS, and what its protocols were told.
async fn serving(
    upgrade: &Upgrade<'_>,
    options: ServerOptions,
) -> Result<(Rc<dyn Server>, SocketAddr, Logs), Stop> {
    let server = upgrade.context(&parts::server().version(upgrade.setting.version))?;
    let logs = Logs::default();
    let made = Rc::clone(&logs);
    let factory = move || {
        let log = Log::default();
        made.borrow_mut().push(log.clone());
        log.recorder()
    };
    let listening = upgrade
        .scene
        .create_server(factory, ("127.0.0.1", 0), options.ssl(server));
    let server = listening.await?;
    let address = address_of(&*server)?;
    Ok((server, address, logs))
}

/// Whether the protocol of the `number`th client was made.
fn is_made(logs: &Logs, number: usize) -> bool {
    let logs = logs.borrow();
    logs.get(number).is_some_and(|log| !log.calls().is_empty())
}

fn a_server_speaks_tls_with_every_client(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        let scene = upgrade.scene;
        let (server, address, logs) = serving(upgrade, ServerOptions::default()).await?;
        for number in 0..3 {
            let mut peer = client(upgrade, address, upgrade.setting.cut)?;
            peer.until(scene, |_| is_made(&logs, number)).await?;
            let log = logs.borrow()[number].clone();
            assert_eq!(log.calls(), [Call::Made]);
            let transport = log
                .transport()
                .ok_or_else(|| Stop::failed("no transport"))?;
            assert!(transport.session().is_some());
            transport.write(b"hello")?;
            peer.until_plain(scene, 5).await?;
            peer.send(b"and back")?;
            peer.close()?;
            peer.alongside(scene, log.until_lost()).await?;
            let calls = [Call::Made, Call::Data(8), Call::Eof, Call::Lost(None)];
            assert_eq!(log.calls(), calls);
        }
        server.close();
        server.wait_closed().await;
        Ok(())
    })
}

fn what_was_not_made_is_not_lost(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Server {
            return Ok(());
        }
        let client = upgrade.context(&upgrade.ours())?;
        let log = Log::default();
        let options = connecting(&client).server_hostname("elsewhere.test");
        let (made, mut peer) = connected(upgrade, options, &log).await?;
        refused(made)?;
        peer.until_ended(upgrade.scene).await?;
        let told = &peer.refused;
        assert!(matches!(told, Some(TlsErrorKind::Alert(_))), "{told:?}");
        upgrade.scene.turns(10).await;
        assert_eq!(log.calls(), []);
        Ok(())
    })
}

fn a_failed_handshake_disturbs_no_server(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        let scene = upgrade.scene;
        let (server, address, logs) = serving(upgrade, ServerOptions::default()).await?;
        for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"", &[0xff; 100]] {
            let mut peer = silent(address, Cut::Whole)?;
            peer.say(garbage);
            peer.end(scene).await?;
            peer.until_ended(scene).await?;
        }
        let mut peer = silent(address, Cut::Whole)?;
        peer.steps(scene, 3).await?;
        peer.reset()?;
        peer.until(scene, |_| scene.snapshot().transports == 0)
            .await?;
        assert!(
            scene.reports().is_empty(),
            "a client's failure was reported"
        );
        let failed = logs.borrow().len();
        assert!(logs.borrow().iter().all(|log| log.calls().is_empty()));
        let mut peer = client(upgrade, address, Cut::Whole)?;
        peer.until(scene, |peer| {
            is_made(&logs, failed) && peer.progress() == loopline_core::tls::Progress::Open
        })
        .await?;
        peer.close()?;
        let log = logs.borrow()[failed].clone();
        peer.alongside(scene, log.until_lost()).await?;
        server.close();
        server.wait_closed().await;
        Ok(())
    })
}

fn in_debug_mode_a_failed_handshake_is_reported(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let scene = upgrade.scene;
        scene.set_debug(true);
        let (server, address, _) = serving(upgrade, ServerOptions::default()).await?;
        let mut peer = silent(address, Cut::Whole)?;
        peer.say(b"GET / HTTP/1.1\r\n\r\n");
        let reports = peer.alongside(scene, scene.reported()).await?;
        assert_eq!(reports.len(), 1, "{reports:?}");
        assert_eq!(reports[0].severity, Severity::Warning, "{reports:?}");
        peer.until_ended(scene).await?;
        server.close();
        server.wait_closed().await;
        Ok(())
    })
}

fn a_server_waits_for_nobody_for_ever(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        let options = ServerOptions::default().ssl_handshake_timeout(Duration::from_millis(20));
        let (server, address, logs) = serving(upgrade, options).await?;
        let mut peer = silent(address, Cut::Whole)?;
        peer.until_ended(upgrade.scene).await?;
        server.close();
        server.wait_closed().await;
        assert!(logs.borrow().iter().all(|log| log.calls().is_empty()));
        Ok(())
    })
}

fn an_upgraded_connection_counts_for_its_server(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        let scene = upgrade.scene;
        let log = Log::default();
        let accepted = log.clone();
        let factory = move || accepted.recorder();
        let listening = scene.create_server(factory, ("127.0.0.1", 0), ServerOptions::default());
        let server = listening.await?;
        let mut peer = silent(address_of(&*server)?, Cut::Whole)?;
        peer.until(scene, |_| !log.calls().is_empty()).await?;
        let old = log
            .transport()
            .ok_or_else(|| Stop::failed("no transport"))?;
        let protocol = old.protocol().ok_or_else(|| Stop::failed("no protocol"))?;
        peer.begin(upgrade.context(&upgrade.theirs())?.client(&parts::name())?)?;
        let context = upgrade.context(&upgrade.ours())?;
        let starting = scene.start_tls(&old, protocol, &*context, upgrade.options());
        let transport = peer.alongside(scene, starting).await??;
        server.close();
        {
            let mut closed = Box::pin(async {
                server.wait_closed().await;
                Ok::<(), std::io::Error>(())
            });
            let over = scene.ready_within(&mut closed, 20).await?;
            assert!(!over, "the connection does not count");
            transport.close();
            peer.until(scene, |peer| {
                peer.progress() == loopline_core::tls::Progress::PeerClosed
            })
            .await?;
            peer.close()?;
            peer.alongside(scene, closed).await??;
        }
        assert_eq!(log.calls(), [Call::Made, Call::Lost(None)]);
        Ok(())
    })
}
