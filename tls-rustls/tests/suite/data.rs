//! Data in records.

use loopline_core::tls::TlsVersion;

use crate::end::{Cut, records};
use crate::pair::{Pair, VERSIONS};

#[test]
fn sending_nothing_writes_nothing() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        pair.client.send(b"").unwrap();
        assert!(pair.client.wire.is_empty());
    }
}

/// One call, as many records as it needs (RFC 8446, section 5.1).
#[test]
fn data_is_split_into_records() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        for (len, count) in [(1, 1), (16_384, 1), (16_385, 2), (100_000, 7)] {
            pair.client.send(&vec![b'x'; len]).unwrap();
            let wire = pair.client.take_wire();
            assert_eq!(records(&wire).count(), count, "{len} bytes");
            pair.server.arrive(&wire).unwrap();
            assert_eq!(pair.server.take_plain().len(), len);
        }
    }
}

/// Memory that is there already is taken for all of the data or for none of it:
/// nothing is sent twice, and nothing is lost.
#[test]
fn memory_that_is_there_takes_all_or_nothing() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        let plain: Vec<u8> = (0..=u8::MAX).cycle().take(50_000).collect();
        for len in [0, 1, 49_999, 50_000, 50_050, 80_000] {
            let mut room = vec![b'?'; len];
            match pair.client.send_into(&plain, &mut room) {
                Some(filled) => pair.server.arrive(&room[..filled]).unwrap(),
                None => {
                    pair.client.send(&plain).unwrap();
                    let wire = pair.client.take_wire();
                    pair.server.arrive(&wire).unwrap();
                }
            }
            assert!(pair.server.take_plain() == plain, "{len} bytes of room");
        }
    }
}

#[test]
fn memory_that_is_there_stays_empty_where_nothing_can_be_sent() {
    for version in VERSIONS {
        let mut room = [b'?'; 100];
        let mut early = Pair::of(version);
        assert_eq!(early.client.send_into(b"early", &mut room), None);
        let mut pair = early.opened(Cut::Whole);
        pair.client.close().unwrap();
        assert_eq!(pair.client.send_into(b"late", &mut room), None);
        assert_eq!(room, [b'?'; 100]);
    }
}

/// Line B52: all records of one read come out of one call.
#[test]
fn one_call_takes_all_records() {
    for version in VERSIONS {
        let mut pair = Pair::open(version);
        for _ in 0..5 {
            pair.client.send(b"0123456789").unwrap();
        }
        let wire = pair.client.take_wire();
        pair.server.input.extend_from_slice(&wire[..wire.len() - 1]);
        let consumed = pair.server.receive_once().unwrap();
        assert_eq!(pair.server.plain.len(), 40);
        assert_eq!(consumed, records(&wire).nth(4).unwrap().0);
        pair.server.arrive(&wire[wire.len() - 1..]).unwrap();
        assert_eq!(pair.server.plain.len(), 50);
    }
}

#[test]
fn ends_do_not_wait_for_each_other() {
    let mut pair = Pair::open(TlsVersion::Tls13);
    for round in 0..50_u8 {
        pair.client.send(&[round; 100]).unwrap();
        pair.server.send(&[round; 3000]).unwrap();
        if round % 7 == 0 {
            crate::end::exchange(&mut pair.client, &mut pair.server, Cut::Headers).unwrap();
        }
    }
    crate::end::exchange(&mut pair.client, &mut pair.server, Cut::Headers).unwrap();
    assert_eq!(pair.server.plain.len(), 5000);
    assert_eq!(pair.client.plain.len(), 150_000);
}
