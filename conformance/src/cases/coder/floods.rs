//! Peers that never come to an end.

use loopline_core::tls::{Progress, TlsErrorKind, TlsVersion, UNCONSUMED_LIMIT};

use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::tls::cut::{ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, record};
use crate::harness::tls::machine::Machine;
use crate::harness::tls::pair::{Pair, SIDES, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        T8,
        empty_records_are_no_handshake,
        "Records without content are refused sooner or later, and not taken for ever."
    ),
    case!(
        T8,
        warnings_are_not_taken_for_ever,
        "Warnings in the clear are refused sooner or later."
    ),
    case!(
        T8,
        changes_of_ciphers_are_not_taken_for_ever,
        "Changes of ciphers before a hello are refused sooner or later."
    ),
    case!(
        T8,
        requests_for_new_keys_are_not_answered_for_ever,
        "Requests for new keys, one behind the other, are refused sooner or later, or answered once."
    ),
    case!(
        T2,
        an_endless_message_is_not_swallowed,
        "A handshake message without end is refused, or left unconsumed for the caller to refuse; it is not kept."
    ),
];

/// How many records are sent before it counts as for ever.
const FOR_EVER: usize = 10_000;

/// An end that waits for the other's first message, and gets this again and
/// again; what it answers in the end.
fn flooded(
    context: &Context,
    version: TlsVersion,
    side: TlsSide,
    record: &[u8],
) -> Result<(Machine, TlsErrorKind), Stop> {
    let mut pair = Pair::plain(context, version)?;
    let mut end = std::mem::replace(pair.ends(side).0, Pair::plain(context, version)?.server);
    end.wire.clear();
    for _ in 0..FOR_EVER {
        if let Err(error) = end.arrive(record) {
            assert_eq!(end.progress, Progress::Handshaking);
            assert!(end.plain.is_empty() && end.wire.len() < 64);
            return Ok((end, error.kind().clone()));
        }
    }
    Err(Stop::failed(format_args!("{FOR_EVER} records were taken")))
}

fn empty_records_are_no_handshake(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        for kind in [HANDSHAKE, ALERT, CHANGE_CIPHER_SPEC] {
            let (_, refused) = flooded(context, version, side, &record(kind, b""))?;
            assert_eq!(refused, TlsErrorKind::BadRecord, "kind {kind}");
        }
        Ok(())
    })
}

fn warnings_are_not_taken_for_ever(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        // user_canceled (RFC 8446, section 6.1).
        let (_, refused) = flooded(context, version, side, &record(ALERT, &[1, 90]))?;
        let expected = matches!(refused, TlsErrorKind::BadRecord | TlsErrorKind::Alert(_));
        assert!(expected, "{refused:?}");
        Ok(())
    })
}

fn changes_of_ciphers_are_not_taken_for_ever(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        let change = record(CHANGE_CIPHER_SPEC, &[1]);
        let (_, refused) = flooded(context, version, side, &change)?;
        assert_eq!(refused, TlsErrorKind::BadRecord);
        Ok(())
    })
}

/// What the answers of one side may come to, in bytes, when it is asked for ever.
const ANSWERS: usize = 4096;

fn requests_for_new_keys_are_not_answered_for_ever(context: &Context) -> Outcome {
    for side in SIDES {
        let mut pair = Pair::open(context, TlsVersion::Tls13)?;
        let (end, peer) = pair.ends(side);
        let mut refused = None;
        for _ in 0..FOR_EVER {
            match end.update_keys() {
                Ok(()) => {}
                // Then it cannot ask, and the other side is asked by others.
                Err(error) if *error.kind() == TlsErrorKind::Unsupported => break,
                Err(error) => return Err(error.into()),
            }
            if let Err(error) = peer.arrive(&end.take_wire()) {
                refused = Some(error.kind().clone());
                break;
            }
        }
        let answered = peer.wire.len();
        assert!(answered < ANSWERS, "{answered} bytes of answers");
        assert!(peer.input.is_empty() || refused.is_some(), "it is kept");
        if let Some(kind) = refused {
            assert_eq!(kind, TlsErrorKind::BadRecord);
        }
    }
    Ok(())
}

fn an_endless_message_is_not_swallowed(context: &Context) -> Outcome {
    over_sides(context, |version, side| {
        for small in [false, true] {
            let mut pair = Pair::plain(context, version)?;
            let (end, _) = pair.ends(side);
            // A hello of almost 16 MiB, of which the end never comes.
            let kind = if side == TlsSide::Server { 1 } else { 2 };
            let size = if small { 100 } else { 16 * 1024 };
            let mut refused = end
                .arrive(&record(HANDSHAKE, &[kind, 0xff, 0xff, 0xf0]))
                .err();
            let mut sent = 0;
            while refused.is_none() && end.input.len() <= UNCONSUMED_LIMIT {
                assert!(sent < 16 * UNCONSUMED_LIMIT, "{sent} bytes were taken");
                refused = end.arrive(&record(HANDSHAKE, &vec![0; size])).err();
                sent += size;
            }
            if let Some(error) = refused {
                assert_eq!(*error.kind(), TlsErrorKind::BadRecord);
            }
            assert_eq!(end.progress, Progress::Handshaking);
        }
        Ok(())
    })
}
