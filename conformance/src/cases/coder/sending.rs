//! What is sent.

use loopline_core::tls::{RECORD_LIMIT, TlsErrorKind, TlsVersion};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::tls::cut::{Cut, records};
use crate::harness::tls::machine::{Machine, refusal};
use crate::harness::tls::pair::{Pair, SIDES, over_cuts, over_versions};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        T7,
        sending_before_the_end_of_the_handshake_is_refused,
        "Data before the end of the handshake is refused, nothing is written, and the handshake goes on."
    ),
    case!(
        T9,
        memory_takes_all_of_the_data_or_none,
        "Memory that is there already takes all of the data or none of it: nothing is lost, and nothing is sent twice."
    ),
    case!(
        T9,
        memory_stays_as_it_was_where_nothing_can_be_sent,
        "Where nothing can be sent, memory that is there already stays as it was."
    ),
    case!(
        B51,
        any_size_arrives,
        "Data of any size comes out as it was, in records that are not too long."
    ),
    case!(
        B65,
        keys_are_updated_at_any_time,
        "After any number of key updates by either side data comes out as it was, and sending answers them."
    ),
    case!(
        B65,
        an_update_that_is_not_there_ends_nothing,
        "Where keys cannot be updated the call is refused as unsupported, and the connection goes on."
    ),
];

fn sending_before_the_end_of_the_handshake_is_refused(context: &Context) -> Outcome {
    fn check(end: &mut Machine) -> Outcome {
        if end.has_session() {
            return Ok(());
        }
        let wire = end.wire.len();
        assert_eq!(refusal(end.send(b"x"))?, TlsErrorKind::NotOpen);
        assert_eq!(refusal(end.update_keys())?, TlsErrorKind::NotOpen);
        assert_eq!(end.wire.len(), wire);
        Ok(())
    }
    over_versions(context, |version| {
        let mut pair = Pair::plain(context, version)?;
        for _ in 0..4 {
            check(&mut pair.client)?;
            check(&mut pair.server)?;
            let wire = pair.client.take_wire();
            pair.server.arrive(&wire)?;
            check(&mut pair.server)?;
            let wire = pair.server.take_wire();
            pair.client.arrive(&wire)?;
        }
        pair.talk(b"hello", Cut::Whole)
    })
}

fn memory_takes_all_of_the_data_or_none(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let mut pair = Pair::open(context, version)?;
        let content = files::content(50_000);
        for size in [0, 1, 49_999, 50_000, 50_050, 80_000] {
            for side in SIDES {
                let (end, peer) = pair.ends(side);
                let mut room = vec![b'?'; size];
                let wire = match peer.send_into(&content, &mut room) {
                    Some(filled) => {
                        assert!(room[filled..].iter().all(|&byte| byte == b'?'));
                        room.truncate(filled);
                        room
                    }
                    None => {
                        assert!(room.iter().all(|&byte| byte == b'?'));
                        peer.send(&content)?;
                        peer.take_wire()
                    }
                };
                end.arrive(&wire)?;
                assert!(end.take_plain() == content, "{size}: other bytes arrived");
            }
        }
        pair.talk(b"hello", Cut::Whole)
    })
}

fn memory_stays_as_it_was_where_nothing_can_be_sent(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let mut room = [b'?'; 1000];
        let mut pair = Pair::plain(context, version)?;
        for side in SIDES {
            let (_, peer) = pair.ends(side);
            assert_eq!(peer.send_into(b"early", &mut room), None);
        }
        pair = Pair::open(context, version)?;
        for side in SIDES {
            let (_, peer) = pair.ends(side);
            peer.close()?;
            assert_eq!(peer.send_into(b"late", &mut room), None);
        }
        assert_eq!(room, [b'?'; 1000]);
        Ok(())
    })
}

fn any_size_arrives(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let mut pair = Pair::open(context, version)?;
        for size in [1, 2, 16_383, 16_384, 16_385, 65_536, 300_001] {
            let content = files::content(size);
            for side in SIDES {
                let (end, peer) = pair.ends(side);
                peer.send(&content)?;
                let wire = peer.take_wire();
                for (start, stop) in records(&wire) {
                    assert!(stop - start <= RECORD_LIMIT, "a record of {}", stop - start);
                }
                end.arrive(&wire)?;
                assert!(end.take_plain() == content, "{size}: other bytes arrived");
            }
        }
        Ok(())
    })
}

fn keys_are_updated_at_any_time(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        let mut pair = Pair::open(context, version)?;
        for side in [SIDES[0], SIDES[1], SIDES[0], SIDES[0]] {
            let (end, peer) = pair.ends(side);
            match end.update_keys() {
                Ok(()) => assert!(!end.wire.is_empty(), "the peer is not told"),
                // The next case is about it.
                Err(error) if *error.kind() == TlsErrorKind::Unsupported => continue,
                Err(error) => return Err(error.into()),
            }
            end.send(b"under new keys")?;
            peer.feed(&end.take_wire(), cut)?;
            assert_eq!(peer.take_plain(), b"under new keys");
            pair.talk(b"hello", cut)?;
        }
        Ok(())
    })
}

fn an_update_that_is_not_there_ends_nothing(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let mut pair = Pair::open(context, version)?;
        for side in SIDES {
            let (end, _) = pair.ends(side);
            match end.update_keys() {
                Ok(()) => assert_eq!(version, TlsVersion::Tls13, "TLS 1.2 has no key update"),
                Err(error) => {
                    assert_eq!(*error.kind(), TlsErrorKind::Unsupported);
                    assert!(end.wire.is_empty());
                }
            }
        }
        pair.talk(b"hello", Cut::Whole)
    })
}
