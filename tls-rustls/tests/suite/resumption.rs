//! Sessions that go on.

use std::sync::Arc;

use loopline_core::tls::TlsVersion;
use loopline_tls_rustls::RustlsContext;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::certs::{AUTHORITY, CLIENT, NAME};
use crate::end::{CUTS, Cut, exchange};
use crate::peers::{Pair, VERSIONS, client, for_all, ring, server};

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
    for_all(|provider, version, cut| {
        let client = client(version).provider(Arc::clone(&provider));
        let server = server(version).provider(provider);
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
            .client_auth(loopline_tls_rustls::ClientAuth::Required);
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
            let mut roots = RootCertStore::empty();
            let root = CertificateDer::from_pem_slice(AUTHORITY.root.as_bytes());
            roots.add(root.unwrap()).unwrap();
            let mut config = ClientConfig::builder_with_provider(ring())
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
            config.resumption = Resumption::in_memory_sessions(8)
                .tls12_resumption(rustls::client::Tls12Resumption::SessionIdOnly);
            let client = RustlsContext::from_client_config(Arc::new(config));
            let server = server(version).build_server().unwrap();
            finished(Pair::new(&client, &server), cut);
            let pair = finished(Pair::new(&client, &server), cut);
            assert!(pair.client.session().resumed, "{version}");
        }
    }
}

/// Early data can be replayed, and a coder has no way to say which data it was:
/// it is off, even where a configuration has it on.
#[test]
fn early_data_is_off() {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(AUTHORITY.root.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let mut config = ClientConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_early_data = true;
    let client = RustlsContext::from_client_config(Arc::new(config));
    let server = server(TlsVersion::Tls13).build_server().unwrap();
    finished(Pair::new(&client, &server), Cut::Whole);
    let pair = finished(Pair::new(&client, &server), Cut::Whole);
    assert!(pair.client.session().resumed);
}
