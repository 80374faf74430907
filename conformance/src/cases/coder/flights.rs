//! Handshakes that someone in between has changed.

use loopline_core::tls::{Progress, TlsVersion};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::tls::cut::{Cut, HANDSHAKE, records};
use crate::harness::tls::pair::{Pair, over_versions};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        T8,
        a_changed_bit_is_no_secret_success,
        "With one bit of a handshake changed no call panics, and two sides that are open nevertheless understand each other."
    ),
    case!(
        T8,
        a_cut_handshake_waits,
        "Every beginning of a flight is waited for: no error, no session, no data."
    ),
    case!(
        T8,
        a_flight_sent_twice_opens_nothing_by_itself,
        "A flight that comes again is refused, or the connection works; no call panics."
    ),
    case!(
        T8,
        messages_in_small_records_are_joined,
        "A hello that is split into many small records is understood as if it were one."
    ),
];

/// One flight after the other until nothing moves, with one bit changed.
fn tampered(pair: &mut Pair, flight: usize, bit: usize) -> Result<bool, Stop> {
    for number in 0..8 {
        let (from, to) = if number % 2 == 0 {
            (&mut pair.client, &mut pair.server)
        } else {
            (&mut pair.server, &mut pair.client)
        };
        let mut wire = from.take_wire();
        if number == flight {
            match wire.get_mut(bit / 8) {
                Some(byte) => *byte ^= 1 << (bit % 8),
                None => return Ok(false),
            }
        }
        if to.arrive(&wire).is_err() {
            // The alert is understood, or not.
            let alert = to.take_wire();
            let _ = from.arrive(&alert);
            break;
        }
    }
    Ok(true)
}

fn a_changed_bit_is_no_secret_success(context: &Context) -> Outcome {
    over_versions(context, |version| {
        for flight in 0..4 {
            // Primes, so that every bit of a byte has its turn.
            let step = 61;
            let mut bit = flight * 7;
            loop {
                let mut pair = Pair::plain(context, version)?;
                if !tampered(&mut pair, flight, bit)? {
                    break;
                }
                let open = |progress| progress == Progress::Open;
                if open(pair.client.progress) && open(pair.server.progress) {
                    // What is not authenticated, such as the version in a
                    // header, was changed; or the other side knows already.
                    let (client, server) = (pair.client.session()?, pair.server.session()?);
                    assert_eq!(client.version, server.version);
                    assert_eq!(client.cipher_suite, server.cipher_suite);
                    assert_eq!(client.alpn, server.alpn);
                }
                bit += step;
            }
        }
        Ok(())
    })
}

fn a_cut_handshake_waits(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let mut pair = Pair::plain(context, version)?;
        for number in 0..4 {
            let (from, to) = if number % 2 == 0 {
                (&mut pair.client, &mut pair.server)
            } else {
                (&mut pair.server, &mut pair.client)
            };
            let wire = from.take_wire();
            let Some((last, beginning)) = wire.split_last() else {
                break;
            };
            let was_open = to.progress == Progress::Open;
            for byte in beginning {
                to.arrive(&[*byte])?;
                assert!(to.plain.is_empty());
            }
            // TLS 1.3 sends tickets behind the end of the handshake.
            let may_be_open = was_open || version == TlsVersion::Tls13;
            assert!(may_be_open || !to.has_session());
            to.arrive(&[*last])?;
        }
        pair.opened(Cut::Whole)?.talk(b"hello", Cut::Whole)
    })
}

fn a_flight_sent_twice_opens_nothing_by_itself(context: &Context) -> Outcome {
    over_versions(context, |version| {
        for twice in 0..4 {
            let mut pair = Pair::plain(context, version)?;
            let mut refused = false;
            for number in 0..4 {
                let (from, to) = if number % 2 == 0 {
                    (&mut pair.client, &mut pair.server)
                } else {
                    (&mut pair.server, &mut pair.client)
                };
                let wire = from.take_wire();
                refused |= to.arrive(&wire).is_err();
                if number == twice && !wire.is_empty() {
                    refused |= to.arrive(&wire).is_err();
                    assert!(refused, "a flight was taken twice");
                }
                if refused {
                    break;
                }
            }
            assert!(pair.client.plain.is_empty() && pair.server.plain.is_empty());
        }
        Ok(())
    })
}

fn messages_in_small_records_are_joined(context: &Context) -> Outcome {
    over_versions(context, |version| {
        for size in [1, 3, 100] {
            let mut pair = Pair::plain(context, version)?;
            let hello = pair.client.take_wire();
            let mut split = Vec::new();
            for (start, end) in records(&hello) {
                assert_eq!(hello[start], HANDSHAKE);
                for piece in hello[start + 5..end].chunks(size) {
                    let len = u16::try_from(piece.len())?.to_be_bytes();
                    split.extend_from_slice(&[HANDSHAKE, hello[start + 1], hello[start + 2]]);
                    split.extend_from_slice(&len);
                    split.extend_from_slice(piece);
                }
            }
            pair.server.arrive(&split)?;
            pair.opened(Cut::Whole)?.talk(b"hello", Cut::Whole)?;
        }
        Ok(())
    })
}
