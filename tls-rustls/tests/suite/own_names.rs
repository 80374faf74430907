//! The name a client asks for, at a resolver of the user's.

use std::sync::{Arc, Mutex};

use loopline_core::tls::{ServerName, TlsContext, TlsErrorKind, TlsVersion};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::certs::{NAME, SERVER};
use crate::end::{Cut, End, kind, refused_by};
use crate::library::{Context, client, ring};
use crate::pair::{Pair, VERSIONS};

/// A resolver of the user's, which notes what it was asked for.
#[derive(Debug)]
struct Notes {
    key: Arc<CertifiedKey>,
    seen: Mutex<Vec<Option<String>>>,
}

impl ResolvesServerCert for Notes {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let name = hello.server_name().map(str::to_owned);
        let known = name.as_deref() != Some("unknown.test");
        self.seen.lock().unwrap().push(name);
        known.then(|| Arc::clone(&self.key))
    }
}

fn with_resolver() -> (Context, Arc<Notes>) {
    let chain = CertificateDer::from_pem_slice(SERVER.chain.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(SERVER.key.as_bytes()).unwrap();
    let key = CertifiedKey::from_der(vec![chain], key, &ring()).unwrap();
    let _: SingleCertAndKey = key.clone().into();
    let notes = Arc::new(Notes {
        key: Arc::new(key),
        seen: Mutex::default(),
    });
    let config = ServerConfig::builder_with_provider(ring())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&notes) as Arc<dyn ResolvesServerCert>);
    (Context::from_server_config(Arc::new(config)), notes)
}

#[test]
fn the_users_resolver_is_asked() {
    for version in VERSIONS {
        let (server, notes) = with_resolver();
        let client = client(version).build_client().unwrap();
        let pair = Pair::new(&client, &server).opened(Cut::Whole);
        assert_eq!(pair.server.session().server_name.as_deref(), Some(NAME));
        assert_eq!(*notes.seen.lock().unwrap(), [Some(NAME.to_owned())]);
    }
}

#[test]
fn a_resolver_may_know_no_certificate() {
    let (server, _) = with_resolver();
    let client = client(TlsVersion::Tls13).build_client().unwrap();
    let unknown = ServerName::try_from("unknown.test").unwrap();
    let mut client = End::started(client.client(&unknown).unwrap());
    let mut server = End::started(server.server().unwrap());
    let error = refused_by(&mut client, &mut server);
    assert_eq!(*error.kind(), TlsErrorKind::Library);
    assert!(matches!(
        kind(client.arrive(&server.wire)),
        TlsErrorKind::Alert(_)
    ));
}
