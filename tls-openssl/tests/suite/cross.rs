//! Both libraries with each other: whoever is on the other side, what a protocol
//! can see is the same.

use loopline_core::tls::{
    CertificateProblem, ClientAuth, Identities, Session, TlsConfig, TlsContext, TlsError,
    TlsErrorKind, TlsVersion,
};
use loopline_tls_openssl::OpensslContext;
use loopline_tls_rustls::RustlsContext;
use rcgen::{ExtendedKeyUsagePurpose, date_time_ymd};

use crate::certs::{AUTHORITY, CLIENT, Issued, NAME, SERVER, STRANGER};
use crate::end::{CUTS, Cut, End, exchange, kind, refused_by};
use crate::pair::{Pair, VERSIONS};
use crate::random::Random;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Library {
    Openssl,
    Rustls,
}

use Library::{Openssl, Rustls};

const LIBRARIES: [Library; 2] = [Openssl, Rustls];

type Context = Box<dyn TlsContext>;

impl Library {
    fn client(self, config: TlsConfig) -> Result<Context, TlsError> {
        Ok(match self {
            Openssl => Box::new(loopline_tls_openssl::Builder::from(config).build_client()?),
            Rustls => Box::new(loopline_tls_rustls::Builder::from(config).build_client()?),
        })
    }

    fn server(self, config: TlsConfig) -> Result<Context, TlsError> {
        Ok(match self {
            Openssl => Box::new(loopline_tls_openssl::Builder::from(config).build_server()?),
            Rustls => Box::new(loopline_tls_rustls::Builder::from(config).build_server()?),
        })
    }
}

fn config(version: TlsVersion) -> TlsConfig {
    let mut config = TlsConfig::default();
    config.min_version = version;
    config.max_version = version;
    config
}

fn of_client(version: TlsVersion) -> TlsConfig {
    let mut config = config(version);
    config.roots = vec![AUTHORITY.root()];
    config
}

fn of_server(version: TlsVersion) -> TlsConfig {
    let mut config = config(version);
    config.identities = Identities::new().any(SERVER.identity());
    config
}

/// Runs `test` for the four pairs of libraries, client first.
fn for_pairs(test: impl Fn(Library, Library)) {
    for client in LIBRARIES {
        for server in LIBRARIES {
            test(client, server);
        }
    }
}

#[test]
fn facts_and_data_are_the_same() {
    for version in VERSIONS {
        for cut in CUTS {
            for_pairs(|client, server| {
                let (mut there, mut here) = (of_client(version), of_server(version));
                there.alpn = vec![b"http/1.1".to_vec(), b"h2".to_vec()];
                here.alpn = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
                there.identities = Identities::new().any(CLIENT.identity());
                here.client_auth = ClientAuth::Required;
                here.roots = vec![AUTHORITY.root()];
                let (there, here) = (client.client(there).unwrap(), server.server(here).unwrap());
                let mut pair = Pair::new(&*there, &*here).opened(cut);
                let (at_client, at_server) = (pair.client.session(), pair.server.session());
                let expected = |peer: &Issued| {
                    let (number, name) = (at_client.cipher_suite, &*at_client.cipher_suite_name);
                    let mut session = Session::new(version, number, name);
                    session.alpn = Some(b"h2".to_vec());
                    session.server_name = Some(NAME.to_owned());
                    session.peer_certificates = der(peer);
                    session
                };
                assert_eq!(*at_client, expected(&SERVER), "{client:?} {server:?}");
                assert_eq!(*at_server, expected(&CLIENT), "{client:?} {server:?}");
                pair.talk(b"hello", cut);
                pair.talk(&[7; 100_000], Cut::Headers);
                pair.client.close().unwrap();
                pair.server.close().unwrap();
                exchange(&mut pair.client, &mut pair.server, cut).unwrap();
            });
        }
    }
}

fn der(issued: &Issued) -> Vec<Vec<u8>> {
    let chain = issued.chain().certificates().unwrap();
    chain.iter().map(|der| der.to_vec()).collect()
}

#[test]
fn sessions_resume() {
    for version in VERSIONS {
        for_pairs(|client, server| {
            let client = client.client(of_client(version)).unwrap();
            let server = server.server(of_server(version)).unwrap();
            for round in 0..4 {
                let mut pair = Pair::new(&*client, &*server).opened(Cut::Whole);
                pair.talk(b"hello", Cut::Whole);
                for end in [&pair.client, &pair.server] {
                    assert_eq!(end.session().resumed, round > 0, "{version}");
                    assert_eq!(end.session().server_name.as_deref(), Some(NAME));
                }
                assert_eq!(pair.client.session().peer_certificates, der(&SERVER));
            }
        });
    }
}

/// What is wrong, and how both sides hear of it.
#[test]
fn errors_have_the_same_class() {
    use CertificateProblem as Problem;
    let faults = [
        (AUTHORITY.issue("another.test", |_| {}), Problem::WrongName),
        (
            AUTHORITY.issue(NAME, |params| params.not_after = date_time_ymd(2001, 1, 1)),
            Problem::Expired,
        ),
        (
            AUTHORITY.issue(NAME, |params| params.not_before = date_time_ymd(4000, 1, 1)),
            Problem::NotYetValid,
        ),
        (STRANGER.issue(NAME, |_| {}), Problem::UnknownIssuer),
        (
            AUTHORITY.issue(NAME, |params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
            Problem::WrongPurpose,
        ),
    ];
    for version in VERSIONS {
        for (issued, problem) in &faults {
            for_pairs(|client, server| {
                let mut here = of_server(version);
                here.identities = Identities::new().any(issued.identity());
                here.allow_expired_identities = true;
                let client = client.client(of_client(version)).unwrap();
                let mut pair = Pair::new(&*client, &*server.server(here).unwrap());
                let error = refused_by(&mut pair.server, &mut pair.client);
                assert_eq!(*error.kind(), TlsErrorKind::BadCertificate(*problem));
                let alert = pair.client.take_wire();
                let heard = kind(pair.server.arrive(&alert));
                assert!(matches!(heard, TlsErrorKind::Alert(_)), "{heard:?}");
            });
        }
    }
}

#[test]
fn no_common_ground_has_the_same_class() {
    for version in VERSIONS {
        for_pairs(|client, server| {
            let (mut there, mut here) = (of_client(version), of_server(version));
            there.alpn = vec![b"imap".to_vec()];
            here.alpn = vec![b"h2".to_vec()];
            let (there, here) = (client.client(there).unwrap(), server.server(here).unwrap());
            let mut pair = Pair::new(&*there, &*here);
            let error = refused_by(&mut pair.client, &mut pair.server);
            assert_eq!(*error.kind(), TlsErrorKind::Incompatible);
            let alert = pair.server.take_wire();
            assert_eq!(kind(pair.client.arrive(&alert)), TlsErrorKind::Alert(120));
        });
    }
}

/// The same bytes, the same answers.
#[test]
fn bad_configurations_have_the_same_errors() {
    let expired = AUTHORITY.issue(NAME, |params| params.not_after = date_time_ymd(2001, 1, 1));
    let mut mixed = SERVER.identity();
    mixed.key = CLIENT.key();
    let change: [&dyn Fn(&mut TlsConfig); 6] = [
        &|config| config.alpn = vec![Vec::new()],
        &|config| config.alpn = vec![vec![b'x'; 256]],
        &|config| config.identities = Identities::new(),
        &|config| config.identities = Identities::new().any(expired.identity()),
        &|config| config.identities = Identities::new().any(mixed.clone()),
        &|config| config.client_auth = ClientAuth::Required,
    ];
    for change in change {
        let [mut of_openssl, mut of_rustls] = LIBRARIES.map(|_| of_server(TlsVersion::Tls13));
        change(&mut of_openssl);
        change(&mut of_rustls);
        let errors = [Openssl.server(of_openssl), Rustls.server(of_rustls)]
            .map(|built| built.err().unwrap().to_string());
        assert_eq!(errors[0], errors[1]);
    }
}

/// Megabytes both ways, in pieces of any size, while rustls changes its keys and
/// asks the other side to do so.
#[test]
fn data_survives_new_keys() {
    let version = TlsVersion::Tls13;
    for rustls_is_client in [true, false] {
        let (client, server) = match rustls_is_client {
            true => (Rustls, Openssl),
            false => (Openssl, Rustls),
        };
        let client = client.client(of_client(version)).unwrap();
        let server = server.server(of_server(version)).unwrap();
        let mut pair = Pair::new(&*client, &*server).opened(Cut::Whole);
        let mut random = Random::new(3);
        for _ in 0..200 {
            let asks: &mut End = match rustls_is_client {
                true => &mut pair.client,
                false => &mut pair.server,
            };
            if random.below(3) == 0 {
                asks.update_keys().unwrap();
            }
            let length = random.below(60_000);
            let data = random.bytes(length);
            let cut = CUTS[if length < 2000 { random.below(3) } else { 0 }];
            pair.talk(&data, cut);
        }
    }
}

/// Both contexts exist in one program, and are values of one type.
#[test]
fn one_program_has_both() {
    let contexts: [Context; 2] = [
        Box::new(
            OpensslContext::builder()
                .roots(AUTHORITY.root())
                .build_client()
                .unwrap(),
        ),
        Box::new(
            RustlsContext::builder()
                .roots(AUTHORITY.root())
                .build_client()
                .unwrap(),
        ),
    ];
    for version in VERSIONS {
        let server = Openssl.server(of_server(version)).unwrap();
        for client in &contexts {
            let pair = Pair::new(&**client, &*server).opened(Cut::Whole);
            assert_eq!(pair.client.session().version, version);
        }
    }
}
