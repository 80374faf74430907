//! A peer that has the keys, and uses them for anything (T8).

use loopline_core::tls::{TlsErrorKind, TlsVersion};

use crate::end::{CUTS, Cut, End, kind};
use crate::forge::{ALERT, DATA, Forger, HANDSHAKE, VICTIMS, Victim, victim};
use crate::pair::VERSIONS;
use crate::random::Random;

/// Runs one record against every kind of coder: what comes of it.
pub fn against_all(kind_of: u8, content: &[u8], check: impl Fn(&End, Result<(), TlsErrorKind>)) {
    for side in VICTIMS {
        for version in VERSIONS {
            for cut in CUTS {
                let (mut end, mut forger) = victim(side, version);
                let record = forger.record(kind_of, content);
                let result = end.feed(&record, cut);
                check(&end, result.map_err(|error| error.kind().clone()));
            }
        }
    }
}

#[test]
fn data_is_data() {
    against_all(DATA, b"hello", |end, result| {
        result.unwrap();
        assert_eq!(end.plain, b"hello");
    });
}

#[test]
fn fatal_alerts_name_themselves() {
    for description in [10, 40, 80, 109, 200] {
        against_all(ALERT, &[2, description], |end, result| {
            assert_eq!(result.unwrap_err(), TlsErrorKind::Alert(description));
            assert!(end.wire.is_empty(), "an alert is not answered");
        });
    }
}

#[test]
fn alerts_of_the_wrong_shape_are_refused() {
    for content in [&[][..], &[2], &[2, 40, 0], &[9, 40]] {
        against_all(ALERT, content, |_, result| {
            if let Err(kind) = result {
                let bad = matches!(kind, TlsErrorKind::BadRecord | TlsErrorKind::Alert(40));
                assert!(bad, "{kind:?}");
            }
        });
    }
}

#[test]
fn types_that_do_not_belong_here_are_refused() {
    for kind_of in [0, 20, 24, 99, 255] {
        against_all(kind_of, b"\x01", |end, result| {
            assert_eq!(result.unwrap_err(), TlsErrorKind::BadRecord, "{kind_of}");
            assert!(end.plain.is_empty());
        });
    }
}

/// Messages of the handshake, long after it. HelloRequest (0) and, in TLS 1.2,
/// ClientHello (1) have rules of their own; NewSessionTicket (4) and KeyUpdate
/// (24) are legal in TLS 1.3.
#[test]
fn late_messages_of_the_handshake_are_refused() {
    for message in [2, 5, 8, 11, 12, 13, 14, 15, 16, 20, 22, 254] {
        against_all(HANDSHAKE, &[message, 0, 0, 4, 0, 0, 0, 0], |_, result| {
            assert_eq!(result.unwrap_err(), TlsErrorKind::BadRecord, "{message}");
        });
    }
}

/// Empty records make work and no progress (RFC 8446, section 5.4).
#[test]
fn a_flood_of_empty_records_is_refused() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger) = victim(side, version);
            let flood: Vec<u8> = (0..100).flat_map(|_| forger.record(DATA, b"")).collect();
            assert_eq!(kind(end.arrive(&flood)), TlsErrorKind::BadRecord);
        }
    }
}

/// A renegotiation is refused with a warning once, and then for good.
#[test]
fn renegotiation_is_refused() {
    let (mut end, mut forger) = victim(Victim::Client, TlsVersion::Tls12);
    end.arrive(&forger.record(HANDSHAKE, &[0, 0, 0, 0]))
        .unwrap();
    assert_eq!(forger.open(&end.take_wire()), [(ALERT, vec![1, 100])]);
    let again = forger.record(HANDSHAKE, &[0, 0, 0, 0]);
    assert_eq!(kind(end.arrive(&again)), TlsErrorKind::BadRecord);
}

/// What a peer in possession of the keys may think of, in any order and cut, with
/// this side acting in between.
fn rampage(seed: u64, side: Victim, version: TlsVersion) {
    let mut random = Random::new(seed);
    let (mut end, mut forger) = victim(side, version);
    for _ in 0..60 {
        let kinds = [20, ALERT, HANDSHAKE, HANDSHAKE, HANDSHAKE, DATA, DATA, 24];
        let kind_of = kinds[random.below(kinds.len())];
        let content = content(&mut random, kind_of);
        let mut bytes = forger.record(kind_of, &content);
        match random.below(30) {
            0 => {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }
            1 => bytes.truncate(random.below(bytes.len())),
            2 => bytes.extend_from_slice(&random.bytes(7)),
            _ => {}
        }
        let cut = [Cut::Whole, Cut::Bytes, Cut::Headers][random.below(3)];
        let _ = end.feed(&bytes, cut);
        match random.below(8) {
            0 => drop(end.send(b"something")),
            1 => drop(end.update_keys()),
            2 => drop(end.send(&[0; 20_000])),
            3 if random.below(5) == 0 => end.close().unwrap(),
            _ => {}
        }
    }
    end.close().unwrap();
}

/// Mostly what is nearly right.
fn content(random: &mut Random, kind_of: u8) -> Vec<u8> {
    let message = [0, 1, 2, 4, 8, 11, 13, 20, 24, 24, 24][random.below(11)];
    match (kind_of, random.below(6)) {
        (HANDSHAKE, 0) => vec![24, 0, 0, 1, random.below(3) as u8],
        (HANDSHAKE, 1) => vec![24, 0, 0, 1, 1, 24, 0, 0, 1, 0],
        (HANDSHAKE, 2) => vec![message, 0, 0],
        (HANDSHAKE, 3) => vec![message, 0, 0, random.below(40) as u8, 0, 0, 0, 0],
        (HANDSHAKE, 4) => {
            let len = 1 + random.below(300);
            let mut message = vec![message, 0, (len >> 8) as u8, len as u8];
            message.extend(random.bytes(len));
            message.truncate(1 + random.below(len + 4));
            message
        }
        (ALERT, 0..=3) => vec![1, [90, 100, 41][random.below(3)]],
        (ALERT, _) => vec![random.below(4) as u8, random.below(256) as u8],
        (DATA, 0) => Vec::new(),
        _ => {
            let len = random.below(400);
            random.bytes(len)
        }
    }
}

#[test]
fn no_rampage_makes_a_coder_panic() {
    for seed in 0..400 {
        let side = VICTIMS[seed as usize % 2];
        rampage(seed, side, VERSIONS[seed as usize / 2 % 2]);
    }
}

/// The bytes of a handshake and of what follows, mutated on their way.
#[test]
fn no_mutation_makes_a_coder_panic() {
    for seed in 0..600 {
        let mut random = Random::new(1000 + seed);
        let version = VERSIONS[seed as usize % 2];
        let mut pair = crate::pair::Pair::of(version);
        let victim_is_client = random.below(2) == 0;
        for _ in 0..8 {
            let (from, to) = match random.below(2) {
                0 => (&mut pair.client, &mut pair.server),
                _ => (&mut pair.server, &mut pair.client),
            };
            let mut bytes = from.take_wire();
            if !bytes.is_empty() && random.below(3) == 0 {
                mutate(&mut random, &mut bytes);
            }
            let cut = [Cut::Whole, Cut::Headers][random.below(2)];
            let _ = to.feed(&bytes, cut);
            let _ = to.send(b"hello");
            if random.below(6) == 0 && victim_is_client {
                let _ = to.update_keys();
            }
        }
        pair.client.close().unwrap();
        pair.server.close().unwrap();
    }
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len());
    match random.below(6) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..(at + 1 + random.below(20)).min(bytes.len()))),
        4 => {
            let len = 1 + random.below(20);
            let more = random.bytes(len);
            bytes.splice(at..at, more);
        }
        _ => bytes.extend_from_within(at..),
    }
}

/// The forger is a peer like any other as long as it keeps to the rules.
#[test]
fn the_forger_can_talk() {
    for side in VICTIMS {
        for version in VERSIONS {
            let (mut end, mut forger): (End, Forger) = victim(side, version);
            for round in 0..10 {
                let text = [round; 100];
                end.arrive(&forger.record(DATA, &text)).unwrap();
                end.send(&text).unwrap();
                assert_eq!(forger.open(&end.take_wire()), [(DATA, text.to_vec())]);
                assert_eq!(end.take_plain(), text);
            }
        }
    }
}
