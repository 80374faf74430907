//! A server with several names, whose certificates change while it runs.

use loopline_core::tls::{Identities, ServerName, TlsContext, TlsErrorKind, TlsVersion};

use crate::certs::{AUTHORITY, Issued, NAME, SERVER, ed25519};
use crate::end::{Cut, End, exchange, kind, refused_by};
use crate::library::{Context, NO_SUCH_NAME, Pem, client, server};
use crate::pair::{Pair, VERSIONS};

/// The certificate that a client is shown which asks for `name`.
fn shown(client: &Context, server: &Context, name: &str) -> Vec<u8> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = End::started(client.client(&name).unwrap());
    let mut server = End::started(server.server().unwrap());
    exchange(&mut client, &mut server, Cut::Whole).unwrap();
    client.session().peer_certificates[0].clone()
}

fn der(issued: &Issued) -> Vec<u8> {
    issued.chain().certificates().unwrap()[0].to_vec()
}

#[test]
fn the_name_chooses() {
    let other = AUTHORITY.issue("other.test", |_| {});
    let below = AUTHORITY.issue("*.below.test", |_| {});
    for version in VERSIONS {
        let all = Identities::new()
            .any(SERVER.identity())
            .named("other.test", other.identity())
            .named("*.below.test", below.identity());
        let server = server(version).identities(all).build_server().unwrap();
        let client = client(version).danger_accept_any_name().resumption(false);
        let client = client.build_client().unwrap();
        for (name, expected) in [
            (NAME, &*SERVER),
            ("other.test", &other),
            ("OTHER.test.", &other),
            ("x.below.test", &below),
            ("unknown.test", &SERVER),
            ("127.0.0.1", &SERVER),
        ] {
            assert_eq!(shown(&client, &server, name), der(expected), "{name}");
        }
    }
}

/// A client that takes either kind of key is shown the one that it asks for, and
/// not the one that it or the server prefers.
#[test]
fn a_key_of_another_kind_is_no_reason() {
    let other = AUTHORITY.issue_for(&ed25519(), "other.test", |_| {});
    for version in VERSIONS {
        for (any, named) in [(&*SERVER, &other), (&other, &*SERVER)] {
            let both = Identities::new()
                .any(any.identity())
                .named("named.test", named.identity());
            let server = server(version).identities(both).build_server().unwrap();
            let client = client(version).danger_accept_any_name().resumption(false);
            let client = client.build_client().unwrap();
            assert_eq!(shown(&client, &server, "named.test"), der(named));
            assert_eq!(shown(&client, &server, NAME), der(any));

            let swapped = Identities::new().any(named.identity());
            server.replace_identities(&swapped).unwrap();
            assert_eq!(shown(&client, &server, NAME), der(named));
        }
    }
}

/// Each with the rest of its own chain.
#[test]
fn chains_do_not_mix() {
    for version in VERSIONS {
        let mut long = AUTHORITY.issue("long.test", |_| {});
        long.chain.push_str(&AUTHORITY.root);
        let (short, long) = (SERVER.identity(), long.identity());
        for both in [
            Identities::new()
                .any(short.clone())
                .named("long.test", long.clone()),
            Identities::new().any(long).named(NAME, short),
        ] {
            let server = server(version).identities(both).build_server().unwrap();
            let client = client(version).build_client().unwrap();
            for (name, count) in [(NAME, 1), ("long.test", 2)] {
                let name = ServerName::try_from(name).unwrap();
                let mut ends = (
                    End::started(client.client(&name).unwrap()),
                    End::started(server.server().unwrap()),
                );
                exchange(&mut ends.0, &mut ends.1, Cut::Whole).unwrap();
                assert_eq!(ends.0.session().peer_certificates.len(), count);
            }
        }
    }
}

#[test]
fn without_one_for_any_name_others_are_refused() {
    for version in VERSIONS {
        let one = Identities::new().named(NAME, SERVER.identity());
        let server = server(version).identities(one).build_server().unwrap();
        let client = client(version).build_client().unwrap();
        Pair::new(&client, &server).opened(Cut::Whole);
        for name in ["another.test", "127.0.0.1"] {
            let name = ServerName::try_from(name).unwrap();
            let mut client = End::started(client.client(&name).unwrap());
            let mut server = End::started(server.server().unwrap());
            let error = refused_by(&mut client, &mut server);
            assert_eq!(*error.kind(), TlsErrorKind::Library);
            let alert = kind(client.arrive(&server.take_wire()));
            assert_eq!(alert, TlsErrorKind::Alert(NO_SUCH_NAME));
        }
    }
}

#[test]
fn they_are_replaced_while_connections_live() {
    let renewed = AUTHORITY.issue(NAME, |_| {});
    for version in VERSIONS {
        let server = server(version).build_server().unwrap();
        let client = client(version).resumption(false).build_client().unwrap();
        let mut living = Pair::new(&client, &server).opened(Cut::Whole);
        let mut begun = Pair::new(&client, &server);
        assert_eq!(shown(&client, &server, NAME), der(&SERVER));

        let new = Identities::new().any(renewed.identity());
        server.clone().replace_identities(&new).unwrap();
        assert_eq!(shown(&client, &server, NAME), der(&renewed));
        living.talk(b"still here", Cut::Whole);
        exchange(&mut begun.client, &mut begun.server, Cut::Whole).unwrap();
        assert_eq!(begun.client.session().peer_certificates[0], der(&renewed));
    }
}

#[test]
fn bad_ones_replace_nothing() {
    let server = server(TlsVersion::Tls13).build_server().unwrap();
    let client = client(TlsVersion::Tls13).build_client().unwrap();
    let mut bad = SERVER.identity();
    bad.key = Pem::file("/no/such/key.pem");
    for identities in [
        Identities::new(),
        Identities::new().any(bad),
        Identities::new().named("no name", SERVER.identity()),
    ] {
        let error = server.replace_identities(&identities).unwrap_err();
        assert_eq!(*error.kind(), TlsErrorKind::Config);
    }
    assert_eq!(shown(&client, &server, NAME), der(&SERVER));
    let error = client.replace_identities(&Identities::new().any(SERVER.identity()));
    assert_eq!(kind(error), TlsErrorKind::Unsupported);
}
