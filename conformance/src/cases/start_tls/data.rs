//! Data over an upgraded connection.

use std::io::ErrorKind;
use std::rc::Rc;

use loopline_core::Address;
use loopline_core::tls::TlsErrorKind;

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::tls::cut::records;
use crate::harness::tls::peer::Greeting;
use crate::harness::tls::upgrade::{Upgraded, once, over_cuts, over_sides};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B30,
        tls_goes_inside_of_tls,
        "A connection that was upgraded can be upgraded again: data goes both ways, and both layers end in order."
    ),
    case!(
        B32,
        what_was_agreed_on_can_be_asked_for,
        "The new transport tells the session, and addresses and socket as before, also after the connection is lost."
    ),
    case!(
        B33,
        the_old_transport_knows_of_no_tls,
        "The old transport tells no session."
    ),
    case!(
        B36,
        the_protocol_chosen_is_there_at_once,
        "What ALPN has chosen can be asked for as soon as start_tls has returned."
    ),
    case!(
        B51,
        much_goes_both_ways_at_once,
        "Megabytes go both ways at once through small socket buffers, in order and whole."
    ),
    case!(
        B52,
        records_of_one_read_are_one_delivery,
        "Several records that come with one read are delivered in one data_received."
    ),
    case!(
        B61,
        another_protocol_gets_what_comes_later,
        "After set_protocol the new protocol gets the callbacks."
    ),
    case!(
        B62,
        a_dead_socket_shows,
        "Once the connection below is ending, both transports say that they are closing."
    ),
    case!(
        B63,
        an_error_of_the_protocol_ends_the_connection,
        "An error of data_received is reported once, and is what connection_lost is told."
    ),
    case!(
        B64,
        a_corrupt_record_ends_the_connection,
        "After a record that is corrupt the data before it is delivered, connection_lost is told, and the peer gets the alert."
    ),
    case!(
        B65,
        key_updates_are_not_seen,
        "Whichever side updates its keys, and while data goes both ways, the data comes through."
    ),
    case!(
        B65,
        tickets_are_not_seen,
        "Connections that resume, with tickets behind each handshake, deliver the data and nothing else."
    ),
];

fn tls_goes_inside_of_tls(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (outer, mut link) = upgrade.secured().await?;
        upgrade.talk(&mut link, &outer).await?;
        let before = link.log.data().len();
        // What was said outside stays outside.
        link.peer.top()?.take_plain();
        let old = std::mem::replace(&mut link.transport, outer);
        let inner = upgrade.secure(&mut link).await?;
        assert!(old.write(b"x").is_err() && link.transport.write(b"x").is_err());
        upgrade.talk(&mut link, &inner).await?;
        let content = upgrade.content(100_000);
        inner.write(&content)?;
        link.peer.send(&content)?;
        let data = upgrade.data(&mut link, before + 13 + content.len()).await?;
        assert!(data[before + 13..] == content, "other bytes arrived");
        link.peer
            .until_plain(upgrade.scene, 13 + content.len())
            .await?;
        assert!(link.peer.plain()[13..] == content, "other bytes left");
        let log = link.log.clone();
        upgrade.close(link, &inner).await?;
        assert_eq!(log.count(|call| *call == Call::Made), 1);
        Ok(())
    })
}

fn what_was_agreed_on_can_be_asked_for(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let (peer, own) = (link.transport.peername(), link.transport.sockname());
        assert!(peer.as_ref().and_then(Address::as_inet).is_some());
        assert_eq!(link.transport.session(), None);
        let transport = upgrade.secure(&mut link).await?;
        let session = transport.session();
        let session = session.ok_or_else(|| crate::verdict::Stop::failed("no session"))?;
        assert_eq!(session.version, upgrade.setting.version);
        assert_eq!(
            session.peer_certificates.is_empty(),
            upgrade.setting.side == crate::TlsSide::Server
        );
        assert_eq!(transport.peername(), peer);
        assert_eq!(transport.sockname(), own);
        assert!(transport.socket().is_some());
        upgrade.close(link, &transport).await?;
        assert_eq!(transport.peername(), peer, "after the end");
        assert_eq!(transport.sockname(), own, "after the end");
        assert_eq!(transport.session(), Some(session));
        assert!(transport.protocol().is_none());
        Ok(())
    })
}

fn the_old_transport_knows_of_no_tls(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let (transport, link) = upgrade.secured().await?;
        assert!(link.transport.session().is_none());
        upgrade.close(link, &transport).await
    })
}

fn the_protocol_chosen_is_there_at_once(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.peer.greeting = Greeting::of(b"first");
        let offered = ["one", "two"];
        upgrade.begin_with(&mut link, &upgrade.theirs().alpn(&offered))?;
        let ours = upgrade.ours().alpn(&offered[1..]);
        let transport = upgrade.start(&mut link, &ours, upgrade.options()).await??;
        assert_eq!(link.log.calls(), [Call::Made]);
        let chosen = transport.session().and_then(|session| session.alpn);
        assert_eq!(chosen.as_deref(), Some(&b"two"[..]));
        upgrade.data(&mut link, 5).await?;
        upgrade.close(link, &transport).await
    })
}

fn much_goes_both_ways_at_once(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        let content = files::content(4_000_000);
        transport.write(&content)?;
        link.peer.send(&content)?;
        assert!(
            transport.write_buffer_size() > 0,
            "everything fits into the sockets"
        );
        let data = upgrade.data(&mut link, content.len()).await?;
        assert!(data == content, "other bytes arrived");
        link.peer.until_plain(upgrade.scene, content.len()).await?;
        assert!(link.peer.plain() == content, "other bytes left");
        upgrade.close(link, &transport).await
    })
}

fn records_of_one_read_are_one_delivery(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        for part in [&b"one"[..], b"two", b"three"] {
            link.peer.top()?.send(part)?;
        }
        let wire = link.peer.top()?.take_wire();
        assert_eq!(records(&wire).len(), 3);
        link.peer.say_now(&wire)?;
        assert_eq!(upgrade.data(&mut link, 11).await?, b"onetwothree");
        let deliveries = link.log.count(|call| matches!(call, Call::Data(_)));
        assert_eq!(deliveries, 1);
        upgrade.close(link, &transport).await
    })
}

fn another_protocol_gets_what_comes_later(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        upgrade.talk(&mut link, &transport).await?;
        let later = Log::default();
        let recorder = Rc::new(std::cell::RefCell::new(later.recorder()));
        let before = transport.set_protocol(recorder);
        assert!(before.is_some_and(|before| Rc::ptr_eq(&before, &link.protocol)));
        link.log = later;
        upgrade.talk(&mut link, &transport).await?;
        let log = link.log.clone();
        upgrade.close(link, &transport).await?;
        assert_eq!(log.calls(), [Call::Data(13), Call::Lost(None)]);
        Ok(())
    })
}

fn a_dead_socket_shows(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        assert!(!transport.is_closing() && !link.transport.is_closing());
        link.peer.reset()?;
        let lost = upgrade.lost(&mut link).await?;
        assert_eq!(lost, Some(ErrorKind::ConnectionReset));
        assert!(transport.is_closing() && link.transport.is_closing());
        assert!(!transport.is_reading());
        Ok(())
    })
}

fn an_error_of_the_protocol_ends_the_connection(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let log = Log::default();
        let recorder = log.recorder().reacting(|call, _| match call {
            Call::Data(_) => Err(std::io::Error::from(ErrorKind::AddrInUse).into()),
            _ => Ok(()),
        });
        let mut link = upgrade.plain_of(log, recorder).await?;
        let transport = upgrade.secure(&mut link).await?;
        link.peer.send(b"one")?;
        let lost = upgrade.lost(&mut link).await?;
        assert_eq!(lost, Some(ErrorKind::AddrInUse));
        assert!(transport.is_closing());
        assert_eq!(upgrade.scene.reports().len(), 1);
        link.peer.until_ended(upgrade.scene).await
    })
}

fn a_corrupt_record_ends_the_connection(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (_transport, mut link) = upgrade.secured().await?;
        link.peer.top()?.send(b"good")?;
        let good = link.peer.top()?.take_wire();
        link.peer.top()?.send(b"bad")?;
        let mut bad = link.peer.top()?.take_wire();
        bad[9] ^= 1;
        link.peer.say(&[good, bad].concat());
        let lost = upgrade.lost(&mut link).await?;
        assert_eq!(lost, Some(ErrorKind::InvalidData));
        let calls = [Call::Made, Call::Data(4), Call::Lost(lost)];
        assert_eq!(link.log.calls(), calls);
        link.peer.until_ended(upgrade.scene).await?;
        // bad_record_mac (RFC 8446, section 6.2).
        assert_eq!(link.peer.refused, Some(TlsErrorKind::Alert(20)));
        Ok(())
    })
}

fn key_updates_are_not_seen(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        let content = upgrade.content(30_000);
        let mut sent = 0;
        for piece in content.chunks(content.len() / 3) {
            // Where keys cannot be updated, this is about tickets and data.
            let _ = link.peer.top()?.update_keys();
            link.peer.send(piece)?;
            transport.write(piece)?;
            sent += piece.len();
            upgrade.data(&mut link, sent).await?;
            link.peer.until_plain(upgrade.scene, sent).await?;
        }
        assert!(link.log.data() == content, "other bytes arrived");
        assert!(link.peer.plain() == content, "other bytes left");
        upgrade.close(link, &transport).await
    })
}

fn tickets_are_not_seen(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let ours = upgrade.context(&upgrade.ours().resuming())?;
        let theirs = upgrade.context(&upgrade.theirs().resuming())?;
        for round in 0..3 {
            let mut link = upgrade.plain().await?;
            link.peer.begin(match upgrade.setting.side {
                crate::TlsSide::Client => theirs.server()?,
                crate::TlsSide::Server => theirs.client(&crate::harness::tls::parts::name())?,
            })?;
            let options = upgrade.options();
            let starting = upgrade.starting(&link, &*ours, options);
            let started = link.peer.alongside(upgrade.scene, starting).await?;
            let Upgraded(transport) = started?;
            let resumed = transport.session().map(|session| session.resumed);
            assert_eq!(resumed, Some(round > 0), "connection {round}");
            upgrade.talk(&mut link, &transport).await?;
            let log = link.log.clone();
            upgrade.close(link, &transport).await?;
            let calls = [Call::Made, Call::Data(13), Call::Lost(None)];
            assert_eq!(log.calls(), calls);
        }
        Ok(())
    })
}
