//! Connections that go on in plaintext: who begins, and what goes with them.

use std::io::IoSlice;
use std::rc::Rc;

use loopline_core::tls::{Progress, StopTlsOptions};
use loopline_core::{EventLoop, FileSource, Flow, SendFileOptions, WriteError};

use super::Peer;
use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::tls::stop::next_protocol;
use crate::harness::tls::upgrade::{Upgrade, over_cuts, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B96,
        the_peer_may_begin,
        "Where half-closed connections are allowed, the peer's close_notify leaves this side's direction open: what is written leaves in TLS, until stop_tls ends it."
    ),
    case!(
        B96,
        a_half_closed_connection_can_be_closed,
        "A connection whose peer has ended its direction ends in order when it is closed, and its protocol was told of the end once."
    ),
    case!(
        B96,
        a_pause_keeps_the_peers_end,
        "The peer's close_notify that comes while reading is paused is still there for a stop_tls, which does not wait for the pause to end."
    ),
    case!(
        B100,
        a_pause_of_reading_goes_along,
        "What was paused stays paused, and what came behind the close_notify waits."
    ),
    case!(
        B100,
        a_pause_of_writing_goes_along,
        "A protocol that was told to pause writing is told once to go on."
    ),
    case!(
        B101,
        one_layer_is_taken_off,
        "Of TLS inside TLS the inner one alone is taken off, and the outer one goes on."
    ),
    case!(
        B102,
        the_tls_transport_takes_nothing_more,
        "The transport that spoke TLS refuses to write and changes nothing; closing it closes the connection."
    ),
    case!(
        B102,
        the_transport_from_before_works_again,
        "The transport that the connection had before the upgrade can be used again."
    ),
    case!(
        B103,
        the_connection_can_be_upgraded_again,
        "A connection can be upgraded and taken back again and again, also when the next handshake comes right behind the close_notify."
    ),
];

fn the_peer_may_begin(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        for behind in [&b"early"[..], b""] {
            began(upgrade, behind).await?;
        }
        Ok(())
    })
}

async fn began(upgrade: &Upgrade<'_>, behind: &[u8]) -> Outcome {
    let log = Log::default();
    let recorder = log.recorder().keep_open();
    let mut link = upgrade.plain_of(log, recorder).await?;
    let options = upgrade.options().allow_half_close(true);
    let transport = upgrade.secure_with(&mut link, options).await?;
    link.peer.send(b"the last")?;
    link.peer.close_before(behind)?;
    let log = link.log.clone();
    let ended = log.until(|calls, _| calls.contains(&Call::Eof));
    link.peer.alongside(upgrade.scene, ended).await?;
    link.peer.steps(upgrade.scene, 5).await?;
    assert!(!transport.is_closing() && !transport.is_reading());
    assert_eq!(transport.write(b"an answer")?, Flow::Open);
    let file = FileSource::reader(std::io::Cursor::new(b", a file".to_vec()));
    let sending = upgrade
        .scene
        .sendfile(&transport, file, SendFileOptions::default());
    link.peer.alongside(upgrade.scene, sending).await??;
    link.peer.until_plain(upgrade.scene, 17).await?;
    assert_eq!(link.peer.plain(), b"an answer, a file");

    // It comes in the very turn in which the connection is taken back.
    link.peer.say_now(b" and later")?;
    let (protocol, next) = next_protocol();
    let stopping = upgrade.stopping(&transport, protocol, StopTlsOptions::default());
    let plain = upgrade.stop(&mut link, stopping).await?;
    assert_eq!(next.calls(), [], "data came before the transport");
    let closed = |peer: &Peer| peer.progress() == Progress::PeerClosed;
    link.peer.until(upgrade.scene, closed).await?;
    link.peer.leave();
    let count = behind.len() + 10;
    link.peer
        .alongside(upgrade.scene, next.until_data(count))
        .await?;
    assert_eq!(next.data(), [behind, b" and later"].concat());
    upgrade.talk_plainly(&mut link, &plain, &next).await?;
    let calls = [Call::Made, Call::Data(8), Call::Eof];
    assert_eq!(link.log.calls(), calls);
    upgrade.close_plainly(&mut link, &plain, &next).await
}

fn a_half_closed_connection_can_be_closed(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let log = Log::default();
        let recorder = log.recorder().keep_open();
        let mut link = upgrade.plain_of(log, recorder).await?;
        let options = upgrade.options().allow_half_close(true);
        let transport = upgrade.secure_with(&mut link, options).await?;
        link.peer.close()?;
        let log = link.log.clone();
        let ended = log.until(|calls, _| calls.contains(&Call::Eof));
        link.peer.alongside(upgrade.scene, ended).await?;
        transport.pause_reading();
        transport.resume_reading();
        link.peer.steps(upgrade.scene, 5).await?;
        transport.write(b"the last")?;
        transport.close();
        assert_eq!(upgrade.lost(&mut link).await?, None);
        link.peer.until_ended(upgrade.scene).await?;
        assert_eq!(link.peer.plain(), b"the last");
        assert_eq!(link.peer.progress(), Progress::PeerClosed);
        assert_eq!(link.log.calls(), [Call::Made, Call::Eof, Call::Lost(None)]);
        Ok(())
    })
}

fn a_pause_keeps_the_peers_end(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.pause_reading();
        link.peer.close_before(b"early")?;
        link.peer.until(upgrade.scene, Peer::has_written).await?;
        link.peer.steps(upgrade.scene, 10).await?;
        assert_eq!(link.log.calls(), [Call::Made]);
        let (protocol, log) = next_protocol();
        let stopping = upgrade.stopping(&transport, protocol, StopTlsOptions::default());
        let plain = upgrade.stop(&mut link, stopping).await?;
        link.peer.leave();
        assert!(!plain.is_reading());
        plain.resume_reading();
        link.peer
            .alongside(upgrade.scene, log.until_data(5))
            .await?;
        assert_eq!(log.data(), b"early");
        upgrade.close_plainly(&mut link, &plain, &log).await?;
        assert_eq!(link.log.calls(), [Call::Made]);
        Ok(())
    })
}

fn a_pause_of_reading_goes_along(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        let (protocol, log) = next_protocol();
        let stopping = upgrade
            .stopping_heard(&mut link, &transport, protocol)
            .await?;
        transport.pause_reading();
        assert!(!transport.is_reading());
        link.peer.close_before(b"behind")?;
        let plain = upgrade.stop(&mut link, stopping).await?;
        link.peer.leave();
        link.peer.say(b" and later");
        link.peer.steps(upgrade.scene, 10).await?;
        assert_eq!(log.calls(), []);
        assert!(!plain.is_reading());
        plain.resume_reading();
        assert!(plain.is_reading());
        link.peer
            .alongside(upgrade.scene, log.until_data(16))
            .await?;
        assert_eq!(log.data(), b"behind and later");
        upgrade.close_plainly(&mut link, &plain, &log).await
    })
}

fn a_pause_of_writing_goes_along(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        // Its end is there before anything of the queue has left.
        transport.pause_reading();
        link.peer.close_before(b"behind")?;
        link.peer.until(upgrade.scene, Peer::has_written).await?;
        link.peer.reads = false;
        let content = files::content(2_000_000);
        assert_eq!(transport.write(&content)?, Flow::Full);
        assert_eq!(link.log.calls(), [Call::Made, Call::Pause]);
        let protocol = Rc::clone(&link.protocol);
        let stopping = upgrade.stopping(&transport, protocol, StopTlsOptions::default());
        let plain = upgrade.stop(&mut link, stopping).await?;
        link.log.adopt(&plain);
        assert!(plain.is_writing_paused());
        assert_eq!(plain.write_buffer_limits().high, 64 * 1024);
        plain.write(b"in the clear")?;
        link.peer.steps(upgrade.scene, 10).await?;
        assert_eq!(link.log.calls(), [Call::Made, Call::Pause]);
        link.peer.reads = true;
        let log = link.log.clone();
        let resumed = log.until(|calls, _| calls.contains(&Call::Resume));
        link.peer.alongside(upgrade.scene, resumed).await?;
        assert!(!plain.is_writing_paused());
        let closed = |peer: &Peer| peer.progress() == Progress::PeerClosed;
        link.peer.until(upgrade.scene, closed).await?;
        assert!(link.peer.plain() == content, "other bytes arrived");
        link.peer.leave();
        let heard = |peer: &Peer| peer.heard.len() >= 12;
        link.peer.until(upgrade.scene, heard).await?;
        assert_eq!(link.peer.heard, b"in the clear");
        assert_eq!(log.calls(), [Call::Made, Call::Pause, Call::Resume]);
        plain.resume_reading();
        link.peer
            .alongside(upgrade.scene, log.until_data(6))
            .await?;
        upgrade.close_plainly(&mut link, &plain, &log).await
    })
}

fn one_layer_is_taken_off(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (outer, mut link) = upgrade.secured().await?;
        let below = std::mem::replace(&mut link.transport, Rc::clone(&outer));
        let inner = upgrade.secure(&mut link).await?;
        upgrade.talk(&mut link, &inner).await?;
        link.peer.send(b"the last inside")?;
        let (protocol, log) = next_protocol();
        let again = upgrade
            .unwrap_before(&mut link, &inner, protocol, b"")
            .await?;
        assert_eq!(link.log.data(), b"from the peerthe last inside");
        assert!(again.session().is_some(), "the outer one is gone too");
        assert_eq!(below.write(b"x"), Err(WriteError::HandedOver));
        again.write(b"outside")?;
        link.peer.until_plain(upgrade.scene, 7).await?;
        assert_eq!(link.peer.plain(), b"outside");
        link.peer.send(b"and back")?;
        link.peer
            .alongside(upgrade.scene, log.until_data(8))
            .await?;
        // And then the outer one.
        let (plain, last) = upgrade.unwrap(&mut link, &again).await?;
        assert!(plain.session().is_none());
        upgrade.talk_plainly(&mut link, &plain, &last).await?;
        upgrade.close_plainly(&mut link, &plain, &last).await?;
        assert_eq!(log.calls(), [Call::Data(8)]);
        Ok(())
    })
}

fn the_tls_transport_takes_nothing_more(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        let session = transport.session();
        let (plain, log) = upgrade.unwrap(&mut link, &transport).await?;
        assert_eq!(transport.write(b"x"), Err(WriteError::HandedOver));
        let lines = [IoSlice::new(b"x"), IoSlice::new(b"y")];
        assert_eq!(transport.writelines(&lines), Err(WriteError::HandedOver));
        assert!(transport.write_eof().is_err());
        transport.pause_reading();
        let (other, _) = next_protocol();
        assert!(transport.set_protocol(other).is_none());
        assert!(transport.protocol().is_none());
        let file = FileSource::reader(std::io::Cursor::new(b"a file".to_vec()));
        let sending = upgrade
            .scene
            .sendfile(&transport, file, SendFileOptions::default());
        assert!(sending.await.is_err(), "a file was sent");
        assert!(transport.hand_over().is_none());
        assert_eq!(transport.peername(), plain.peername());
        assert_eq!(transport.session(), session);
        assert!(!transport.is_closing());
        upgrade.talk_plainly(&mut link, &plain, &log).await?;
        // Whoever still has it can end the connection.
        drop(plain);
        log.forget_transport();
        transport.close();
        let lost = link.peer.alongside(upgrade.scene, log.until_lost()).await?;
        assert_eq!(lost, None);
        assert!(transport.is_closing());
        link.peer.until_ended(upgrade.scene).await
    })
}

fn the_transport_from_before_works_again(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        let before = Rc::clone(&link.transport);
        let (_, log) = upgrade.unwrap(&mut link, &transport).await?;
        upgrade.talk_plainly(&mut link, &before, &log).await?;
        upgrade.close_plainly(&mut link, &before, &log).await
    })
}

fn the_connection_can_be_upgraded_again(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (mut transport, mut link) = upgrade.secured().await?;
        for _ in 0..3 {
            let protocol = Rc::clone(&link.protocol);
            // A client's next hello, or whatever a server says first: nothing.
            let mut next = upgrade.plain().await?;
            upgrade.begin(&mut next)?;
            let first = next.peer.take_out();
            assert_eq!(first.is_empty(), upgrade.setting.side == TlsSide::Client);
            let machine = next.peer.take_layer();
            let machine = machine.ok_or_else(|| Stop::failed("no layer"))?;
            next.transport.abort();
            next.log.until_lost().await;
            let plain = upgrade
                .unwrap_before(&mut link, &transport, protocol, &first)
                .await?;
            link.peer.resume(machine);
            link.transport = plain;
            let options = upgrade.options();
            transport = upgrade.start(&mut link, &upgrade.ours(), options).await??;
            upgrade.talk(&mut link, &transport).await?;
        }
        let data = link.log.data();
        assert_eq!(data, b"from the peer".repeat(3));
        upgrade.close(link, &transport).await
    })
}
