//! New keys on a living connection (RFC 8446, section 4.6.3; line B65).

use loopline_core::tls::{TlsErrorKind, TlsVersion};

use crate::end::{CUTS, Cut, End, kind};
use crate::forge::{HANDSHAKE, VICTIMS, victim};
use crate::library::{self};
use crate::pair::{Pair, VERSIONS};

/// The `openssl` crate does not offer it, and nothing has happened.
#[test]
fn to_ask_is_unsupported_and_ends_nothing() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        assert_eq!(kind(pair.client.update_keys()), TlsErrorKind::Unsupported);
        assert_eq!(kind(pair.server.update_keys()), TlsErrorKind::Unsupported);
        pair.talk(b"hello", Cut::Whole);
    }
}

/// A peer that can ask is answered, as often as it likes.
#[test]
fn the_peer_can_ask() {
    for cut in CUTS {
        for rustls_is_client in [true, false] {
            let version = TlsVersion::Tls13;
            let mut pair = if rustls_is_client {
                Pair::new(
                    &library::rustls_client(version),
                    &library::openssl_server(version),
                )
            } else {
                Pair::new(
                    &library::openssl_client(version),
                    &library::rustls_server(version),
                )
            }
            .opened(cut);
            for _ in 0..40 {
                let asks: &mut End = match rustls_is_client {
                    true => &mut pair.client,
                    false => &mut pair.server,
                };
                asks.update_keys().unwrap();
                pair.talk(b"after the request", cut);
                pair.talk(&[1; 50_000], Cut::Whole);
            }
        }
    }
}

/// A request is answered with what is sent next, and only once.
#[test]
fn requests_are_answered_with_the_next_data() {
    for side in VICTIMS {
        let (mut end, mut forger) = victim(side, TlsVersion::Tls13);
        end.arrive(&forger.record(HANDSHAKE, &[24, 0, 0, 1, 1]))
            .unwrap();
        assert!(end.wire.is_empty());
        end.send(b"hello").unwrap();
        let wire = end.take_wire();
        let first = crate::end::records(&wire).next().unwrap();
        let answer = forger.open(&wire[..first.1]);
        assert_eq!(answer, [(HANDSHAKE, vec![24, 0, 0, 1, 0])]);
        assert_eq!(crate::end::records(&wire).count(), 2);
    }
}

/// Nor does anybody make this side encrypt for ever.
#[test]
fn a_flood_of_requests_is_an_error() {
    for side in VICTIMS {
        let (mut end, mut forger) = victim(side, TlsVersion::Tls13);
        // In one record, as each would change the keys of the next.
        let flood = [24, 0, 0, 1, 1].repeat(40);
        let record = forger.record(HANDSHAKE, &flood);
        assert_eq!(kind(end.arrive(&record)), TlsErrorKind::BadRecord);
        let (mut end, mut forger) = victim(side, TlsVersion::Tls13);
        let wrong = forger.record(HANDSHAKE, &[24, 0, 0, 1, 7]);
        assert_eq!(kind(end.arrive(&wrong)), TlsErrorKind::BadRecord);
    }
}
