//! What an upgrade does with what was there before.

use std::io::IoSlice;
use std::rc::Rc;

use loopline_core::tls::{StartTlsError, TlsErrorKind};
use loopline_core::{EventLoop, FileSource, SendFileOptions, Transport, WriteError};

use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::tls::peer::Greeting;
use crate::harness::tls::upgrade::{Upgrade, once, over_cuts, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B12,
        the_new_transport_carries_data_both_ways,
        "After start_tls data goes both ways in TLS, however the peer's bytes are cut, and ends in order."
    ),
    case!(
        B13,
        the_protocol_is_not_made_again,
        "connection_made is called once, before the upgrade."
    ),
    case!(
        B14,
        the_new_transport_has_the_users_protocol,
        "The new transport's protocol is the one that was given, and the old transport's is not."
    ),
    case!(
        B15,
        no_ciphertext_reaches_the_protocol,
        "What is in the socket when start_tls is called is not delivered as plaintext."
    ),
    case!(
        B17,
        plaintext_leaves_before_the_handshake,
        "What was written before start_tls reaches the peer in the clear, whole, and before the first record."
    ),
    case!(
        B18,
        plaintext_that_came_before_stays_plaintext,
        "What was delivered before the upgrade is not delivered again, and none of it goes to the coder."
    ),
    case!(
        B19,
        handshake_bytes_already_received_are_used,
        "A hello of which any part was received already, and is handed in, is understood."
    ),
    case!(
        B20,
        injected_plaintext_never_surfaces,
        "Plaintext behind the command to upgrade, handed in or on the wire, fails as a bad record and reaches no protocol."
    ),
    case!(
        B20,
        plaintext_behind_the_handshake_never_surfaces,
        "Plaintext glued behind the peer's last handshake record fails as a bad record and reaches no protocol."
    ),
    case!(
        B21,
        the_caller_gets_the_transport_before_data,
        "Data that comes with the end of the handshake is delivered after start_tls has returned."
    ),
    case!(
        B21,
        the_end_waits_for_the_caller_too,
        "Data and a close_notify that come with the end of the handshake are delivered, in order, after start_tls has returned."
    ),
    case!(
        B22,
        the_old_transport_takes_nothing_more,
        "After the upgrade the old transport refuses to write, to send files and to change what is the new one's."
    ),
    case!(
        B22,
        what_is_given_away_refuses_at_once,
        "A transport that was handed over refuses to write before its layer is named."
    ),
    case!(
        B23,
        a_pause_of_reading_is_carried_over,
        "Reading that was paused stays so over the handshake, which goes on, and data waits for the resumption."
    ),
    case!(
        B24,
        a_pause_of_writing_is_carried_over,
        "A protocol that was told to pause writing is told to resume once, after the upgrade."
    ),
];

fn the_new_transport_carries_data_both_ways(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        upgrade.talk(&mut link, &transport).await?;
        let content = upgrade.content(40_000);
        link.peer.send(&content)?;
        let data = upgrade.data(&mut link, 13 + content.len()).await?;
        assert!(data[13..] == content, "other bytes arrived");
        upgrade.close(link, &transport).await
    })
}

fn the_protocol_is_not_made_again(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        upgrade.talk(&mut link, &transport).await?;
        let log = link.log.clone();
        upgrade.close(link, &transport).await?;
        let calls = log.calls();
        assert_eq!(calls[0], Call::Made);
        assert_eq!(log.count(|call| *call == Call::Made), 1);
        Ok(())
    })
}

fn the_new_transport_has_the_users_protocol(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, link) = upgrade.secured().await?;
        let is_users = |transport: &Rc<dyn Transport>| {
            let protocol = transport.protocol();
            protocol.is_some_and(|protocol| Rc::ptr_eq(&protocol, &link.protocol))
        };
        assert!(is_users(&transport));
        assert!(!is_users(&link.transport));
        assert!(link.transport.protocol().is_some());
        upgrade.close(link, &transport).await
    })
}

fn no_ciphertext_reaches_the_protocol(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        let mut link = upgrade.plain().await?;
        upgrade.begin(&mut link)?;
        // No turn is made between this and the call.
        let hello = link.peer.take_out();
        link.peer.say_now(&hello)?;
        let transport = upgrade
            .start(&mut link, &upgrade.ours(), upgrade.options())
            .await??;
        assert_eq!(link.log.calls(), [Call::Made]);
        upgrade.talk(&mut link, &transport).await?;
        upgrade.close(link, &transport).await
    })
}

fn plaintext_leaves_before_the_handshake(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for size in [10, 2_000_000] {
            let mut link = upgrade.narrow().await?;
            let content = files::content(size);
            link.transport.write(&content)?;
            link.peer.expects = size;
            upgrade.begin(&mut link)?;
            let options = upgrade.options();
            let transport = upgrade.start(&mut link, &upgrade.ours(), options).await??;
            assert!(link.peer.heard == content, "other bytes came before");
            upgrade.talk(&mut link, &transport).await?;
            upgrade.close(link, &transport).await?;
        }
        Ok(())
    })
}

fn plaintext_that_came_before_stays_plaintext(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.peer.say(b"STARTTLS\r\n");
        assert_eq!(upgrade.data(&mut link, 10).await?, b"STARTTLS\r\n");
        let transport = upgrade.secure(&mut link).await?;
        link.peer.send(b"QUIT\r\n")?;
        assert_eq!(upgrade.data(&mut link, 16).await?, b"STARTTLS\r\nQUIT\r\n");
        upgrade.close(link, &transport).await
    })
}

fn handshake_bytes_already_received_are_used(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        for received in [1, 4, 5, 6, 100, usize::MAX] {
            let mut link = upgrade.plain().await?;
            upgrade.begin(&mut link)?;
            let hello = link.peer.take_out();
            let (early, late) = hello.split_at(received.min(hello.len()));
            link.peer.say(late);
            let options = upgrade.options().received(early);
            let transport = upgrade.start(&mut link, &upgrade.ours(), options).await??;
            assert_eq!(link.log.calls(), [Call::Made]);
            upgrade.talk(&mut link, &transport).await?;
            upgrade.close(link, &transport).await?;
        }
        Ok(())
    })
}

/// Checks that an upgrade has failed because of what is no TLS, and that the
/// protocol has heard of nothing but the end.
async fn failed_as_a_bad_record(
    upgrade: &Upgrade<'_>,
    mut link: crate::harness::tls::upgrade::Link,
    started: Result<Rc<dyn Transport>, StartTlsError>,
) -> Outcome {
    match started {
        Err(StartTlsError::Handshake(error)) => {
            assert_eq!(*error.kind(), TlsErrorKind::BadRecord);
        }
        Err(error) => return Err(Stop::failed(error)),
        Ok(_) => return Err(Stop::failed("it was upgraded")),
    }
    let lost = upgrade.lost(&mut link).await?;
    assert_eq!(lost, Some(std::io::ErrorKind::InvalidData));
    assert_eq!(link.log.calls(), [Call::Made, Call::Lost(lost)]);
    Ok(())
}

fn injected_plaintext_never_surfaces(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let evil = b"MAIL FROM:<evil@example.test>\r\n";
        // All of it was received already, or some, or nothing.
        for received in [evil.len(), 7, 0] {
            let mut link = upgrade.plain().await?;
            link.peer.say(&evil[received..]);
            upgrade.begin(&mut link)?;
            let options = upgrade.options().received(&evil[..received]);
            let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
            failed_as_a_bad_record(upgrade, link, started).await?;
        }
        if upgrade.setting.side == TlsSide::Server {
            // Behind a hello that is a good one.
            let mut link = upgrade.plain().await?;
            upgrade.begin(&mut link)?;
            let hello = link.peer.take_out();
            let options = upgrade.options().received([&*hello, evil].concat());
            let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
            failed_as_a_bad_record(upgrade, link, started).await?;
        }
        Ok(())
    })
}

fn plaintext_behind_the_handshake_never_surfaces(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.peer.greeting = Some(Greeting {
            data: b"good".to_vec(),
            closes: false,
            behind: b"EVIL\r\nEVIL\r\n".to_vec(),
        });
        upgrade.begin(&mut link)?;
        let options = upgrade.options();
        let transport = upgrade.start(&mut link, &upgrade.ours(), options).await??;
        let lost = upgrade.lost(&mut link).await?;
        assert_eq!(lost, Some(std::io::ErrorKind::InvalidData));
        let calls = [Call::Made, Call::Data(4), Call::Lost(lost)];
        assert_eq!(link.log.calls(), calls);
        assert!(transport.is_closing());
        Ok(())
    })
}

fn the_caller_gets_the_transport_before_data(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.peer.greeting = Greeting::of(b"first");
        upgrade.begin(&mut link)?;
        let options = upgrade.options();
        let transport = upgrade.start(&mut link, &upgrade.ours(), options).await??;
        assert_eq!(
            link.log.calls(),
            [Call::Made],
            "data came before the transport"
        );
        assert_eq!(upgrade.data(&mut link, 5).await?, b"first");
        upgrade.talk(&mut link, &transport).await?;
        upgrade.close(link, &transport).await
    })
}

fn the_end_waits_for_the_caller_too(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.peer.greeting = Some(Greeting {
            data: b"the last".to_vec(),
            closes: true,
            behind: Vec::new(),
        });
        upgrade.begin(&mut link)?;
        let options = upgrade.options();
        let transport = upgrade.start(&mut link, &upgrade.ours(), options).await??;
        assert_eq!(link.log.calls(), [Call::Made]);
        assert!(transport.session().is_some());
        assert_eq!(upgrade.lost(&mut link).await?, None);
        let calls = [Call::Made, Call::Data(8), Call::Eof, Call::Lost(None)];
        assert_eq!(link.log.calls(), calls);
        Ok(())
    })
}

fn the_old_transport_takes_nothing_more(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        let old = Rc::clone(&link.transport);
        assert_eq!(old.write(b"x"), Err(WriteError::HandedOver));
        assert_eq!(old.write(b""), Err(WriteError::HandedOver));
        let lines = [IoSlice::new(b"x"), IoSlice::new(b"y")];
        assert_eq!(old.writelines(&lines), Err(WriteError::HandedOver));
        assert!(old.write_eof().is_err());
        old.pause_reading();
        let other = Rc::new(std::cell::RefCell::new(Log::default().recorder()));
        assert!(old.set_protocol(other).is_none());
        old.set_write_buffer_limits(Some(1), Some(0))?;
        let file = FileSource::reader(std::io::Cursor::new(b"a file".to_vec()));
        let sent = upgrade
            .scene
            .sendfile(&old, file, SendFileOptions::default());
        assert!(sent.await.is_err(), "a file was sent in the clear");
        assert!(old.hand_over().is_none());
        upgrade.talk(&mut link, &transport).await?;
        assert_eq!(link.log.count(|call| *call == Call::Pause), 0);
        upgrade.close(link, &transport).await
    })
}

fn what_is_given_away_refuses_at_once(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let link = upgrade.plain().await?;
        let old = Rc::clone(&link.transport);
        let handed = old.hand_over().ok_or_else(|| Stop::failed("it declines"))?;
        assert_eq!(old.write(b"x"), Err(WriteError::HandedOver));
        assert!(old.write_eof().is_err());
        assert!(old.hand_over().is_none());
        handed.below().write(b"from the layer")?;
        handed.below().abort();
        Ok(())
    })
}

fn a_pause_of_reading_is_carried_over(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.transport.pause_reading();
        link.peer.greeting = Greeting::of(b"first");
        let transport = upgrade.secure(&mut link).await?;
        assert!(!transport.is_reading());
        link.peer.send(b"second")?;
        link.peer
            .until(upgrade.scene, super::Peer::has_written)
            .await?;
        link.peer.steps(upgrade.scene, 10).await?;
        assert_eq!(link.log.calls(), [Call::Made]);
        transport.resume_reading();
        assert!(transport.is_reading());
        assert_eq!(upgrade.data(&mut link, 11).await?, b"firstsecond");
        upgrade.close(link, &transport).await
    })
}

fn a_pause_of_writing_is_carried_over(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let content = files::content(2_000_000);
        link.transport.write(&content)?;
        assert_eq!(link.log.calls(), [Call::Made, Call::Pause]);
        link.peer.expects = content.len();
        let transport = upgrade.secure(&mut link).await?;
        let log = link.log.clone();
        let resumed = log.until(|calls, _| calls.contains(&Call::Resume));
        link.peer.alongside(upgrade.scene, resumed).await?;
        link.peer.steps(upgrade.scene, 10).await?;
        assert_eq!(log.calls(), [Call::Made, Call::Pause, Call::Resume]);
        assert!(!transport.is_writing_paused());
        upgrade.talk(&mut link, &transport).await?;
        upgrade.close(link, &transport).await
    })
}
