//! New keys on a living connection (RFC 8446, section 4.6.3; line B65).

use loopline_core::tls::{TlsErrorKind, TlsVersion};

use crate::end::{CUTS, Cut, kind};
use crate::forge::{DATA, HANDSHAKE, VICTIMS, victim};
use crate::pair::Pair;

#[test]
fn either_side_can_ask() {
    for cut in CUTS {
        let mut pair = Pair::open(TlsVersion::Tls13);
        for _ in 0..5 {
            pair.client.update_keys().unwrap();
            assert!(!pair.client.wire.is_empty());
            pair.talk(b"after the client's", cut);
            pair.server.update_keys().unwrap();
            pair.talk(b"after the server's", cut);
            pair.client.update_keys().unwrap();
            pair.server.update_keys().unwrap();
            pair.talk(&[1; 50_000], Cut::Whole);
        }
    }
}

#[test]
fn tls_1_2_has_none_and_goes_on() {
    let mut pair = Pair::open(TlsVersion::Tls12);
    assert_eq!(kind(pair.client.update_keys()), TlsErrorKind::Unsupported);
    assert_eq!(kind(pair.server.update_keys()), TlsErrorKind::Unsupported);
    pair.talk(b"hello", Cut::Whole);
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

/// Nor is the answer lost where the data goes into memory that is there.
#[test]
fn answers_come_before_data_in_memory_that_is_there() {
    for side in VICTIMS {
        for len in [40, 1000] {
            let (mut end, mut forger) = victim(side, TlsVersion::Tls13);
            end.arrive(&forger.record(HANDSHAKE, &[24, 0, 0, 1, 1]))
                .unwrap();
            let mut room = vec![0; len];
            let wire = match end.send_into(b"hello", &mut room) {
                Some(filled) => room[..filled].to_vec(),
                None => {
                    end.send(b"hello").unwrap();
                    end.take_wire()
                }
            };
            let first = crate::end::records(&wire).next().unwrap();
            let answer = forger.open(&wire[..first.1]);
            assert_eq!(answer, [(HANDSHAKE, vec![24, 0, 0, 1, 0])]);
            assert_eq!(crate::end::records(&wire).count(), 2);
        }
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

/// The request does not wait, and data sent after it has the new keys.
#[test]
fn data_before_the_request_has_the_old_keys() {
    for side in VICTIMS {
        let (mut end, mut forger) = victim(side, TlsVersion::Tls13);
        end.send(b"old").unwrap();
        end.update_keys().unwrap();
        let sent = forger.open(&end.take_wire());
        let request = (HANDSHAKE, vec![24, 0, 0, 1, 1]);
        assert_eq!(sent, [(DATA, b"old".to_vec()), request]);
    }
}
