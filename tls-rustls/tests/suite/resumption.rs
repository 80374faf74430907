//! Sessions that go on.

use loopline_core::tls::{Identities, ServerName, TlsContext};

use crate::certs::{AUTHORITY, CLIENT, NAME, SERVER};
use crate::end::{Cut, End, exchange};
use crate::library::{ClientAuth, client, for_all, server};
use crate::pair::{Pair, VERSIONS};

pub fn finished(mut pair: Pair, cut: Cut) -> Pair {
    pair = pair.opened(cut);
    pair.talk(b"hello", cut);
    pair.client.close().unwrap();
    pair.server.close().unwrap();
    exchange(&mut pair.client, &mut pair.server, cut).unwrap();
    pair
}

#[test]
fn the_second_connection_resumes() {
    for_all(|client, server, version, cut| {
        let client = client.build_client().unwrap();
        let server = server.build_server().unwrap();
        finished(Pair::new(&client, &server), cut);
        for _ in 0..3 {
            let pair = finished(Pair::new(&client, &server), cut);
            assert!(pair.client.session().resumed, "{version} {cut:?}");
            assert!(pair.server.session().resumed);
            assert_eq!(pair.server.session().server_name.as_deref(), Some(NAME));
            assert_eq!(pair.client.session().peer_certificates.len(), 1);
        }
    });
}

#[test]
fn a_resumed_session_keeps_the_clients_certificate() {
    for version in VERSIONS {
        let client = client(version).identity(CLIENT.chain(), CLIENT.key());
        let server = server(version)
            .roots(AUTHORITY.root())
            .client_auth(ClientAuth::Required);
        let (client, server) = (client.build_client(), server.build_server());
        let (client, server) = (client.unwrap(), server.unwrap());
        finished(Pair::new(&client, &server), Cut::Whole);
        let pair = finished(Pair::new(&client, &server), Cut::Whole);
        assert!(pair.server.session().resumed);
        assert_eq!(pair.server.session().peer_certificates.len(), 1);
    }
}

#[test]
fn either_side_can_switch_it_off() {
    for version in VERSIONS {
        for off in [0, 1] {
            let client = client(version).resumption(off != 0);
            let server = server(version).resumption(off != 1);
            let (client, server) = (client.build_client(), server.build_server());
            let (client, server) = (client.unwrap(), server.unwrap());
            for _ in 0..2 {
                let pair = finished(Pair::new(&client, &server), Cut::Whole);
                assert!(!pair.client.session().resumed);
                assert!(!pair.server.session().resumed);
            }
        }
    }
}

/// A connection that is dropped without an end is no reason to begin anew.
#[test]
fn what_was_dropped_resumes_too() {
    for version in VERSIONS {
        let client = client(version).build_client().unwrap();
        let server = server(version).build_server().unwrap();
        let mut pair = Pair::new(&client, &server).opened(Cut::Whole);
        pair.talk(b"hello", Cut::Whole);
        drop(pair);
        let pair = Pair::new(&client, &server).opened(Cut::Whole);
        assert!(pair.client.session().resumed, "{version}");
    }
}

/// Sessions are the server's they were made with.
#[test]
fn another_name_begins_anew() {
    for version in VERSIONS {
        let client = client(version).build_client().unwrap();
        let other = AUTHORITY.issue("another.test", |_| {});
        let both = Identities::new()
            .any(SERVER.identity())
            .named("another.test", other.identity());
        let server = server(version).identities(both).build_server().unwrap();
        finished(Pair::new(&client, &server), Cut::Whole);
        let name = ServerName::try_from("another.test").unwrap();
        let pair = Pair {
            client: End::started(client.client(&name).unwrap()),
            server: End::started(server.server().unwrap()),
        };
        let pair = finished(pair, Cut::Whole);
        assert!(!pair.client.session().resumed, "{version}");
    }
}
