//! A peer leaves the beginning of a message behind, and this side goes on.
//!
//! From the fourth byte of a message on, OpenSSL encrypts nothing until the last
//! one is there: data has to wait, in its order, and not for ever.

use loopline_core::tls::{Progress, TlsErrorKind, TlsVersion};

use crate::end::{CUTS, End, kind};
use crate::forge::{ALERT, DATA, Forger, HANDSHAKE, VICTIMS, Victim, victim};

/// A message that this side may be sent at any time, or has an answer to at
/// least.
fn message(side: Victim, version: TlsVersion) -> Vec<u8> {
    match (version, side) {
        // HelloRequest, which is refused (RFC 5246, section 7.4.1.1).
        (TlsVersion::Tls12, Victim::Client) => vec![0, 0, 0, 0],
        // KeyUpdate without a request (RFC 8446, section 4.6.3).
        _ => vec![24, 0, 0, 1, 0],
    }
}

/// The first `len` bytes have arrived.
fn with_fragment(side: Victim, version: TlsVersion, len: usize) -> (End, Forger, Vec<u8>) {
    let (mut end, mut forger) = victim(side, version);
    let message = message(side, version);
    end.arrive(&forger.record(HANDSHAKE, &message[..len]))
        .unwrap();
    assert!(end.input.is_empty(), "OpenSSL keeps the record itself");
    (end, forger, message[len..].to_vec())
}

fn data(sent: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let data = sent.iter().filter(|(kind, _)| *kind == DATA);
    data.flat_map(|(_, data)| data.clone()).collect()
}

#[test]
fn sending_goes_on_behind_the_rest() {
    for side in VICTIMS {
        for len in 1..5 {
            for cut in CUTS {
                let (mut end, mut forger, rest) = with_fragment(side, TlsVersion::Tls13, len);
                let long = vec![7; 100_000];
                end.send(b"one").unwrap();
                end.send(b"two").unwrap();
                end.send(&long).unwrap();
                end.feed(&forger.record(HANDSHAKE, &rest), cut).unwrap();
                assert_eq!((end.input.len(), end.progress), (0, Progress::Open));
                end.send(b"after").unwrap();
                let sent = data(&forger.open(&end.take_wire()));
                assert!(sent == [b"onetwo", &long[..], b"after"].concat());
                end.close().unwrap();
                assert_eq!(forger.open(&end.take_wire()), [(ALERT, vec![1, 0])]);
            }
        }
    }
}

#[test]
fn what_waits_is_bounded() {
    for side in VICTIMS {
        let (mut end, _, _) = with_fragment(side, TlsVersion::Tls13, 4);
        let refused = (0..100).find_map(|_| end.send(&[0; 10_000]).err());
        assert_eq!(*refused.unwrap().kind(), TlsErrorKind::TooMuchInput);
        assert_eq!(kind(end.send(b"x")), TlsErrorKind::Failed);
    }
}

#[test]
fn closing_waits_too() {
    for side in VICTIMS {
        for len in 1..5 {
            let (mut end, mut forger, rest) = with_fragment(side, TlsVersion::Tls13, len);
            end.send(b"the last").unwrap();
            end.close().unwrap();
            assert_eq!(kind(end.send(b"x")), TlsErrorKind::Closed);
            end.close().unwrap();
            end.arrive(&forger.record(HANDSHAKE, &rest)).unwrap();
            let sent = forger.open(&end.take_wire());
            assert_eq!(sent, [(DATA, b"the last".into()), (ALERT, vec![1, 0])]);
            end.close().unwrap();
            assert!(end.wire.is_empty());
        }
    }
}

#[test]
fn a_hello_request_in_pieces_is_refused() {
    let (mut end, mut forger, rest) = with_fragment(Victim::Client, TlsVersion::Tls12, 2);
    end.send(b"between").unwrap();
    for byte in rest {
        let record = forger.record(HANDSHAKE, &[byte]);
        end.arrive(&record).unwrap();
    }
    // no_renegotiation (RFC 5246, section 7.2.2), a warning.
    let sent = forger.open(&end.take_wire());
    assert_eq!(sent, [(DATA, b"between".into()), (ALERT, vec![1, 100])]);
}

/// Data between the parts of a message breaks the rules of TLS 1.3 (RFC 8446,
/// section 5.1), and those of TLS 1.2 say nothing.
#[test]
fn data_in_between_is_an_error() {
    for side in VICTIMS {
        for len in 1..5 {
            let (mut end, mut forger, _) = with_fragment(side, TlsVersion::Tls13, len);
            let record = forger.record(DATA, b"hello");
            assert_eq!(kind(end.arrive(&record)), TlsErrorKind::BadRecord);
            assert!(end.plain.is_empty());
            assert_eq!(kind(end.send(b"x")), TlsErrorKind::Failed);
            end.close().unwrap();
        }
    }
}

/// So does the end.
#[test]
fn an_end_in_between_is_an_error() {
    for side in VICTIMS {
        for len in 1..5 {
            let (mut end, mut forger, _) = with_fragment(side, TlsVersion::Tls13, len);
            let goodbye = forger.record(ALERT, &[1, 0]);
            assert_eq!(kind(end.arrive(&goodbye)), TlsErrorKind::BadRecord);
            assert_eq!(end.progress, Progress::Open);
        }
    }
}

/// In TLS 1.2 the end is one like any other where nothing waits for the rest of
/// the message; else it is an error too.
#[test]
fn an_end_in_between_may_be_an_end_in_tls_1_2() {
    // The beginnings of a HelloRequest and of a ClientHello of 300 bytes.
    let messages = [(Victim::Client, [0; 4]), (Victim::Server, [1, 0, 1, 44])];
    for (side, message) in messages {
        for len in 1..=4 {
            let (mut end, mut forger) = victim(side, TlsVersion::Tls12);
            let fragment = forger.record(HANDSHAKE, &message[..len]);
            end.arrive(&fragment).unwrap();
            end.send(b"before").unwrap();
            let goodbye = forger.record(ALERT, &[1, 0]);
            let ended = end.arrive(&[&*goodbye, b"behind"].concat());
            if (side, len) == (Victim::Server, 4) {
                assert_eq!(kind(ended), TlsErrorKind::BadRecord);
                continue;
            }
            assert_eq!(end.progress, Progress::PeerClosed);
            assert_eq!(end.input, b"behind");
            end.close().unwrap();
            let sent = forger.open(&end.take_wire());
            assert_eq!(sent.last(), Some(&(ALERT, vec![1, 0])));
            assert_eq!(data(&sent), b"before");
        }
    }
}
