//! What is no TLS, or no record of this connection.

use loopline_core::tls::{Progress, TlsErrorKind, TlsVersion};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::tls::cut::{
    ALERT, CHANGE_CIPHER_SPEC, Cut, DATA, HANDSHAKE, HEADER, record, records,
};
use crate::harness::tls::machine::{Machine, refusal};
use crate::harness::tls::pair::{Pair, over_cuts, over_sides};
use crate::harness::tls::parts;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        T8,
        other_protocols_are_refused,
        "Plaintext, HTTP for example, is refused as a bad record, with at most an alert as the answer."
    ),
    case!(
        T8,
        a_record_too_long_is_refused,
        "A record that is longer than any may be is refused before all of it has come."
    ),
    case!(
        T8,
        a_record_of_no_kind_is_refused,
        "A record of a kind that does not exist is refused."
    ),
    case!(
        T8,
        data_before_the_handshake_is_refused,
        "A record of data in the clear, or a change of ciphers out of place, opens nothing."
    ),
    case!(
        T8,
        an_alert_ends_the_handshake,
        "A fatal alert during the handshake is told with its number."
    ),
    case!(
        T8,
        a_close_in_the_clear_opens_nothing,
        "A close_notify before the end of the handshake leaves no session and no open connection."
    ),
    case!(
        T8,
        alerts_in_the_clear_end_no_open_connection_in_order,
        "Once open, an alert that anyone could have sent is a bad record."
    ),
    case!(
        T8,
        a_bit_changed_is_a_bad_record,
        "A record of data in which one bit is changed brings no data."
    ),
    case!(
        T8,
        a_record_left_out_or_sent_twice_is_refused,
        "A record out of its order brings no data."
    ),
    case!(
        T8,
        a_ticket_without_its_secret_is_refused,
        "A real ticket whose binder was changed ends the handshake with an alert, before anything is resumed."
    ),
    case!(
        T8,
        random_bytes_open_nothing,
        "Random bytes, as they are or as records, lead to no open connection and to no panic."
    ),
];

/// An end that waits for the other's first message.
fn waiting(
    context: &Context,
    version: TlsVersion,
    side: crate::TlsSide,
) -> Result<Machine, crate::verdict::Stop> {
    let pair = Pair::plain(context, version)?;
    let mut end = match side {
        crate::TlsSide::Client => pair.client,
        crate::TlsSide::Server => pair.server,
    };
    end.wire.clear();
    Ok(end)
}

/// What a refused peer may be told in the clear: nothing, or one fatal alert.
fn is_quiet_or_an_alert(wire: &[u8]) -> bool {
    wire.is_empty() || (wire.len() == HEADER + 2 && wire[0] == ALERT && wire[HEADER] == 2)
}

fn other_protocols_are_refused(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        for side in crate::harness::tls::pair::SIDES {
            for text in [
                &b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"[..],
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
                b"220 mail.example.test ESMTP\r\n",
                b"SSH-2.0-OpenSSH_9.6\r\n",
                b"\0\0\0\x08\x04\xd2\x16\x2f",
                &[0xff; 64],
            ] {
                let mut end = waiting(context, version, side)?;
                // Text has no headers to be cut at.
                let cut = if cut == Cut::Headers { Cut::Whole } else { cut };
                let refused = refusal(end.feed(text, cut))?;
                assert_eq!(refused, TlsErrorKind::BadRecord, "{text:?}");
                assert!(is_quiet_or_an_alert(&end.wire), "{:?}", end.wire);
                assert!(!end.has_session() && end.plain.is_empty());
            }
        }
        Ok(())
    })
}

fn a_record_too_long_is_refused(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut open = Pair::open(context, version)?;
        let (open, _) = open.ends(side);
        let fresh = &mut waiting(context, version, side)?;
        for (end, kind) in [(fresh, HANDSHAKE), (open, DATA)] {
            let mut refused = end.arrive(&[kind, 3, 3, 0xff, 0xff]).err();
            for _ in 0..63 {
                if refused.is_none() {
                    refused = end.arrive(&[0; 1024]).err();
                }
            }
            let refused = refused.map(|error| error.kind().clone());
            assert_eq!(refused, Some(TlsErrorKind::BadRecord));
            assert!(end.plain.is_empty());
        }
        Ok(())
    })
}

fn a_record_of_no_kind_is_refused(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        for kind in [0, 19, 25, 99, 255] {
            let mut end = waiting(context, version, side)?;
            let refused = refusal(end.arrive(&record(kind, &[1, 2, 3, 4])))?;
            assert_eq!(refused, TlsErrorKind::BadRecord, "kind {kind}");
            let mut pair = Pair::open(context, version)?;
            let (end, _) = pair.ends(side);
            let refused = refusal(end.arrive(&record(kind, &[0; 40])))?;
            assert_eq!(refused, TlsErrorKind::BadRecord, "kind {kind}, once open");
            assert!(end.plain.is_empty());
        }
        Ok(())
    })
}

fn data_before_the_handshake_is_refused(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut end = waiting(context, version, side)?;
        let refused = refusal(end.arrive(&record(DATA, b"injected")))?;
        assert_eq!(refused, TlsErrorKind::BadRecord);
        assert!(end.plain.is_empty() && !end.has_session());
        let mut end = waiting(context, version, side)?;
        let wire = [record(CHANGE_CIPHER_SPEC, &[1]), record(DATA, b"injected")].concat();
        let refused = refusal(end.arrive(&wire))?;
        assert_eq!(refused, TlsErrorKind::BadRecord);
        assert!(end.plain.is_empty() && !end.has_session());
        Ok(())
    })
}

fn an_alert_ends_the_handshake(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        // handshake_failure, unknown_ca, internal_error (RFC 8446, section 6.2).
        for description in [40, 48, 80] {
            let mut end = waiting(context, version, crate::TlsSide::Client)?;
            let refused = refusal(end.feed(&record(ALERT, &[2, description]), cut))?;
            assert_eq!(refused, TlsErrorKind::Alert(description));
            assert!(end.wire.is_empty(), "an alert was answered");
        }
        Ok(())
    })
}

fn a_close_in_the_clear_opens_nothing(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut end = waiting(context, version, side)?;
        // Whether it is an error or waits for the end of the stream is open.
        let close = record(ALERT, &[1, 0]);
        let _ = end.arrive(&close);
        assert_eq!(end.progress, Progress::Handshaking);
        assert!(!end.has_session() && end.plain.is_empty());
        // Nor in the middle of the handshake.
        let mut pair = Pair::plain(context, version)?;
        let hello = pair.client.take_wire();
        pair.server.arrive(&hello)?;
        let (end, _) = pair.ends(side);
        let _ = end.arrive(&close);
        assert_eq!(end.progress, Progress::Handshaking);
        assert!(!end.has_session() && end.plain.is_empty());
        Ok(())
    })
}

fn alerts_in_the_clear_end_no_open_connection_in_order(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        for content in [[1, 0], [2, 40]] {
            let mut pair = Pair::open(context, version)?;
            let (end, _) = pair.ends(side);
            let refused = refusal(end.arrive(&record(ALERT, &content)))?;
            assert_eq!(refused, TlsErrorKind::BadRecord);
            assert_eq!(end.progress, Progress::Open);
        }
        Ok(())
    })
}

fn a_bit_changed_is_a_bad_record(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut probe = Pair::open(context, version)?;
        let (_, peer) = probe.ends(side);
        peer.send(b"hello")?;
        let len = peer.wire.len();
        for at in HEADER..len {
            let mut pair = Pair::open(context, version)?;
            let (end, peer) = pair.ends(side);
            peer.send(b"hello")?;
            let mut wire = peer.take_wire();
            wire[at] ^= 1 << (at % 8);
            let refused = refusal(end.arrive(&wire))?;
            assert_eq!(refused, TlsErrorKind::BadRecord, "byte {at}");
            assert!(end.plain.is_empty());
        }
        Ok(())
    })
}

fn a_record_left_out_or_sent_twice_is_refused(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        for twice in [false, true] {
            let mut pair = Pair::open(context, version)?;
            let (end, peer) = pair.ends(side);
            peer.send(b"one")?;
            let one = peer.take_wire();
            peer.send(b"two")?;
            let two = peer.take_wire();
            if twice {
                end.arrive(&one)?;
                assert_eq!(refusal(end.arrive(&one))?, TlsErrorKind::BadRecord);
                assert_eq!(end.plain, b"one");
            } else {
                assert_eq!(refusal(end.arrive(&two))?, TlsErrorKind::BadRecord);
                assert!(end.plain.is_empty());
            }
        }
        Ok(())
    })
}

fn a_ticket_without_its_secret_is_refused(context: &Context) -> Outcome {
    let version = TlsVersion::Tls13;
    let client = context.tls(&parts::client().version(version).resuming())?;
    let server = context.tls(&parts::server().version(version).resuming())?;
    for round in 0..2 {
        let mut pair = Pair::new(&client, &server)?.opened(Cut::Whole)?;
        assert_eq!(pair.server.session()?.resumed, round > 0);
        pair.talk(b"hello", Cut::Whole)?;
        pair.client.close()?;
        pair.server.close()?;
        pair.exchange(Cut::Whole)?;
    }
    let mut pair = Pair::new(&client, &server)?;
    let mut hello = pair.client.take_wire();
    // Binders are the last of a hello (RFC 8446, section 4.2.11).
    let end = records(&hello)[0].1;
    hello[end - 1] ^= 1;
    let refused = refusal(pair.server.arrive(&hello))?;
    assert_eq!(refused, TlsErrorKind::BadRecord);
    assert!(!pair.server.has_session(), "it was resumed");
    // illegal_parameter or decrypt_error: the RFC leaves it open.
    let alert = pair.server.take_wire();
    assert!(
        matches!(alert[..], [ALERT, 3, _, 0, 2, 2, 47 | 51]),
        "{alert:?}"
    );
    let told = refusal(pair.client.arrive(&alert))?;
    assert!(matches!(told, TlsErrorKind::Alert(47 | 51)), "{told:?}");
    Ok(())
}

fn random_bytes_open_nothing(context: &Context) -> Outcome {
    let content = files::content(1 << 20);
    over_sides(context, |version, side| {
        for (round, bytes) in content.chunks(1021).take(300).enumerate() {
            let mut end = waiting(context, version, side)?;
            let len = 1 + round * 3 % bytes.len();
            let bytes = &bytes[..len];
            let bytes = match round % 3 {
                0 => bytes.to_vec(),
                1 => record(HANDSHAKE, bytes),
                // The right message to begin with, and then anything.
                _ => {
                    let kind = if side == crate::TlsSide::Server { 1 } else { 2 };
                    let size = u32::try_from(len)?.to_be_bytes();
                    record(HANDSHAKE, &[&[kind], &size[1..], bytes].concat())
                }
            };
            let _ = end.arrive(&bytes);
            assert_eq!(end.progress, Progress::Handshaking);
            assert!(end.plain.is_empty());
        }
        Ok(())
    })
}
