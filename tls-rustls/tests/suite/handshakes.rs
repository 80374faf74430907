//! Both sides, both versions, every provider, however the bytes are cut.

use loopline_core::tls::{Progress, ServerName, TlsContext, TlsErrorKind, TlsVersion};
use rcgen::CustomExtension;

use crate::certs::{AUTHORITY, NAME, SERVER};
use crate::end::{CUTS, Cut, End, exchange, kind, records, refused_by};
use crate::library::{builder, client, for_all, server};
use crate::pair::{Pair, VERSIONS};

#[test]
fn a_handshake_opens_both_ends_and_data_follows() {
    for_all(|client, server, version, cut| {
        let (client, server) = (client.build_client(), server.build_server());
        let mut pair = Pair::new(&client.unwrap(), &server.unwrap()).opened(cut);
        for end in [&pair.client, &pair.server] {
            let session = end.session();
            assert_eq!(session.version, version);
            assert_eq!(session.server_name.as_deref(), Some(NAME));
            assert_eq!(session.alpn, None);
            assert!(!session.resumed);
            assert!(session.cipher_suite_name.starts_with("TLS_"));
        }
        let (there, here) = (pair.client.session(), pair.server.session());
        assert_eq!(there.cipher_suite, here.cipher_suite);
        assert_eq!(there.cipher_suite_name, here.cipher_suite_name);
        assert_eq!(there.peer_certificates.len(), 1);
        assert_eq!(here.peer_certificates.len(), 0);
        pair.talk(b"hello", cut);
        pair.talk(&[b'x'; 40_000], Cut::Whole);
    });
}

/// T3: what is glued behind the last message of the handshake stays the caller's.
#[test]
fn receive_stops_where_the_handshake_ends() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        // Until the client's last flight, which it may follow with data at once
        // in TLS 1.3; in TLS 1.2 it is the server that speaks last.
        let hello = pair.client.take_wire();
        pair.server.arrive(&hello).unwrap();
        let flight = pair.server.take_wire();
        pair.client.arrive(&flight).unwrap();
        let (last, first) = match version {
            TlsVersion::Tls12 => {
                let flight = pair.client.take_wire();
                pair.server.arrive(&flight).unwrap();
                (&mut pair.client, &mut pair.server)
            }
            _ => (&mut pair.server, &mut pair.client),
        };
        assert_eq!(first.progress, Progress::Open);
        first.send(b"glued").unwrap();
        let mut flight = first.take_wire();
        let glued = records(&flight).last().unwrap().0;
        let tail = flight.split_off(glued);
        last.input.extend_from_slice(&flight);
        last.input.extend_from_slice(&tail);
        while last.progress == Progress::Handshaking {
            assert!(last.receive_once().unwrap() > 0);
        }
        assert_eq!(last.input, tail, "{version}");
        assert!(last.plain.is_empty());
        assert_eq!(last.receive_once().unwrap(), tail.len());
        assert_eq!(last.plain, b"glued");
    }
}

/// A TLS 1.3 server may write before it has heard the client's Finished, and
/// the client may get that before its own end is open. Neither coder does.
#[test]
fn half_a_round_trip_is_not_open() {
    let mut pair = Pair::of(TlsVersion::Tls13);
    let hello = pair.client.take_wire();
    pair.server.arrive(&hello).unwrap();
    assert_eq!(pair.server.progress, Progress::Handshaking);
    assert_eq!(kind(pair.server.send(b"x")), TlsErrorKind::NotOpen);
    assert_eq!(kind(pair.server.update_keys()), TlsErrorKind::NotOpen);
    pair.opened(Cut::Whole).talk(b"hello", Cut::Whole);
}

/// T7: a refused send ends nothing.
#[test]
fn send_before_open_is_refused() {
    for version in VERSIONS {
        let mut pair = Pair::of(version);
        assert_eq!(kind(pair.client.send(b"x")), TlsErrorKind::NotOpen);
        assert_eq!(kind(pair.server.send(b"x")), TlsErrorKind::NotOpen);
        assert_eq!(kind(pair.client.update_keys()), TlsErrorKind::NotOpen);
        pair.opened(Cut::Whole).talk(b"hello", Cut::Whole);
    }
}

#[test]
fn start_comes_first_and_once() {
    let context = server(TlsVersion::Tls13).build_server().unwrap();
    let mut end = End::idle(context.server().unwrap());
    assert!(matches!(kind(end.arrive(b"x")), TlsErrorKind::Misuse(_)));
    end.start().unwrap();
    assert!(matches!(kind(end.start()), TlsErrorKind::Misuse(_)));
    assert!(end.wire.is_empty() && !end.has_session());
}

/// T2: a message of 40 KB spans three records, none of which is consumed before
/// the last has arrived.
#[test]
fn a_long_chain_spans_records() {
    let issued = AUTHORITY.issue(NAME, |params| {
        let extension = CustomExtension::from_oid_content(&[1, 3, 9999, 1], vec![5; 40_000]);
        params.custom_extensions.push(extension);
    });
    for version in VERSIONS {
        for cut in CUTS {
            let server = server(version).identity(issued.chain(), issued.key());
            let client = client(version).build_client().unwrap();
            let mut pair = Pair::new(&client, &server.build_server().unwrap());
            pair = pair.opened(cut);
            assert!(pair.client.session().peer_certificates[0].len() > 40_000);
            pair.talk(b"hello", cut);
        }
    }
}

#[test]
fn no_version_in_common_is_incompatible() {
    for version in VERSIONS {
        let other = match version {
            TlsVersion::Tls12 => TlsVersion::Tls13,
            _ => TlsVersion::Tls12,
        };
        let client = client(version).build_client().unwrap();
        let server = server(other).build_server().unwrap();
        let mut pair = Pair::new(&client, &server);
        let error = refused_by(&mut pair.client, &mut pair.server);
        assert_eq!(*error.kind(), TlsErrorKind::Incompatible);
        let alert = pair.server.take_wire();
        // protocol_version (RFC 8446, section 6.2).
        assert_eq!(kind(pair.client.arrive(&alert)), TlsErrorKind::Alert(70));
    }
}

#[test]
fn without_limits_the_version_is_the_highest() {
    let client = builder().roots(AUTHORITY.root());
    let server = builder().identity(SERVER.chain(), SERVER.key());
    let (client, server) = (client.build_client(), server.build_server());
    let pair = Pair::new(&client.unwrap(), &server.unwrap()).opened(Cut::Whole);
    assert_eq!(pair.client.session().version, TlsVersion::Tls13);
    assert_eq!(pair.client.session().cipher_suite >> 8, 0x13);
}

#[test]
fn a_context_of_one_side_makes_no_coder_of_the_other() {
    let client = client(TlsVersion::Tls13).build_client().unwrap();
    let server = server(TlsVersion::Tls13).build_server().unwrap();
    let name = ServerName::try_from(NAME).unwrap();
    assert!(matches!(
        kind(client.server().map(drop)),
        TlsErrorKind::Misuse(_)
    ));
    assert!(matches!(
        kind(server.client(&name).map(drop)),
        TlsErrorKind::Misuse(_)
    ));
    let both = client.or(server);
    let mut ends = (
        End::started(both.client(&name).unwrap()),
        End::started(both.server().unwrap()),
    );
    exchange(&mut ends.0, &mut ends.1, Cut::Whole).unwrap();
    assert_eq!(ends.0.progress, Progress::Open);
}
