//! A peer leaves the beginning of a message behind, and this side goes on.
//!
//! rustls keeps offsets into the input then. A coder that shows it an empty one
//! in order to write makes it index past the end.

use loopline_core::tls::{Progress, TlsErrorKind, TlsVersion};

use crate::end::End;
use crate::end::{CUTS, kind};
use crate::forge::{ALERT, DATA, Forger, HANDSHAKE, VICTIMS, Victim, victim};
use crate::pair::VERSIONS;

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

fn with_fragment(side: Victim, version: TlsVersion) -> (End, Forger, Vec<u8>) {
    let (mut end, mut forger) = victim(side, version);
    let message = message(side, version);
    let record = forger.record(HANDSHAKE, &message[..2]);
    end.arrive(&record).unwrap();
    assert_eq!(end.input.len(), record.len(), "rustls holds the record");
    (end, forger, message[2..].to_vec())
}

#[test]
fn sending_goes_on() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger, _) = with_fragment(side, version);
            for text in ["one", "two"] {
                end.send(text.as_bytes()).unwrap();
                let sent = forger.open(&end.take_wire());
                assert_eq!(sent, [(DATA, text.into())]);
            }
            let long = vec![7; 100_000];
            end.send(&long).unwrap();
            let sent = forger.open(&end.take_wire());
            assert!(sent.iter().map(|(_, data)| data.len()).sum::<usize>() == long.len());
        }
    }
}

#[test]
fn closing_works() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger, _) = with_fragment(side, version);
            end.close().unwrap();
            assert_eq!(forger.open(&end.take_wire()), [(ALERT, vec![1, 0])]);
            assert_eq!(kind(end.send(b"x")), TlsErrorKind::Closed);
        }
    }
}

#[test]
fn the_rest_of_the_message_may_come_after_data_was_sent() {
    for side in VICTIMS {
        for cut in CUTS {
            let (mut end, mut forger, rest) = with_fragment(side, TlsVersion::Tls13);
            end.send(b"between").unwrap();
            let record = forger.record(HANDSHAKE, &rest);
            end.feed(&record, cut).unwrap();
            assert_eq!((end.input.len(), end.progress), (0, Progress::Open));
            end.send(b"after").unwrap();
            let sent = forger.open(&end.take_wire());
            assert_eq!(sent, [(DATA, b"between".into()), (DATA, b"after".into())]);
        }
    }
}

#[test]
fn a_hello_request_in_pieces_is_refused() {
    let (mut end, mut forger, rest) = with_fragment(Victim::Client, TlsVersion::Tls12);
    end.send(b"between").unwrap();
    for byte in rest {
        let record = forger.record(HANDSHAKE, &[byte]);
        end.arrive(&record).unwrap();
    }
    assert!(end.input.is_empty());
    // no_renegotiation (RFC 5246, section 7.2.2), a warning.
    let sent = forger.open(&end.take_wire());
    assert_eq!(sent, [(DATA, b"between".into()), (ALERT, vec![1, 100])]);
}

/// Data between the parts of a message breaks the rules (RFC 8446, section 5.1).
#[test]
fn data_in_between_is_an_error() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger, _) = with_fragment(side, version);
            let record = forger.record(DATA, b"hello");
            assert_eq!(kind(end.arrive(&record)), TlsErrorKind::BadRecord);
            assert!(end.plain.is_empty());
            assert_eq!(kind(end.send(b"x")), TlsErrorKind::Failed);
            end.close().unwrap();
        }
    }
}

#[test]
fn new_keys_wait_for_the_rest_of_the_message() {
    for side in VICTIMS {
        let (mut end, mut forger, rest) = with_fragment(side, TlsVersion::Tls13);
        end.update_keys().unwrap();
        end.send(b"old keys").unwrap();
        assert_eq!(forger.open(&end.take_wire()), [(DATA, b"old keys".into())]);
        let record = forger.record(HANDSHAKE, &rest);
        end.arrive(&record).unwrap();
        let sent = forger.open(&end.take_wire());
        assert_eq!(sent, [(HANDSHAKE, vec![24, 0, 0, 1, 1])]);
    }
}

/// The caller breaks T1: it does not give again what was not consumed.
#[test]
fn held_bytes_that_are_missing_are_misuse() {
    let (mut end, _, _) = with_fragment(Victim::Server, TlsVersion::Tls13);
    let kept = std::mem::take(&mut end.input);
    assert!(matches!(kind(end.arrive(b"")), TlsErrorKind::Misuse(_)));
    end.arrive(&kept).unwrap();
    end.send(b"still there").unwrap();
}

/// Two halves of messages in one record, with whole ones before them.
#[test]
fn a_record_may_end_one_message_and_begin_the_next() {
    for side in VICTIMS {
        let (mut end, mut forger) = victim(side, TlsVersion::Tls13);
        // Unknown messages are refused only when they are whole; one that says
        // it is 300 bytes long stays pending through several records.
        let mut first = vec![24, 0, 1, 44];
        first.extend_from_slice(&[0; 100]);
        end.arrive(&forger.record(HANDSHAKE, &first)).unwrap();
        end.send(b"a").unwrap();
        end.arrive(&forger.record(HANDSHAKE, &[0; 100])).unwrap();
        end.send(b"b").unwrap();
        end.close().unwrap();
        let sent = forger.open(&end.take_wire());
        let kinds: Vec<u8> = sent.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [DATA, DATA, ALERT]);
        let last = forger.record(HANDSHAKE, &[0; 101]);
        assert_eq!(kind(end.arrive(&last)), TlsErrorKind::BadRecord);
    }
}

/// So does the end.
#[test]
fn an_end_in_between_is_an_error() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger, _) = with_fragment(side, version);
            let goodbye = forger.record(ALERT, &[1, 0]);
            assert_eq!(kind(end.arrive(&goodbye)), TlsErrorKind::BadRecord);
            assert_eq!(end.progress, Progress::Open);
        }
    }
}
