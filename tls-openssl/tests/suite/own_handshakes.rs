//! Contexts and handshakes that OpenSSL has an own way for.

use loopline_core::tls::{TlsErrorKind, TlsVersion};
use rcgen::CustomExtension;

use crate::certs::{AUTHORITY, NAME};
use crate::configuration::Files;
use crate::end::{CUTS, Cut, kind, refused_by};
use crate::library::{Context, client, ready_client, ready_server, server};
use crate::pair::{Pair, VERSIONS};

#[test]
fn one_call_makes_a_context() {
    let files = Files::new();
    let client = Context::client_with_roots(files.path("root.pem")).unwrap();
    let (chain, key) = (files.path("chain.pem"), files.path("key.pem"));
    let server = Context::server_with_files(chain, key).unwrap();
    Pair::new(&client, &server).opened(Cut::Whole);
}

/// A chain beyond what OpenSSL takes is an error, and not a wait for ever.
#[test]
fn a_chain_that_is_too_long_is_refused() {
    let mut issued = AUTHORITY.issue(NAME, |params| {
        let extension = CustomExtension::from_oid_content(&[1, 3, 9999, 1], vec![5; 40_000]);
        params.custom_extensions.push(extension);
    });
    issued.chain = issued.chain.repeat(3);
    for version in VERSIONS {
        let server = server(version).identity(issued.chain(), issued.key());
        let client = client(version).build_client().unwrap();
        let mut pair = Pair::new(&client, &server.build_server().unwrap());
        let hello = pair.client.take_wire();
        pair.server.arrive(&hello).unwrap();
        let flight = pair.server.take_wire();
        let refused = pair.client.feed(&flight, Cut::Headers);
        assert_eq!(kind(refused), TlsErrorKind::BadRecord);
        assert!(pair.client.input.len() <= loopline_core::tls::RECORD_LIMIT);
    }
}

/// A client whose first guess of a group is not the server's (RFC 8446, section
/// 4.1.4): two ClientHellos, and a handshake like any other.
#[test]
fn a_hello_retry_request_is_followed() {
    for cut in CUTS {
        let server = ready_server(TlsVersion::Tls13, |context| {
            context.set_groups_list("P-384").unwrap();
        });
        let client = client(TlsVersion::Tls13).build_client().unwrap();
        let mut pair = Pair::new(&client, &server).opened(cut);
        assert!(!pair.client.session().resumed);
        assert_eq!(pair.server.session().server_name.as_deref(), Some(NAME));
        pair.talk(b"hello", cut);
    }
}

/// No group in common: an error, and its alert.
#[test]
fn no_group_in_common_is_incompatible() {
    for version in VERSIONS {
        let client = ready_client(version, |context| {
            context.set_groups_list("X25519").unwrap();
        });
        let server = ready_server(version, |context| {
            context.set_groups_list("P-256").unwrap();
        });
        let mut pair = Pair::new(&client, &server);
        let error = refused_by(&mut pair.client, &mut pair.server);
        assert_eq!(*error.kind(), TlsErrorKind::Incompatible);
        let alert = pair.server.take_wire();
        // handshake_failure (RFC 8446, section 6.2).
        assert_eq!(kind(pair.client.arrive(&alert)), TlsErrorKind::Alert(40));
    }
}

/// The session's names and numbers, as IANA has them.
#[test]
fn every_suite_has_its_name() {
    for (of_openssl, number, name) in [
        ("TLS_AES_128_GCM_SHA256", 0x1301, "TLS_AES_128_GCM_SHA256"),
        ("TLS_AES_256_GCM_SHA384", 0x1302, "TLS_AES_256_GCM_SHA384"),
        (
            "TLS_CHACHA20_POLY1305_SHA256",
            0x1303,
            "TLS_CHACHA20_POLY1305_SHA256",
        ),
        (
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            0xc02b,
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ),
        (
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            0xc02c,
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        ),
        (
            "ECDHE-ECDSA-CHACHA20-POLY1305",
            0xcca9,
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        ),
        (
            "ECDHE-ECDSA-AES128-SHA256",
            0xc023,
            "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        ),
    ] {
        let version = match number >> 8 {
            0x13 => TlsVersion::Tls13,
            _ => TlsVersion::Tls12,
        };
        let client = ready_client(version, |context| match version {
            TlsVersion::Tls12 => context.set_cipher_list(of_openssl).unwrap(),
            _ => context.set_ciphersuites(of_openssl).unwrap(),
        });
        let server = server(version).build_server().unwrap();
        let mut pair = Pair::new(&client, &server).opened(Cut::Whole);
        for end in [&pair.client, &pair.server] {
            assert_eq!(end.session().cipher_suite, number);
            assert_eq!(end.session().cipher_suite_name, name);
        }
        pair.talk(&[3; 20_000], Cut::Headers);
    }
}
