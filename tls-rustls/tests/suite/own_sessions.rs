//! Sessions that rustls keeps in its own way.

use std::sync::Arc;

use loopline_core::tls::TlsVersion;
use rustls::client::Resumption;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::certs::AUTHORITY;
use crate::end::{CUTS, Cut};
use crate::library::{Context, ring, server};
use crate::pair::{Pair, VERSIONS};
use crate::resumption::finished;

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
            let client = Context::from_client_config(Arc::new(config));
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
    let client = Context::from_client_config(Arc::new(config));
    let server = server(TlsVersion::Tls13).build_server().unwrap();
    finished(Pair::new(&client, &server), Cut::Whole);
    let pair = finished(Pair::new(&client, &server), Cut::Whole);
    assert!(pair.client.session().resumed);
}
