//! What is wrong with a server's certificate, and that the server hears of it.

use loopline_core::tls::{CertificateProblem, ServerName, TlsContext, TlsErrorKind, TlsVersion};
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};

use crate::certs::{AUTHORITY, Issued, NAME, SERVER, STRANGER};
use crate::end::{CUTS, Cut, End, exchange, kind, refused_by};
use crate::library::{Builder, NOT_YET_VALID, client, server};
use crate::pair::{Pair, VERSIONS, name};

fn cases() -> Vec<(Issued, CertificateProblem, u8)> {
    let self_signed = {
        let params = CertificateParams::new([NAME.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        Issued {
            chain: params.self_signed(&key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    };
    // The alerts are those of RFC 8446, section 6.2.
    vec![
        (
            AUTHORITY.issue("another.test", |_| {}),
            CertificateProblem::WrongName,
            42, // bad_certificate
        ),
        (
            AUTHORITY.issue(NAME, |params| params.not_after = date_time_ymd(2001, 1, 1)),
            CertificateProblem::Expired,
            45, // certificate_expired
        ),
        (
            AUTHORITY.issue(NAME, |params| params.not_before = date_time_ymd(4000, 1, 1)),
            CertificateProblem::NotYetValid,
            NOT_YET_VALID,
        ),
        (
            STRANGER.issue(NAME, |_| {}),
            CertificateProblem::UnknownIssuer,
            48, // unknown_ca
        ),
        (self_signed, CertificateProblem::UnknownIssuer, 48),
        (
            AUTHORITY.issue(NAME, |params| {
                params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            }),
            CertificateProblem::WrongPurpose,
            43, // unsupported_certificate
        ),
    ]
}

fn showing(issued: &Issued, version: TlsVersion) -> Builder {
    server(version)
        .identity(issued.chain(), issued.key())
        .allow_expired_identities()
}

#[test]
fn the_client_says_what_is_wrong_and_the_server_gets_the_alert() {
    for (issued, problem, alert) in cases() {
        for version in VERSIONS {
            for cut in CUTS {
                let server = showing(&issued, version);
                let client = client(version).build_client().unwrap();
                let mut pair = Pair::new(&client, &server.build_server().unwrap());
                let error = match cut {
                    Cut::Whole => refused_by(&mut pair.server, &mut pair.client),
                    cut => exchange(&mut pair.client, &mut pair.server, cut).unwrap_err(),
                };
                assert_eq!(*error.kind(), TlsErrorKind::BadCertificate(problem));
                let wire = pair.client.take_wire();
                let heard = pair.server.feed(&wire, cut);
                assert_eq!(kind(heard), TlsErrorKind::Alert(alert), "{problem}");
                assert!(!pair.client.has_session() && !pair.server.has_session());
            }
        }
    }
}

#[test]
fn any_certificate_is_accepted_only_on_demand() {
    for (issued, _, _) in cases() {
        for version in VERSIONS {
            let server = showing(&issued, version);
            let client = client(version).danger_accept_any_certificate();
            let (client, server) = (client.build_client(), server.build_server());
            let pair = Pair::new(&client.unwrap(), &server.unwrap());
            pair.opened(Cut::Whole).talk(b"hello", Cut::Whole);
        }
    }
}

#[test]
fn any_name_is_accepted_only_on_demand() {
    for (issued, problem, _) in cases() {
        for version in VERSIONS {
            let server = showing(&issued, version);
            let client = client(version).danger_accept_any_name();
            let (client, server) = (client.build_client(), server.build_server());
            let mut pair = Pair::new(&client.unwrap(), &server.unwrap());
            if problem == CertificateProblem::WrongName {
                pair.opened(Cut::Whole).talk(b"hello", Cut::Whole);
            } else {
                let error = refused_by(&mut pair.server, &mut pair.client);
                assert_eq!(*error.kind(), TlsErrorKind::BadCertificate(problem));
            }
        }
    }
}

/// Even who accepts any certificate wants the server to have its key.
#[test]
fn a_stolen_certificate_is_refused() {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let thief = AUTHORITY.issue(NAME, |_| {});
    let chain = CertificateDer::from_pem_slice(SERVER.chain.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(thief.key.as_bytes()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let key = provider.key_provider.load_private_key(key).unwrap();
    let pair = rustls::sign::CertifiedKey::new(vec![chain], key);
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(std::sync::Arc::new(rustls::sign::SingleCertAndKey::from(
            pair,
        )));
    let server = loopline_tls_rustls::RustlsContext::from_server_config(config.into());
    for version in VERSIONS {
        let client = client(version).danger_accept_any_certificate();
        let mut pair = Pair::new(&client.build_client().unwrap(), &server);
        let error = refused_by(&mut pair.server, &mut pair.client);
        let problem = CertificateProblem::Invalid;
        assert_eq!(*error.kind(), TlsErrorKind::BadCertificate(problem));
    }
}

#[test]
fn an_address_is_verified_too() {
    let issued = AUTHORITY.issue("127.0.0.1", |_| {});
    let server = server(TlsVersion::Tls13).identity(issued.chain(), issued.key());
    let server = server.build_server().unwrap();
    let client = client(TlsVersion::Tls13).build_client().unwrap();
    for (address, good) in [("127.0.0.1", true), ("127.0.0.2", false)] {
        let address = ServerName::try_from(address).unwrap();
        let mut ends = (
            End::started(client.client(&address).unwrap()),
            End::started(server.server().unwrap()),
        );
        assert_eq!(exchange(&mut ends.0, &mut ends.1, Cut::Whole).is_ok(), good);
    }
    let by_name = End::started(client.client(&name()).unwrap());
    let mut ends = (by_name, End::started(server.server().unwrap()));
    let error = exchange(&mut ends.0, &mut ends.1, Cut::Whole);
    let problem = CertificateProblem::WrongName;
    assert_eq!(kind(error), TlsErrorKind::BadCertificate(problem));
}
