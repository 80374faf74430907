//! The ends of a connection (lines B68 to B76, T4 to T6).

use loopline_core::tls::{Progress, TlsErrorKind, TlsVersion};

use crate::end::{Cut, End, exchange, kind, records};
use crate::forge::{DATA, VICTIMS, victim};
use crate::library::for_all;
use crate::pair::{Pair, VERSIONS};

#[test]
fn both_sides_close() {
    for_all(|_, _, version, cut| {
        let mut pair = Pair::open(version);
        pair.client.send(b"the last").unwrap();
        pair.client.close().unwrap();
        exchange(&mut pair.client, &mut pair.server, cut).unwrap();
        assert_eq!(pair.server.progress, Progress::PeerClosed);
        assert_eq!(pair.server.plain, b"the last");
        assert_eq!(pair.client.progress, Progress::Open);
        pair.server.close().unwrap();
        exchange(&mut pair.client, &mut pair.server, cut).unwrap();
        assert_eq!(pair.client.progress, Progress::PeerClosed);
    });
}

/// One direction closed, the other goes on (RFC 8446, section 6.1).
#[test]
fn half_a_connection_goes_on() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        pair.client.close().unwrap();
        exchange(&mut pair.client, &mut pair.server, Cut::Whole).unwrap();
        assert_eq!(kind(pair.client.send(b"x")), TlsErrorKind::Closed);
        assert_eq!(kind(pair.client.update_keys()), TlsErrorKind::Closed);
        for _ in 0..3 {
            pair.server.send(b"still here").unwrap();
            exchange(&mut pair.client, &mut pair.server, Cut::Bytes).unwrap();
        }
        assert_eq!(pair.client.plain.len(), 30);
        assert_eq!(pair.server.progress, Progress::PeerClosed);
        pair.server.close().unwrap();
        exchange(&mut pair.client, &mut pair.server, Cut::Whole).unwrap();
        assert_eq!(pair.client.progress, Progress::PeerClosed);
    }
}

#[test]
fn closing_again_is_without_effect() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        pair.client.close().unwrap();
        let wire = pair.client.take_wire();
        assert_eq!(records(&wire).count(), 1);
        pair.client.close().unwrap();
        pair.client.close().unwrap();
        assert!(pair.client.wire.is_empty());
    }
}

/// T4: what is behind the close_notify is not consumed.
#[test]
fn nothing_behind_the_end_is_taken() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        pair.server.close().unwrap();
        let mut wire = pair.server.take_wire();
        let end = wire.len();
        wire.extend_from_slice(b"something else entirely, as behind a tunnel");
        pair.client.arrive(&wire).unwrap();
        assert_eq!(pair.client.progress, Progress::PeerClosed);
        assert_eq!(pair.client.input, wire[end..]);
        assert_eq!(pair.client.receive_once().unwrap(), 0);
        pair.client.send(b"answer").unwrap();
        let wire = pair.client.take_wire();
        pair.server.arrive(&wire).unwrap();
        assert_eq!(pair.server.plain, b"answer");
    }
}

/// A stream that ends without close_notify looks like one that goes on: nothing
/// of an unfinished record comes out, and `Open` stays.
#[test]
fn a_truncated_stream_is_not_closed() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        pair.server.send(b"whole").unwrap();
        pair.server.send(b"cut").unwrap();
        pair.server.close().unwrap();
        let wire = pair.server.take_wire();
        let second = records(&wire).nth(1).unwrap();
        pair.client.arrive(&wire[..second.1 - 1]).unwrap();
        assert_eq!(pair.client.plain, b"whole");
        assert_eq!(pair.client.progress, Progress::Open);
    }
}

#[test]
fn a_close_in_the_handshake_writes_nothing() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        let hello = pair.client.take_wire();
        pair.client.close().unwrap();
        pair.server.arrive(&hello).unwrap();
        let flight = pair.server.take_wire();
        pair.server.close().unwrap();
        assert!(pair.client.wire.is_empty() && pair.server.wire.is_empty());
        // The rest of the handshake may still arrive; it is not answered.
        pair.client.arrive(&flight).unwrap();
        assert!(pair.client.wire.is_empty());
        assert_eq!(kind(pair.client.send(b"x")), TlsErrorKind::Closed);
    }
}

#[test]
fn an_end_that_was_never_started_closes() {
    use loopline_core::tls::TlsContext;
    let context = crate::library::server(TlsVersion::Tls13)
        .build_server()
        .unwrap();
    let mut end = End::idle(context.server().unwrap());
    end.close().unwrap();
    assert!(end.wire.is_empty());
}

/// T6: after an error only `close` and `session` answer.
#[test]
fn an_error_is_the_end() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger) = victim(side, version);
            let mut bad = forger.record(DATA, b"hello");
            *bad.last_mut().unwrap() ^= 1;
            assert_eq!(kind(end.arrive(&bad)), TlsErrorKind::BadRecord);
            let alert = forger.open(&end.take_wire());
            // bad_record_mac, fatal (RFC 8446, section 6.2).
            assert_eq!(alert, [(crate::forge::ALERT, vec![2, 20])]);
            end.input.clear();
            for _ in 0..2 {
                assert_eq!(kind(end.arrive(b"")), TlsErrorKind::Failed);
                assert_eq!(kind(end.send(b"x")), TlsErrorKind::Failed);
                assert_eq!(kind(end.update_keys()), TlsErrorKind::Failed);
                assert_eq!(kind(end.start()), TlsErrorKind::Failed);
                end.close().unwrap();
            }
            assert!(end.wire.is_empty() && end.has_session());
        }
    }
}

/// Nothing may follow a close_notify, an alert neither.
#[test]
fn a_bad_record_after_our_close_is_a_quiet_error() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger) = victim(side, version);
            end.close().unwrap();
            end.wire.clear();
            let good = forger.record(DATA, b"late");
            let mut bad = forger.record(DATA, b"hello");
            *bad.last_mut().unwrap() ^= 1;
            assert_eq!(
                kind(end.arrive(&[good, bad].concat())),
                TlsErrorKind::BadRecord
            );
            assert_eq!(end.plain, b"late");
            assert!(end.wire.is_empty());
        }
    }
}
