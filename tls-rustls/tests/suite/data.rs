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
