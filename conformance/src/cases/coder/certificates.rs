//! Which certificates are good enough, and who is told that one is not.

use loopline_core::tls::{CertificateProblem, ClientAuth, Identity, TlsErrorKind, TlsVersion};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::tls::authority::{CLIENT, EARLY, EXPIRED, FOREIGN, NO_SERVER, OTHER_NAME};
use crate::harness::tls::cut::Cut;
use crate::harness::tls::machine::{Machine, refusal};
use crate::harness::tls::pair::{Pair, over_versions};
use crate::harness::tls::parts;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B43,
        a_bad_certificate_is_refused_with_its_reason,
        "A certificate that is expired, early, of an unknown issuer or for another use is refused as such, and the server gets the alert."
    ),
    case!(
        B43,
        a_wrong_name_is_refused,
        "A certificate for another name or address is refused, and the server gets the alert."
    ),
    case!(
        B43,
        a_server_may_require_a_certificate,
        "A server that requires a certificate refuses a client without one, which gets the alert."
    ),
    case!(
        B43,
        a_server_may_do_without_a_certificate,
        "A server that takes clients without a certificate takes them."
    ),
    case!(
        B43,
        a_bad_certificate_of_a_client_is_refused,
        "A server refuses a client's certificate of an unknown issuer, and the client gets the alert."
    ),
];

/// Whether an alert is about certificates (RFC 8446, section 6.2).
fn is_about_certificates(told: &TlsErrorKind) -> bool {
    matches!(told, TlsErrorKind::Alert(42..=46 | 48 | 49))
}

/// Carries until one side refuses: what the client answers, and the server.
/// Whoever has not refused by itself gets the other's alert.
fn refused(pair: &mut Pair) -> Result<(TlsErrorKind, TlsErrorKind), Stop> {
    for _ in 0..6 {
        let to_server = pair.client.take_wire();
        if let Err(error) = pair.server.arrive(&to_server) {
            let alert = pair.server.take_wire();
            let told = refusal(pair.client.arrive(&alert))?;
            return Ok((told, error.kind().clone()));
        }
        let to_client = pair.server.take_wire();
        if let Err(error) = pair.client.arrive(&to_client) {
            let alert = pair.client.take_wire();
            let told = refusal(pair.server.arrive(&alert))?;
            return Ok((error.kind().clone(), told));
        }
    }
    Err(Stop::failed("nothing was refused"))
}

fn a_bad_certificate_is_refused_with_its_reason(context: &Context) -> Outcome {
    let bad: [(&Identity, CertificateProblem); 4] = [
        (&EXPIRED, CertificateProblem::Expired),
        (&EARLY, CertificateProblem::NotYetValid),
        (&FOREIGN, CertificateProblem::UnknownIssuer),
        (&NO_SERVER, CertificateProblem::WrongPurpose),
    ];
    over_versions(context, |version| {
        for (identity, problem) in bad {
            context.doing(format!("{version}, {problem:?}"));
            let client = parts::client().version(version);
            let server = parts::server().version(version).identity(identity);
            let mut pair = Pair::of(context, &client, &server)?;
            let (refused, told) = refused(&mut pair)?;
            assert_eq!(refused, TlsErrorKind::BadCertificate(problem));
            assert!(is_about_certificates(&told), "{problem:?}: {told:?}");
            assert!(!pair.client.has_session() && !pair.server.has_session());
        }
        Ok(())
    })
}

fn a_wrong_name_is_refused(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let client = context.tls(&parts::client().version(version))?;
        let server = context.tls(&parts::server().version(version))?;
        for name in [OTHER_NAME, "127.0.0.2", "sub.example.test"] {
            let mut pair = Pair::new(&client, &server)?;
            pair.client = Machine::started(client.client(&parts::named(name))?)?;
            let (refused, told) = refused(&mut pair)?;
            let problem = CertificateProblem::WrongName;
            assert_eq!(refused, TlsErrorKind::BadCertificate(problem), "{name}");
            assert!(is_about_certificates(&told), "{name}: {told:?}");
        }
        Ok(())
    })
}

fn a_server_may_require_a_certificate(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let client = parts::client().version(version);
        let server = parts::server().version(version);
        let server = server.asking(ClientAuth::Required);
        let mut pair = Pair::of(context, &client, &server)?;
        let (told, refused) = refused(&mut pair)?;
        assert_eq!(refused, TlsErrorKind::NoCertificate);
        // certificate_required, which TLS 1.2 has not: handshake_failure.
        let expected = match version {
            TlsVersion::Tls13 => matches!(told, TlsErrorKind::Alert(116)),
            _ => matches!(told, TlsErrorKind::Alert(40 | 41 | 42 | 116)),
        };
        assert!(expected, "{told:?}");
        let with = parts::client().version(version).identity(&CLIENT);
        let pair = Pair::of(context, &with, &server)?.opened(Cut::Bytes)?;
        assert!(!pair.server.session()?.peer_certificates.is_empty());
        Ok(())
    })
}

fn a_server_may_do_without_a_certificate(context: &Context) -> Outcome {
    over_versions(context, |version| {
        let client = parts::client().version(version);
        let server = parts::server().version(version);
        let server = server.asking(ClientAuth::Optional);
        let pair = Pair::of(context, &client, &server)?;
        pair.opened(Cut::Headers)?.talk(b"hello", Cut::Whole)
    })
}

fn a_bad_certificate_of_a_client_is_refused(context: &Context) -> Outcome {
    over_versions(context, |version| {
        for asks in [ClientAuth::Optional, ClientAuth::Required] {
            let client = parts::client().version(version).identity(&FOREIGN);
            let server = parts::server().version(version).asking(asks);
            let mut pair = Pair::of(context, &client, &server)?;
            let (told, refused) = refused(&mut pair)?;
            let problem = CertificateProblem::UnknownIssuer;
            assert_eq!(refused, TlsErrorKind::BadCertificate(problem));
            assert!(is_about_certificates(&told), "{told:?}");
        }
        Ok(())
    })
}
