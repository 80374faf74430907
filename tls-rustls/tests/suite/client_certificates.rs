//! Servers that ask who is there.

use loopline_core::tls::{CertificateProblem, Progress, TlsErrorKind, TlsVersion};

use crate::certs::{AUTHORITY, CLIENT, STRANGER};
use crate::end::{Cut, kind, refused_by};
use crate::library::{Builder, ClientAuth, NO_CERTIFICATE, client, for_all, server};
use crate::pair::{Pair, VERSIONS};

fn asking(version: TlsVersion, client_auth: ClientAuth) -> Builder {
    server(version)
        .roots(AUTHORITY.root())
        .client_auth(client_auth)
}

#[test]
fn a_good_certificate_is_taken_and_shown() {
    for_all(|_, _, version, cut| {
        for auth in [ClientAuth::Optional, ClientAuth::Required] {
            let client = client(version).identity(CLIENT.chain(), CLIENT.key());
            let (client, server) = (client.build_client(), asking(version, auth).build_server());
            let mut pair = Pair::new(&client.unwrap(), &server.unwrap()).opened(cut);
            assert_eq!(pair.server.session().peer_certificates.len(), 1);
            pair.talk(b"hello", cut);
        }
    });
}

#[test]
fn without_a_certificate_optional_is_enough() {
    for version in VERSIONS {
        let client = client(version).build_client().unwrap();
        let server = asking(version, ClientAuth::Optional)
            .build_server()
            .unwrap();
        let pair = Pair::new(&client, &server).opened(Cut::Whole);
        assert!(pair.server.session().peer_certificates.is_empty());
        // Line B89: and so it is where nobody asks.
        let client_with = crate::library::client(version).identity(CLIENT.chain(), CLIENT.key());
        let server = crate::library::server(version).build_server().unwrap();
        let pair = Pair::new(&client_with.build_client().unwrap(), &server).opened(Cut::Whole);
        assert!(pair.server.session().peer_certificates.is_empty());
    }
}

/// In TLS 1.3 the client is open before the server has looked at its
/// certificate: the refusal comes later, as an error of `receive`.
#[test]
fn a_refusal_reaches_the_client_late() {
    let (none, strange) = (None, Some(STRANGER.issue("a-client.test", |_| {})));
    for version in VERSIONS {
        for identity in [&none, &strange] {
            let mut client = client(version);
            if let Some(issued) = identity {
                client = client.identity(issued.chain(), issued.key());
            }
            let server = asking(version, ClientAuth::Required).build_server();
            let mut pair = Pair::new(&client.build_client().unwrap(), &server.unwrap());
            let error = refused_by(&mut pair.client, &mut pair.server);
            let (expected, alert) = match identity {
                // unknown_ca
                Some(_) => (
                    TlsErrorKind::BadCertificate(CertificateProblem::UnknownIssuer),
                    48,
                ),
                None if version == TlsVersion::Tls12 => {
                    (TlsErrorKind::NoCertificate, NO_CERTIFICATE)
                }
                // certificate_required (RFC 8446, section 6.2)
                None => (TlsErrorKind::NoCertificate, 116),
            };
            assert_eq!(*error.kind(), expected);
            let open = match version {
                TlsVersion::Tls12 => Progress::Handshaking,
                _ => Progress::Open,
            };
            assert_eq!(pair.client.progress, open);
            let wire = pair.server.take_wire();
            assert_eq!(kind(pair.client.arrive(&wire)), TlsErrorKind::Alert(alert));
            assert_eq!(kind(pair.client.send(b"x")), TlsErrorKind::Failed);
        }
    }
}

/// A certificate for servers is not one for clients.
#[test]
fn a_certificate_for_another_use_is_refused() {
    let issued = AUTHORITY.issue("a-client.test", |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    });
    for version in VERSIONS {
        let client = client(version).identity(issued.chain(), issued.key());
        let server = asking(version, ClientAuth::Optional)
            .build_server()
            .unwrap();
        let mut pair = Pair::new(&client.build_client().unwrap(), &server);
        let error = refused_by(&mut pair.client, &mut pair.server);
        let problem = CertificateProblem::WrongPurpose;
        assert_eq!(*error.kind(), TlsErrorKind::BadCertificate(problem));
    }
}
