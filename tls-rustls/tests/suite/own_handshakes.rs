//! Contexts and handshakes that rustls has an own way for.

use std::sync::Arc;

use loopline_core::tls::{TlsErrorKind, TlsVersion};
use rcgen::CustomExtension;

use crate::certs::{AUTHORITY, NAME};
#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
use crate::configuration::Files;
use crate::end::{CUTS, Cut, kind, refused_by};
use crate::library::{Context, client, providers, server};
use crate::pair::{Pair, VERSIONS};

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
#[test]
fn one_call_makes_a_context() {
    let files = Files::new();
    let client = Context::client_with_roots(files.path("root.pem")).unwrap();
    let (chain, key) = (files.path("chain.pem"), files.path("key.pem"));
    let server = Context::server_with_files(chain, key).unwrap();
    Pair::new(&client, &server).opened(Cut::Whole);
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
#[test]
fn without_a_provider_there_is_no_context() {
    let error = Context::builder().build_client().unwrap_err();
    assert!(error.to_string().contains("provider"), "{error}");
}

#[test]
fn providers_talk_to_each_other() {
    let providers = providers();
    for of_client in &providers {
        for of_server in &providers {
            for version in VERSIONS {
                let client = client(version).provider(Arc::clone(of_client));
                let server = server(version).provider(Arc::clone(of_server));
                let (client, server) = (client.build_client(), server.build_server());
                let pair = Pair::new(&client.unwrap(), &server.unwrap());
                pair.opened(Cut::Whole).talk(b"hello", Cut::Whole);
            }
        }
    }
}

/// A chain beyond what rustls takes is an error, and not a wait for ever.
#[test]
fn a_chain_that_is_too_long_is_refused() {
    let mut issued = AUTHORITY.issue(NAME, |params| {
        let extension = CustomExtension::from_oid_content(&[1, 3, 9999, 1], vec![5; 40_000]);
        params.custom_extensions.push(extension);
    });
    issued.chain = issued.chain.repeat(2);
    for version in VERSIONS {
        let server = server(version).identity(issued.chain(), issued.key());
        let client = client(version).build_client().unwrap();
        let mut pair = Pair::new(&client, &server.build_server().unwrap());
        let error = refused_by(&mut pair.server, &mut pair.client);
        assert_eq!(*error.kind(), TlsErrorKind::BadRecord);
        assert!(pair.client.input.len() < loopline_core::tls::UNCONSUMED_LIMIT);
    }
}

/// A client whose first guess of a group is not the server's (RFC 8446, section
/// 4.1.4): two ClientHellos, and a handshake like any other.
#[test]
fn a_hello_retry_request_is_followed() {
    for cut in CUTS {
        let mut provider = rustls::crypto::ring::default_provider();
        provider
            .kx_groups
            .retain(|group| group.name() == rustls::NamedGroup::secp384r1);
        let server = server(TlsVersion::Tls13).provider(Arc::new(provider));
        let client = client(TlsVersion::Tls13).build_client().unwrap();
        let pair = Pair::new(&client, &server.build_server().unwrap());
        let mut pair = pair.opened(cut);
        assert!(!pair.client.session().resumed);
        assert_eq!(pair.server.session().server_name.as_deref(), Some(NAME));
        pair.talk(b"hello", cut);
    }
}

/// No group in common: an error, and its alert.
#[test]
fn no_group_in_common_is_incompatible() {
    for version in VERSIONS {
        let mut only = [
            rustls::crypto::ring::default_provider(),
            rustls::crypto::ring::default_provider(),
        ];
        only[0].kx_groups.truncate(1);
        only[1].kx_groups.drain(..1);
        let [of_client, of_server] = only.map(Arc::new);
        let client = client(version).provider(of_client).build_client().unwrap();
        let server = server(version).provider(of_server).build_server().unwrap();
        let mut pair = Pair::new(&client, &server);
        let error = refused_by(&mut pair.client, &mut pair.server);
        assert_eq!(*error.kind(), TlsErrorKind::Incompatible);
        let alert = pair.server.take_wire();
        // handshake_failure (RFC 8446, section 6.2).
        assert_eq!(kind(pair.client.arrive(&alert)), TlsErrorKind::Alert(40));
    }
}

/// The session's names and numbers, for every suite of the provider.
#[test]
fn every_suite_has_its_name() {
    for version in VERSIONS {
        for suite in rustls::crypto::ring::default_provider().cipher_suites {
            let mut provider = rustls::crypto::ring::default_provider();
            provider.cipher_suites = vec![suite];
            let provider = Arc::new(provider);
            let client = client(version).provider(Arc::clone(&provider));
            let server = server(version).provider(provider);
            let (Ok(client), Ok(server)) = (client.build_client(), server.build_server()) else {
                continue; // the suite is of the other version
            };
            let number = u16::from(suite.suite());
            if (0xc02f..=0xc030).contains(&number) || number == 0xcca8 {
                continue; // the certificate is not of RSA
            }
            let mut pair = Pair::new(&client, &server).opened(Cut::Whole);
            assert_eq!(pair.client.session().cipher_suite, number);
            let name = &pair.server.session().cipher_suite_name;
            assert!(name.starts_with("TLS_") && name.contains("_SHA"), "{name}");
            pair.talk(&[3; 20_000], Cut::Headers);
        }
    }
}
