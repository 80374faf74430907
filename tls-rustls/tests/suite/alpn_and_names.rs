//! What the two ends agree on besides keys (lines B7, B32, B36).

use std::sync::{Arc, Mutex};

use loopline_core::tls::{ServerName, TlsContext, TlsErrorKind, TlsVersion};
use loopline_tls_rustls::RustlsContext;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use crate::certs::{AUTHORITY, NAME, SERVER};
use crate::end::{Cut, End, exchange, kind, refused_by};
use crate::peers::{Pair, VERSIONS, client, for_all, ring, server};

#[test]
fn the_server_chooses_the_protocol() {
    for_all(|_, version, cut| {
        let client = client(version).alpn(["http/1.1", "h2"]);
        let server = server(version).alpn(["h2", "http/1.1"]);
        let (client, server) = (client.build_client(), server.build_server());
        let pair = Pair::new(&client.unwrap(), &server.unwrap()).opened(cut);
        assert_eq!(pair.client.session().alpn.as_deref(), Some(&b"h2"[..]));
        assert_eq!(pair.server.session().alpn.as_deref(), Some(&b"h2"[..]));
    });
}

#[test]
fn no_protocol_in_common_is_refused() {
    for version in VERSIONS {
        let client = client(version).alpn(["imap"]).build_client().unwrap();
        let server = server(version).alpn(["h2"]).build_server().unwrap();
        let mut pair = Pair::new(&client, &server);
        let error = refused_by(&mut pair.client, &mut pair.server);
        assert_eq!(*error.kind(), TlsErrorKind::Incompatible);
        let alert = pair.server.take_wire();
        // no_application_protocol (RFC 7301, section 3.2).
        assert_eq!(kind(pair.client.arrive(&alert)), TlsErrorKind::Alert(120));
    }
}

#[test]
fn one_side_without_protocols_agrees_on_none() {
    for version in VERSIONS {
        let client = client(version).alpn(["h2"]).build_client().unwrap();
        let server = server(version).build_server().unwrap();
        let pair = Pair::new(&client, &server).opened(Cut::Whole);
        assert_eq!(pair.client.session().alpn, None);
        assert_eq!(pair.server.session().alpn, None);
    }
}

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

fn with_resolver() -> (RustlsContext, Arc<Notes>) {
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
    (RustlsContext::from_server_config(Arc::new(config)), notes)
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

/// Names of connections on one thread do not mix, also where a client sends none.
#[test]
fn every_connection_has_its_own_name() {
    let (server, _) = with_resolver();
    let issued = AUTHORITY.issue("127.0.0.1", |_| {});
    let by_address = crate::peers::server(TlsVersion::Tls13)
        .identity(issued.chain(), issued.key())
        .build_server()
        .unwrap();
    let client = client(TlsVersion::Tls13).build_client().unwrap();
    let mut first = Pair::new(&client, &server);
    let address = ServerName::try_from("127.0.0.1").unwrap();
    let mut second = Pair {
        client: End::started(client.client(&address).unwrap()),
        server: End::started(by_address.server().unwrap()),
    };
    let hellos = (first.client.take_wire(), second.client.take_wire());
    first.server.arrive(&hellos.0).unwrap();
    second.server.arrive(&hellos.1).unwrap();
    exchange(&mut second.client, &mut second.server, Cut::Whole).unwrap();
    exchange(&mut first.client, &mut first.server, Cut::Whole).unwrap();
    assert_eq!(first.server.session().server_name.as_deref(), Some(NAME));
    assert_eq!(second.server.session().server_name, None);
    assert_eq!(second.client.session().server_name, None);
}

/// RFC 6066, section 3: the name is sent without the dot that ends it.
#[test]
fn the_dot_behind_a_name_is_not_sent() {
    for version in VERSIONS {
        let client = client(version).build_client().unwrap();
        let server = server(version).build_server().unwrap();
        let dotted = ServerName::try_from(format!("{NAME}.")).unwrap();
        let mut client = End::started(client.client(&dotted).unwrap());
        let mut server = End::started(server.server().unwrap());
        exchange(&mut client, &mut server, Cut::Whole).unwrap();
        assert_eq!(client.session().server_name.as_deref(), Some(NAME));
        assert_eq!(server.session().server_name.as_deref(), Some(NAME));
    }
}
