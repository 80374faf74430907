//! Sessions that OpenSSL keeps in its own way.

use std::sync::Arc;

use loopline_core::tls::{TlsContext, TlsVersion};
use loopline_tls_openssl::openssl::ssl::SslOptions;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use crate::certs::AUTHORITY;
use crate::end::{CUTS, End};
use crate::library::{client, ready_server};
use crate::pair::{Pair, VERSIONS, name};
use crate::resumption::finished;

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
