//! What the two sides agree on.

use std::sync::Arc;
use std::thread;

use loopline_core::tls::{ClientAuth, Identity, TlsErrorKind, TlsVersion};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::tls::authority::{CLIENT, NAME, SERVER};
use crate::harness::tls::cut::Cut;
use crate::harness::tls::machine::{Machine, refusal};
use crate::harness::tls::pair::{Pair, over_cuts, over_versions};
use crate::harness::tls::parts;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B32,
        both_sides_say_the_same,
        "Version and cipher suite are the same on both sides, and are named as IANA does."
    ),
    case!(
        B32,
        the_peers_certificates_are_told,
        "A client is told the server's certificate, and a server the one that it asked for."
    ),
    case!(
        B32,
        a_resumed_session_is_told,
        "The second connection of a client resumes the first one's session, and both sides say so."
    ),
    case!(
        B89,
        there_is_no_certificate_that_nobody_asked_for,
        "A server that asks for no certificate is told of none."
    ),
    case!(
        B36,
        a_protocol_is_chosen,
        "Of the protocols that both have in common one is chosen, and both sides say which."
    ),
    case!(
        B36,
        no_protocol_is_made_up,
        "Without a protocol in common the handshake is refused, or none is chosen on both sides."
    ),
    case!(
        B7,
        the_name_reaches_the_server,
        "Both sides are told the name that the client asked for; an address is not sent as one."
    ),
    case!(
        T8,
        versions_in_common_are_needed,
        "Without a version in common both sides are told that they are incompatible."
    ),
    case!(
        B92,
        contexts_are_shared_by_threads,
        "One context makes coders on several threads at once."
    ),
];

fn both_sides_say_the_same(context: &Context) -> Outcome {
    over_cuts(context, |version, cut| {
        let pair = Pair::plain(context, version)?.opened(cut)?;
        let (client, server) = (pair.client.session()?, pair.server.session()?);
        for session in [client, server] {
            assert_eq!(session.version, version);
            assert!(!session.resumed);
            assert_eq!(session.alpn, None);
            let name = &session.cipher_suite_name;
            assert!(name.starts_with("TLS_"), "{name} is no name of IANA's");
            // RFC 8446, appendix B.4.
            let known = [
                (0x1301, "TLS_AES_128_GCM_SHA256"),
                (0x1302, "TLS_AES_256_GCM_SHA384"),
                (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
            ];
            let of_13 = known.contains(&(session.cipher_suite, &**name));
            assert_eq!(of_13, version == TlsVersion::Tls13, "{name}");
        }
        assert_eq!(client.cipher_suite, server.cipher_suite);
        assert_eq!(client.cipher_suite_name, server.cipher_suite_name);
        Ok(())
    })
}

/// The first certificate of a chain, in DER.
fn der(identity: &Identity) -> Result<Vec<u8>, Stop> {
    let certificates = identity.chain.certificates()?;
    let first = certificates.first();
    let first = first.ok_or_else(|| Stop::failed("the suite's identity is empty"))?;
    Ok(first.to_vec())
}

fn the_peers_certificates_are_told(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let client = parts::client().version(version).identity(&CLIENT);
        let server = parts::server().version(version);
        for asks in [ClientAuth::Optional, ClientAuth::Required] {
            let server = server.clone().asking(asks);
            let pair = Pair::of(context, &client, &server)?.opened(Cut::Whole)?;
            let told = &pair.client.session()?.peer_certificates;
            assert_eq!(told.first(), Some(&der(&SERVER)?), "the server's");
            let told = &pair.server.session()?.peer_certificates;
            assert_eq!(told.first(), Some(&der(&CLIENT)?), "the client's");
        }
        Ok(())
    })
}

fn there_is_no_certificate_that_nobody_asked_for(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let client = parts::client().version(version).identity(&CLIENT);
        let server = parts::server().version(version);
        let pair = Pair::of(context, &client, &server)?.opened(Cut::Whole)?;
        assert!(pair.server.session()?.peer_certificates.is_empty());
        let client = parts::client().version(version);
        let server = server.asking(ClientAuth::Optional);
        let pair = Pair::of(context, &client, &server)?.opened(Cut::Whole)?;
        assert!(pair.server.session()?.peer_certificates.is_empty());
        Ok(())
    })
}

fn a_resumed_session_is_told(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let client = context.tls(&parts::client().version(version).resuming())?;
        let server = context.tls(&parts::server().version(version).resuming())?;
        for round in 0..3 {
            let mut pair = Pair::new(&client, &server)?.opened(Cut::Whole)?;
            for end in [&pair.client, &pair.server] {
                let session = end.session()?;
                assert_eq!(session.resumed, round > 0, "connection {round}");
                assert_eq!(session.server_name.as_deref(), Some(NAME));
            }
            let told = &pair.client.session()?.peer_certificates;
            assert_eq!(told.first(), Some(&der(&SERVER)?));
            // Tickets come behind the handshake, and no data with them.
            pair.talk(b"hello", Cut::Bytes)?;
            pair.client.close()?;
            pair.server.close()?;
            pair.exchange(Cut::Whole)?;
        }
        // What has no cache resumes nothing.
        let other = context.tls(&parts::client().version(version))?;
        let pair = Pair::new(&other, &server)?.opened(Cut::Whole)?;
        assert!(!pair.client.session()?.resumed && !pair.server.session()?.resumed);
        Ok(())
    })
}

fn speaking(version: TlsVersion, client: &[&str], server: &[&str]) -> (parts::Parts, parts::Parts) {
    (
        parts::client().version(version).alpn(client),
        parts::server().version(version).alpn(server),
    )
}

fn a_protocol_is_chosen(context: &Context) -> Outcome {
    over_versions(context, |version| {
        for (client, server, expected) in [
            (&["one"][..], &["one"][..], Some("one")),
            (&["two", "one"], &["one", "three"], Some("one")),
            (&["one"], &[], None),
            (&[], &["one"], None),
        ] {
            let (client, server) = speaking(version, client, server);
            let pair = Pair::of(context, &client, &server)?.opened(Cut::Whole)?;
            for end in [&pair.client, &pair.server] {
                let told = end.session()?.alpn.as_deref();
                assert_eq!(told, expected.map(str::as_bytes));
            }
        }
        Ok(())
    })
}

fn no_protocol_is_made_up(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let (client, server) = speaking(version, &["one"], &["two"]);
        let mut pair = Pair::of(context, &client, &server)?;
        let hello = pair.client.take_wire();
        match pair.server.arrive(&hello) {
            Err(error) => {
                assert_eq!(*error.kind(), TlsErrorKind::Incompatible);
                let alert = pair.server.take_wire();
                // no_application_protocol (RFC 7301, section 3.2).
                let refused = refusal(pair.client.arrive(&alert))?;
                assert_eq!(refused, TlsErrorKind::Alert(120));
            }
            Ok(()) => {
                let pair = pair.opened(Cut::Whole)?;
                for end in [&pair.client, &pair.server] {
                    assert_eq!(end.session()?.alpn, None);
                }
            }
        }
        Ok(())
    })
}

fn the_name_reaches_the_server(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let client = context.tls(&parts::client().version(version))?;
        let server = context.tls(&parts::server().version(version))?;
        for (name, sent) in [(NAME, Some(NAME)), ("127.0.0.1", None)] {
            let mut pair = Pair::new(&client, &server)?;
            pair.client = Machine::started(client.client(&parts::named(name))?)?;
            let pair = pair.opened(Cut::Whole)?;
            for end in [&pair.client, &pair.server] {
                assert_eq!(end.session()?.server_name.as_deref(), sent);
            }
        }
        Ok(())
    })
}

fn versions_in_common_are_needed(context: &Context) -> Outcome {
    for (ours, theirs) in [
        (TlsVersion::Tls12, TlsVersion::Tls13),
        (TlsVersion::Tls13, TlsVersion::Tls12),
    ] {
        context.doing(format!("{ours} and {theirs}"));
        let client = parts::client().version(ours);
        let mut pair = Pair::of(context, &client, &parts::server().version(theirs))?;
        let hello = pair.client.take_wire();
        match pair.server.arrive(&hello) {
            Err(error) => {
                assert_eq!(*error.kind(), TlsErrorKind::Incompatible);
                let alert = pair.server.take_wire();
                // protocol_version (RFC 8446, section 6.2).
                let told = refusal(pair.client.arrive(&alert))?;
                assert_eq!(told, TlsErrorKind::Alert(70));
            }
            // A server of TLS 1.2 answers with its version, and it is for the
            // client to refuse that.
            Ok(()) => {
                let answer = pair.server.take_wire();
                let refused = refusal(pair.client.arrive(&answer))?;
                assert_eq!(refused, TlsErrorKind::Incompatible);
                let alert = pair.client.take_wire();
                let told = refusal(pair.server.arrive(&alert))?;
                assert!(matches!(told, TlsErrorKind::Alert(_)), "{told:?}");
            }
        }
        assert!(!pair.client.has_session() && !pair.server.has_session());
    }
    Ok(())
}

fn contexts_are_shared_by_threads(context: &Context) -> Outcome {
    let client = context.tls(&parts::client().resuming())?;
    let server = context.tls(&parts::server().resuming())?;
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (client, server) = (Arc::clone(&client), Arc::clone(&server));
            thread::spawn(move || -> Outcome {
                for _ in 0..8 {
                    let pair = Pair::new(&client, &server)?;
                    pair.opened(Cut::Whole)?.talk(b"hello", Cut::Whole)?;
                }
                Ok(())
            })
        })
        .collect();
    for thread in threads {
        let ended = thread.join();
        ended.map_err(|_| Stop::failed("a thread has panicked"))??;
    }
    Ok(())
}
