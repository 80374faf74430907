//! What is no TLS at all (line B44).

use loopline_core::tls::{Progress, TlsErrorKind, TlsVersion};

use crate::end::{CUTS, End, kind};
use crate::library::NO_SUCH_TYPE;
use crate::pair::{Pair, VERSIONS};
use crate::random::Random;

fn ends(version: TlsVersion) -> [End; 2] {
    let mut pair = Pair::of(version);
    pair.client.wire.clear();
    [pair.client, pair.server]
}

#[test]
fn other_protocols_are_refused() {
    for text in [
        &b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"[..],
        b"220 mail.example.test ESMTP\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        // SSLv2's ClientHello.
        &[0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80],
    ] {
        for version in VERSIONS {
            for mut end in ends(version) {
                for cut in [crate::end::Cut::Whole, crate::end::Cut::Bytes] {
                    let result = end.feed(text, cut);
                    assert!(
                        matches!(kind(result), TlsErrorKind::BadRecord | TlsErrorKind::Failed),
                        "{text:?}"
                    );
                }
                assert!(!end.has_session() && end.plain.is_empty());
            }
        }
    }
}

/// The first byte shows that it is no TLS: nobody has to wait for more, and the
/// peer hears of it.
#[test]
fn plaintext_is_refused_early_with_an_alert() {
    for mut end in ends(TlsVersion::Tls13) {
        assert_eq!(kind(end.arrive(b"G")), TlsErrorKind::BadRecord);
        // Fatal, in the clear.
        assert_eq!(end.wire, [21, 3, 3, 0, 2, 2, NO_SUCH_TYPE]);
    }
}

#[test]
fn headers_that_cannot_be_are_refused_at_once() {
    for header in [
        [22, 3, 1, 0x48, 0x01], // longer than any record
        [22, 3, 1, 0xff, 0xff],
        [22, 3, 1, 0, 0],     // empty
        [22, 2, 0, 0, 5],     // SSLv2
        [99, 3, 3, 0, 5],     // no such type
        [23, 127, 127, 0, 5], // no such version
    ] {
        for version in VERSIONS {
            for mut end in ends(version) {
                assert_eq!(kind(end.arrive(&header)), TlsErrorKind::BadRecord);
            }
            let mut pair = Pair::open(version);
            assert_eq!(kind(pair.client.arrive(&header)), TlsErrorKind::BadRecord);
            assert_eq!(kind(pair.server.arrive(&header)), TlsErrorKind::BadRecord);
        }
    }
}

/// T5: what came before the bad record is there, and so is the alert.
#[test]
fn a_corrupt_record_is_refused_after_the_good_ones() {
    for version in VERSIONS {
        for cut in CUTS {
            let mut pair = Pair::open(version);
            pair.server.send(b"good").unwrap();
            let good = pair.server.wire.len();
            pair.server.send(b"bad").unwrap();
            let mut wire = pair.server.take_wire();
            wire[good + 8] ^= 0x40;
            assert_eq!(kind(pair.client.feed(&wire, cut)), TlsErrorKind::BadRecord);
            assert_eq!(pair.client.plain, b"good");
            let alert = pair.client.take_wire();
            // bad_record_mac (RFC 8446, section 6.2).
            assert_eq!(kind(pair.server.feed(&alert, cut)), TlsErrorKind::Alert(20));
        }
    }
}

#[test]
fn a_record_that_was_left_out_or_came_twice_is_refused() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        pair.server.send(b"one").unwrap();
        let one = pair.server.take_wire();
        pair.server.send(b"two").unwrap();
        let two = pair.server.take_wire();
        let mut other = Pair::open(version);
        assert_eq!(kind(pair.client.arrive(&two)), TlsErrorKind::BadRecord);
        assert!(pair.client.plain.is_empty());
        other.server.send(b"one").unwrap();
        let mine = other.server.take_wire();
        other.client.arrive(&mine).unwrap();
        assert_eq!(kind(other.client.arrive(&mine)), TlsErrorKind::BadRecord);
        assert_eq!(other.client.plain, b"one");
        let _ = one;
    }
}

/// An alert in the clear, in the middle of a protected connection.
#[test]
fn alerts_that_anyone_could_have_sent_are_no_alerts() {
    for version in VERSIONS {
        for alert in [[21, 3, 3, 0, 2, 1, 0], [21, 3, 3, 0, 2, 2, 40]] {
            let mut pair = Pair::open(version);
            assert_eq!(kind(pair.client.arrive(&alert)), TlsErrorKind::BadRecord);
            assert_ne!(pair.client.progress, Progress::PeerClosed);
        }
    }
}

#[test]
fn random_bytes_are_refused_or_waited_for() {
    let mut random = Random::new(1);
    for round in 0..2000 {
        let version = VERSIONS[round % 2];
        let [mut client, mut server] = ends(version);
        let len = 1 + random.below(600);
        let mut bytes = random.bytes(len);
        if round % 3 == 0 && len > 5 {
            // A header that can be.
            bytes[..3].copy_from_slice(&[22, 3, 1]);
            bytes[3..5].copy_from_slice(&((len - 5) as u16).to_be_bytes());
        }
        for end in [&mut client, &mut server] {
            let _ = end.arrive(&bytes);
            assert_eq!(end.progress, Progress::Handshaking);
        }
    }
}
