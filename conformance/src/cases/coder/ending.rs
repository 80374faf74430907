//! The ends of a connection, in order and not.

use loopline_core::tls::{Progress, TlsErrorKind};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::tls::cut::{Cut, records};
use crate::harness::tls::machine::refusal;
use crate::harness::tls::pair::{Pair, over_cuts, over_sides};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        T4,
        data_comes_before_the_end,
        "What was sent before a close_notify comes out, and then the end; the other direction goes on."
    ),
    case!(
        T4,
        nothing_behind_the_end_is_consumed,
        "What follows the peer's close_notify stays the caller's as it is, and the answer stays."
    ),
    case!(
        T4,
        what_is_behind_the_end_is_left_as_it_came,
        "However it is cut, and whether this side has closed before, everything up to the peer's close_notify is consumed and what is behind it is left unchanged."
    ),
    case!(
        T4,
        a_cut_stream_is_no_end,
        "A stream that ends before its close_notify is still open, and no part of a record comes out."
    ),
    case!(
        T5,
        a_bad_record_comes_after_the_good_ones,
        "Data before a bad record is there with the error, and the alert is one that the peer understands."
    ),
    case!(
        T6,
        an_error_is_the_end,
        "After an error every call but close and session answers that it has failed before."
    ),
    case!(
        T6,
        after_closing_nothing_is_sent,
        "After close, sending and updating keys are refused, and nothing more is written."
    ),
    case!(
        T6,
        after_closing_receiving_goes_on,
        "After close, what the peer sends still comes out, up to its own close_notify."
    ),
    case!(
        T6,
        receiving_after_closing_writes_nothing,
        "After close, neither an answer to new keys of the peer nor an alert follows the close_notify."
    ),
    case!(
        T6,
        closing_again_is_without_effect,
        "The second close writes nothing and is no error."
    ),
    case!(
        T6,
        closing_during_the_handshake_is_no_error,
        "A close before the end of the handshake is no error, and nothing can be sent afterwards."
    ),
    case!(
        T6,
        a_bad_record_after_closing_is_an_error,
        "A bad record after the own close is an error as any, and no panic."
    ),
];

fn data_comes_before_the_end(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        let mut pair = Pair::open(context, version)?;
        pair.client.send(b"the last")?;
        pair.client.close()?;
        pair.exchange(cut)?;
        assert_eq!(pair.server.plain, b"the last");
        assert_eq!(pair.server.progress, Progress::PeerClosed);
        assert_eq!(pair.client.progress, Progress::Open);
        pair.server.send(b"an answer")?;
        pair.server.close()?;
        pair.exchange(cut)?;
        assert_eq!(pair.client.plain, b"an answer");
        assert_eq!(pair.client.progress, Progress::PeerClosed);
        Ok(())
    })
}

fn nothing_behind_the_end_is_consumed(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        for behind in [
            &b"something else, as behind a tunnel"[..],
            &[23, 3, 3, 0, 20],
            b"",
        ] {
            let mut pair = Pair::open(context, version)?;
            let (end, peer) = pair.ends(side);
            peer.close()?;
            let wire = [&*peer.take_wire(), behind].concat();
            end.arrive(&wire)?;
            assert_eq!(end.progress, Progress::PeerClosed);
            assert_eq!(end.input, behind);
            for _ in 0..2 {
                assert_eq!(end.receive_once()?, 0);
                assert_eq!(end.progress, Progress::PeerClosed);
            }
            assert!(end.input == behind && end.plain.is_empty());
        }
        Ok(())
    })
}

fn what_is_behind_the_end_is_left_as_it_came(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        for side in crate::harness::tls::pair::SIDES {
            for closes in [false, true] {
                let mut pair = Pair::open(context, version)?;
                let (end, peer) = pair.ends(side);
                if closes {
                    end.close()?;
                }
                peer.send(b"the last")?;
                peer.close()?;
                let wire = peer.take_wire();
                // What could be a record is none.
                let behind = [&b"in the clear"[..], &wire, &[0; 100]].concat();
                end.feed(&[&*wire, &*behind].concat(), cut)?;
                assert_eq!(end.progress, Progress::PeerClosed);
                assert!(end.input == behind, "other bytes are left");
                assert_eq!(end.plain, b"the last");
                // Also once this side has ended too.
                end.close()?;
                assert_eq!(end.receive_once()?, 0);
                assert!(end.input == behind, "they were changed");
            }
        }
        Ok(())
    })
}

fn a_cut_stream_is_no_end(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut pair = Pair::open(context, version)?;
        let (end, peer) = pair.ends(side);
        peer.send(b"whole")?;
        let whole = peer.wire.len();
        peer.send(b"cut")?;
        peer.close()?;
        let wire = peer.take_wire();
        let second = records(&wire[whole..])[0].1 + whole;
        end.arrive(&wire[..second - 1])?;
        assert_eq!(end.plain, b"whole");
        assert_eq!(end.progress, Progress::Open);
        end.arrive(&wire[second - 1..wire.len() - 1])?;
        assert_eq!(end.plain, b"wholecut");
        assert_eq!(end.progress, Progress::Open);
        Ok(())
    })
}

fn a_bad_record_comes_after_the_good_ones(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        for side in crate::harness::tls::pair::SIDES {
            let mut pair = Pair::open(context, version)?;
            let (end, peer) = pair.ends(side);
            peer.send(b"good")?;
            let good = peer.wire.len();
            peer.send(b"bad")?;
            let mut wire = peer.take_wire();
            wire[good + 8] ^= 0x40;
            assert_eq!(refusal(end.feed(&wire, cut))?, TlsErrorKind::BadRecord);
            assert_eq!(end.plain, b"good");
            let alert = end.take_wire();
            // bad_record_mac (RFC 8446, section 6.2).
            assert_eq!(refusal(peer.feed(&alert, cut))?, TlsErrorKind::Alert(20));
        }
        Ok(())
    })
}

fn an_error_is_the_end(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut pair = Pair::open(context, version)?;
        let (end, peer) = pair.ends(side);
        peer.send(b"one")?;
        let mut bad = peer.take_wire();
        let last = bad.len() - 1;
        bad[last] ^= 1;
        peer.send(b"two")?;
        let next = peer.take_wire();
        assert_eq!(refusal(end.arrive(&bad))?, TlsErrorKind::BadRecord);
        end.wire.clear();
        for _ in 0..2 {
            end.input.clear();
            assert_eq!(refusal(end.arrive(&next))?, TlsErrorKind::Failed);
            assert_eq!(refusal(end.arrive(b""))?, TlsErrorKind::Failed);
            assert_eq!(refusal(end.send(b"x"))?, TlsErrorKind::Failed);
            assert_eq!(refusal(end.update_keys())?, TlsErrorKind::Failed);
            end.close()?;
        }
        assert!(end.wire.is_empty(), "something was sent after the alert");
        assert!(end.plain.is_empty() && end.has_session());
        Ok(())
    })
}

fn after_closing_nothing_is_sent(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut pair = Pair::open(context, version)?;
        let (end, _) = pair.ends(side);
        end.close()?;
        end.wire.clear();
        for _ in 0..2 {
            assert_eq!(refusal(end.send(b"x"))?, TlsErrorKind::Closed);
            assert_eq!(refusal(end.update_keys())?, TlsErrorKind::Closed);
        }
        assert!(end.wire.is_empty(), "something follows the close_notify");
        Ok(())
    })
}

fn after_closing_receiving_goes_on(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut pair = Pair::open(context, version)?;
        let (end, peer) = pair.ends(side);
        end.close()?;
        let close = end.take_wire();
        for part in [&b"still "[..], b"here"] {
            peer.send(part)?;
            end.arrive(&peer.take_wire())?;
            assert_eq!(end.progress, Progress::Open, "the peer has not closed");
        }
        peer.arrive(&close)?;
        peer.close()?;
        end.arrive(&peer.take_wire())?;
        assert_eq!(end.plain, b"still here");
        assert_eq!(end.progress, Progress::PeerClosed);
        assert!(end.wire.is_empty());
        Ok(())
    })
}

fn receiving_after_closing_writes_nothing(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut pair = Pair::open(context, version)?;
        let (end, peer) = pair.ends(side);
        end.close()?;
        end.wire.clear();
        match peer.update_keys() {
            Err(error) if *error.kind() == TlsErrorKind::Unsupported => {}
            asked => asked?,
        }
        peer.send(b"late")?;
        end.arrive(&peer.take_wire())?;
        assert_eq!(end.plain, b"late");
        peer.send(b"bad")?;
        let mut bad = peer.take_wire();
        bad[8] ^= 1;
        assert_eq!(refusal(end.arrive(&bad))?, TlsErrorKind::BadRecord);
        assert!(end.wire.is_empty(), "something follows the close_notify");
        Ok(())
    })
}

fn closing_again_is_without_effect(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut pair = Pair::open(context, version)?;
        let (end, peer) = pair.ends(side);
        end.close()?;
        let wire = end.take_wire();
        assert_eq!(records(&wire).len(), 1);
        end.close()?;
        end.close()?;
        assert!(end.wire.is_empty());
        peer.arrive(&wire)?;
        assert_eq!(peer.progress, Progress::PeerClosed);
        peer.close()?;
        end.arrive(&peer.take_wire())?;
        end.close()?;
        assert!(end.wire.is_empty());
        Ok(())
    })
}

fn closing_during_the_handshake_is_no_error(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut pair = Pair::plain(context, version)?;
        let hello = pair.client.take_wire();
        pair.server.arrive(&hello)?;
        let (end, _) = pair.ends(side);
        end.close()?;
        end.close()?;
        assert_eq!(refusal(end.send(b"x"))?, TlsErrorKind::Closed);
        Ok(())
    })
}

fn a_bad_record_after_closing_is_an_error(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let mut pair = Pair::open(context, version)?;
        let (end, peer) = pair.ends(side);
        end.close()?;
        peer.send(b"late")?;
        let good = peer.wire.len();
        peer.send(b"bad")?;
        let mut wire = peer.take_wire();
        wire[good + 8] ^= 1;
        let refused = refusal(end.feed(&wire, Cut::Whole))?;
        assert_eq!(refused, TlsErrorKind::BadRecord);
        assert_eq!(end.plain, b"late");
        Ok(())
    })
}
