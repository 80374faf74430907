//! Sessions that go on.

use std::sync::Arc;

use loopline_core::tls::{Identities, ServerName, TlsContext, TlsVersion};
use loopline_tls_openssl::openssl::ssl::SslOptions;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::certs::{AUTHORITY, CLIENT, NAME, SERVER};
use crate::end::{CUTS, Cut, End, exchange};
use crate::peers::{Pair, VERSIONS, client, for_all, name, ready_server, server};

fn finished(mut pair: Pair, cut: Cut) -> Pair {
    pair = pair.opened(cut);
    pair.talk(b"hello", cut);
    pair.client.close().unwrap();
    pair.server.close().unwrap();
    exchange(&mut pair.client, &mut pair.server, cut).unwrap();
    pair
}

#[test]
fn the_second_connection_resumes() {
    for_all(|version, cut| {
        let client = client(version);
        let server = server(version);
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
            .client_auth(loopline_tls_openssl::ClientAuth::Required);
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

/// A server without tickets keeps sessions in memory (RFC 5246, section 7.4.1.2).
#[test]
fn sessions_in_memory_resume_too() {
    for version in VERSIONS {
        for cut in CUTS {
            let client = client(version).build_client().unwrap();
            let server = ready_server(version, |context| {
                context.set_options(SslOptions::NO_TICKET);
            });
            finished(Pair::new(&client, &server), cut);
            let pair = finished(Pair::new(&client, &server), cut);
            assert!(pair.client.session().resumed, "{version}");
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

/// Early data can be replayed, and a coder has no way to say which data it was:
/// it is off, even where a context has it on.
#[test]
fn early_data_is_off() {
    let server = ready_server(TlsVersion::Tls13, |context| {
        context.set_max_early_data(16_384).unwrap();
    });
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(AUTHORITY.root.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_early_data = true;
    let config = Arc::new(config);
    for round in 0..2 {
        let mut client = ClientConnection::new(Arc::clone(&config), name()).unwrap();
        assert!(client.early_data().is_none(), "the ticket allows none");
        let mut server = End::started(server.server().unwrap());
        while client.is_handshaking() || client.wants_write() || !server.wire.is_empty() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.arrive(&wire).unwrap();
            let wire = server.take_wire();
            client.read_tls(&mut &wire[..]).unwrap();
            client.process_new_packets().unwrap();
        }
        assert_eq!(server.session().resumed, round == 1);
    }
}
