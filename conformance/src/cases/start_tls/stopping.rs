//! Connections that go on in plaintext: which bytes go where.

use std::rc::Rc;

use loopline_core::{EventLoop, FileSource, SendFileOptions};

use super::Peer;
use super::buffered::buffered;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::Call;
use crate::harness::tls::stop::next_protocol;
use crate::harness::tls::upgrade::{over_cuts, over_sides};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B94,
        the_connection_goes_on_in_plaintext,
        "What was written leaves in TLS, then close_notify, and once the peer has answered both sides talk in the clear."
    ),
    case!(
        B94,
        a_long_queue_leaves_before,
        "With more queued than the sockets take, all of it and the close_notify leave before plaintext does."
    ),
    case!(
        B94,
        files_go_in_the_clear_too,
        "A file that is sent afterwards leaves as it is."
    ),
    case!(
        B95,
        bytes_behind_the_end_are_for_the_next_protocol,
        "What the peer says right behind its close_notify reaches the new protocol whole and in order, after stop_tls has returned."
    ),
    case!(
        B95,
        a_buffer_is_filled_in_parts,
        "A protocol with a buffer of its own gets what came behind the close_notify in as many parts as that needs."
    ),
    case!(
        B95,
        what_waits_is_held_while_paused,
        "What came behind the close_notify waits while reading is paused or a file is sent, and is dropped by an abort."
    ),
    case!(
        B97,
        data_before_the_end_is_for_the_old_protocol,
        "What the peer sends in TLS after stop_tls was begun still reaches the protocol of the TLS connection, before it returns."
    ),
    case!(
        B97,
        nobody_is_told_of_the_change,
        "A protocol that stays hears of data alone, and of the end of the stream when that comes, once."
    ),
];

fn the_connection_goes_on_in_plaintext(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.write(b"the ")?;
        transport.write(b"last")?;
        let (plain, log) = upgrade.unwrap(&mut link, &transport).await?;
        assert_eq!(upgrade.scene.snapshot().layers, 0);
        assert_eq!(upgrade.scene.snapshot().timers, 0);
        assert!(plain.session().is_none() && !plain.is_closing() && plain.is_reading());
        assert!(plain.can_write_eof());
        upgrade.talk_plainly(&mut link, &plain, &log).await?;
        upgrade.close_plainly(&mut link, &plain, &log).await?;
        assert_eq!(link.log.calls(), [Call::Made], "of the old protocol");
        assert_eq!(log.calls(), [Call::Data(27), Call::Lost(None)]);
        Ok(())
    })
}

fn a_long_queue_leaves_before(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        let content = files::content(2_000_000);
        transport.write(&content)?;
        let (protocol, log) = next_protocol();
        let stopping = upgrade
            .stopping_heard(&mut link, &transport, protocol)
            .await?;
        assert!(link.peer.plain() == content, "other bytes arrived");
        link.peer.close()?;
        let plain = upgrade.stop(&mut link, stopping).await?;
        link.peer.leave();
        upgrade.talk_plainly(&mut link, &plain, &log).await?;
        upgrade.close_plainly(&mut link, &plain, &log).await
    })
}

fn files_go_in_the_clear_too(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        let (plain, log) = upgrade.unwrap(&mut link, &transport).await?;
        let content = files::content(300_000);
        let source = FileSource::reader(std::io::Cursor::new(content.clone()));
        let options = SendFileOptions::default();
        let sending = upgrade.scene.sendfile(&plain, source, options);
        let sent = link.peer.alongside(upgrade.scene, sending).await??;
        assert_eq!(sent, content.len() as u64);
        let heard = |peer: &Peer| peer.heard.len() >= content.len();
        link.peer.until(upgrade.scene, heard).await?;
        assert!(link.peer.heard == content, "other bytes arrived");
        upgrade.close_plainly(&mut link, &plain, &log).await
    })
}

fn bytes_behind_the_end_are_for_the_next_protocol(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        for size in [1, 5, 100, 1_000_000] {
            let (transport, mut link) = upgrade.secured().await?;
            let behind = upgrade.content(size);
            link.peer.send(b"the last")?;
            let (protocol, log) = next_protocol();
            let plain = upgrade
                .unwrap_before(&mut link, &transport, protocol, &behind)
                .await?;
            assert_eq!(log.calls(), [], "data came before the transport");
            let until = log.until_data(behind.len());
            link.peer.alongside(upgrade.scene, until).await?;
            assert!(log.data() == behind, "other bytes came");
            assert_eq!(link.log.data(), b"the last");
            upgrade.talk_plainly(&mut link, &plain, &log).await?;
            upgrade.close_plainly(&mut link, &plain, &log).await?;
        }
        Ok(())
    })
}

fn a_buffer_is_filled_in_parts(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        let behind = files::content(1000);
        let (protocol, notes) = buffered(300);
        let plain = upgrade
            .unwrap_before(&mut link, &transport, protocol, &behind)
            .await?;
        assert_eq!(notes.updates.get(), 0);
        link.peer.end(upgrade.scene).await?;
        let lost = |_: &Peer| !notes.lost.borrow().is_empty();
        link.peer.until(upgrade.scene, lost).await?;
        assert!(*notes.data.borrow() == behind, "other bytes came");
        assert!(notes.updates.get() >= 4);
        assert_eq!((notes.eof.get(), &**notes.lost.borrow()), (1, &[None][..]));
        drop(plain);
        Ok(())
    })
}

fn what_waits_is_held_while_paused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for aborts in [false, true] {
            let (transport, mut link) = upgrade.secured().await?;
            let (protocol, log) = next_protocol();
            let behind = b"as it is";
            let plain = upgrade
                .unwrap_before(&mut link, &transport, protocol, behind)
                .await?;
            plain.pause_reading();
            link.peer.steps(upgrade.scene, 5).await?;
            assert_eq!(log.calls(), []);
            if aborts {
                plain.abort();
                assert_eq!(log.until_lost().await, None);
                assert_eq!(log.calls(), [Call::Lost(None)]);
                continue;
            }
            plain.resume_reading();
            assert_eq!(log.calls(), [], "inside the call");
            // A file is sent before the turn comes.
            let source = FileSource::reader(std::io::Cursor::new(files::content(3_000_000)));
            let options = SendFileOptions::default();
            let mut sending = upgrade.scene.sendfile(&plain, source, options);
            link.peer.reads = false;
            assert!(!upgrade.scene.ready_within(&mut sending, 5).await?);
            assert_eq!(log.data(), b"", "while a file was sent");
            link.peer.reads = true;
            link.peer.alongside(upgrade.scene, sending).await??;
            let until = log.until_data(behind.len());
            link.peer.alongside(upgrade.scene, until).await?;
            assert_eq!(log.data(), behind);
            upgrade.close_plainly(&mut link, &plain, &log).await?;
        }
        Ok(())
    })
}

fn data_before_the_end_is_for_the_old_protocol(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        let content = upgrade.content(1_000_000);
        let (protocol, log) = next_protocol();
        let stopping = upgrade
            .stopping_heard(&mut link, &transport, protocol)
            .await?;
        link.peer.send(&content)?;
        link.peer.close_before(b"behind")?;
        let plain = upgrade.stop(&mut link, stopping).await?;
        link.peer.leave();
        assert!(link.log.data() == content, "other bytes came in TLS");
        let until = log.until_data(6);
        link.peer.alongside(upgrade.scene, until).await?;
        assert_eq!(log.data(), b"behind");
        upgrade.close_plainly(&mut link, &plain, &log).await?;
        assert_eq!(link.log.calls(), [Call::Made, Call::Data(content.len())]);
        Ok(())
    })
}

fn nobody_is_told_of_the_change(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        link.peer.send(b"before ")?;
        assert_eq!(upgrade.data(&mut link, 7).await?, b"before ");
        let protocol = Rc::clone(&link.protocol);
        let plain = upgrade
            .unwrap_before(&mut link, &transport, protocol, b"and after")
            .await?;
        link.log.adopt(&plain);
        link.peer.end(upgrade.scene).await?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        assert_eq!(link.log.data(), b"before and after");
        let calls = [Call::Made, Call::Data(16), Call::Eof, Call::Lost(None)];
        assert_eq!(link.log.calls(), calls);
        Ok(())
    })
}
