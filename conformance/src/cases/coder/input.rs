//! What is taken of the input, and what is not.

use loopline_core::tls::{Progress, TlsVersion, UNCONSUMED_LIMIT};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::tls::authority::LARGE;
use crate::harness::tls::cut::Cut;
use crate::harness::tls::machine::Machine;
use crate::harness::tls::pair::{Pair, over_cuts, over_versions};
use crate::harness::tls::parts;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        T1,
        input_may_be_cut_anywhere,
        "Handshake and data come through however the bytes are cut, as long as what was left is given back."
    ),
    case!(
        T1,
        many_records_at_once_are_as_many_one_by_one,
        "A megabyte of records given at once comes out whole and in order."
    ),
    case!(
        T2,
        a_message_may_span_records,
        "A certificate of 40 KB comes through, and no more waits for its end than the limit."
    ),
    case!(
        T2,
        a_record_that_is_not_whole_yields_nothing,
        "The beginning of a record brings no plaintext, and its last byte brings all of it."
    ),
    case!(
        T3,
        what_follows_the_handshake_stays_the_callers,
        "When the handshake ends, what is glued behind it is neither consumed nor changed nor decoded."
    ),
    case!(
        T3,
        nothing_is_stranded_when_nothing_is_consumed,
        "Called until nothing is consumed, a coder has taken the handshake and all records glued behind it."
    ),
    case!(
        T3,
        no_input_changes_nothing,
        "Without input nothing is consumed and nothing written, at every point of a connection."
    ),
];

fn input_may_be_cut_anywhere(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        let mut pair = Pair::plain(context, version)?.opened(cut)?;
        for size in [1, 100, 20_000] {
            pair.talk(&files::content(size), cut)?;
        }
        Ok(())
    })
}

fn many_records_at_once_are_as_many_one_by_one(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let mut pair = Pair::open(context, version)?;
        pair.talk(&files::content(1 << 20), Cut::Whole)?;
        let content = files::content(10_000);
        for piece in content.chunks(7) {
            pair.server.send(piece)?;
        }
        pair.exchange(Cut::Whole)?;
        assert!(pair.client.plain == content, "other bytes arrived");
        Ok(())
    })
}

fn a_message_may_span_records(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        let client = parts::client().version(version);
        let server = parts::server().version(version).identity(&LARGE);
        let mut pair = Pair::of(context, &client, &server)?;
        let hello = pair.client.take_wire();
        pair.server.feed(&hello, cut)?;
        let flight = pair.server.take_wire();
        if flight.len() < 40_000 {
            return Err(Stop::failed(format_args!("only {} bytes", flight.len())));
        }
        for piece in cut.pieces(&flight) {
            pair.client.arrive(piece)?;
            let left = pair.client.input.len();
            assert!(left <= UNCONSUMED_LIMIT, "{left} bytes are not consumed");
        }
        pair.opened(cut)?.talk(b"hello", cut)
    })
}

fn a_record_that_is_not_whole_yields_nothing(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let mut pair = Pair::open(context, version)?;
        pair.server.send(b"hello")?;
        let record = pair.server.take_wire();
        let (last, beginning) = record
            .split_last()
            .ok_or_else(|| Stop::failed("no record"))?;
        for byte in beginning {
            pair.client.arrive(&[*byte])?;
            assert!(
                pair.client.plain.is_empty(),
                "a part of a record was decoded"
            );
        }
        pair.client.arrive(&[*last])?;
        assert_eq!(pair.client.plain, b"hello");
        assert!(pair.client.input.is_empty());
        Ok(())
    })
}

/// One end that lacks the last flight of the handshake, that flight, and what
/// the other end has sent behind it. In TLS 1.2 it is the server's (RFC 5246,
/// section 7.3), in TLS 1.3 the client's (RFC 8446, section 2).
fn before_the_end(
    context: &Context,
    version: TlsVersion,
    data: &[u8],
) -> Result<(Machine, Vec<u8>, Vec<u8>), Stop> {
    let mut pair = Pair::plain(context, version)?;
    let (mut last, mut first) = match version {
        TlsVersion::Tls12 => (pair.client, pair.server),
        _ => {
            let hello = pair.client.take_wire();
            pair.server.arrive(&hello)?;
            (pair.server, pair.client)
        }
    };
    while first.progress == Progress::Handshaking {
        let wire = last.take_wire();
        first.arrive(&wire)?;
        if first.progress == Progress::Handshaking {
            let wire = first.take_wire();
            assert!(!wire.is_empty(), "the handshake stands still");
            last.arrive(&wire)?;
        }
    }
    let flight = first.take_wire();
    first.send(data)?;
    Ok((last, flight, first.take_wire()))
}

fn what_follows_the_handshake_stays_the_callers(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let (mut end, flight, behind) = before_the_end(context, version, b"early")?;
        end.input.extend_from_slice(&flight);
        end.input.extend_from_slice(&behind);
        while end.progress == Progress::Handshaking {
            let consumed = end.receive_once()?;
            let open = end.progress == Progress::Open;
            assert!(consumed > 0 || open, "the handshake stands still");
        }
        assert!(end.plain.is_empty(), "data came out with the handshake");
        assert!(end.input == behind, "what is behind is not as it was");
        while end.receive_once()? > 0 {}
        assert_eq!(end.plain, b"early");
        Ok(())
    })
}

fn nothing_is_stranded_when_nothing_is_consumed(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        let content = files::content(40_000);
        let (mut end, flight, behind) = before_the_end(context, version, &content)?;
        end.feed(&[flight, behind].concat(), cut)?;
        assert!(end.plain == content, "something was left");
        assert!(end.input.is_empty());
        assert_eq!(end.receive_once()?, 0);
        Ok(())
    })
}

fn no_input_changes_nothing(context: &Context) -> Outcome {
    fn check(end: &mut Machine) -> Outcome {
        let (progress, wire) = (end.progress, end.wire.len());
        for _ in 0..3 {
            assert_eq!(end.receive_once()?, 0);
        }
        assert_eq!((end.progress, end.wire.len()), (progress, wire));
        assert!(end.plain.is_empty());
        Ok(())
    }
    over_versions(context, |version| {
        let mut pair = Pair::plain(context, version)?;
        for _ in 0..4 {
            check(&mut pair.client)?;
            check(&mut pair.server)?;
            let to_server = pair.client.take_wire();
            pair.server.arrive(&to_server)?;
            check(&mut pair.server)?;
            let to_client = pair.server.take_wire();
            pair.client.arrive(&to_client)?;
            check(&mut pair.client)?;
        }
        pair.talk(b"hello", Cut::Whole)
    })
}
