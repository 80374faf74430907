//! What the peer shows that is refused, and who is told what.

use std::io::ErrorKind;

use loopline_core::tls::{
    CertificateProblem, ClientAuth, Identity, Progress, TlsContext, TlsErrorKind, UNCONSUMED_LIMIT,
};

use super::failing::{ended, error, handshake};
use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::recorder::Call;
use crate::harness::tls::authority::{EARLY, EXPIRED, FOREIGN, NO_SERVER};
use crate::harness::tls::cut::{ALERT, HANDSHAKE, record};
use crate::harness::tls::parts;
use crate::harness::tls::upgrade::{Link, Starting, Upgrade, over_cuts, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B43,
        a_bad_certificate_reaches_the_caller,
        "A certificate that is expired, early, foreign or for another use fails the call with its reason."
    ),
    case!(
        B43,
        a_missing_certificate_reaches_the_caller,
        "A server that requires a certificate fails the call where the client has none."
    ),
    case!(
        B44,
        what_is_no_tls_reaches_the_caller,
        "Plaintext HTTP and garbage fail the call as a bad record, however they are cut."
    ),
    case!(
        B44,
        no_version_in_common_reaches_the_caller,
        "Without a version in common the call fails as incompatible, or with the peer's alert."
    ),
    case!(
        B44,
        an_alert_reaches_the_caller,
        "A fatal alert during the handshake fails the call with its number."
    ),
    case!(
        B44,
        an_endless_handshake_is_cut_off,
        "A handshake message without end fails the call once too much of it waits."
    ),
    case!(
        B44,
        a_close_in_the_clear_is_no_success,
        "A close_notify in the clear during the handshake fails the call, and no connection is taken for secure."
    ),
    case!(
        B46,
        the_alert_reaches_the_peer,
        "A peer whose certificate was refused gets the alert before the end of the stream."
    ),
    case!(
        B46,
        the_alert_reaches_a_peer_that_goes_on_sending,
        "A peer that has sent more than was read gets the alert and the end of the stream, and no reset."
    ),
    case!(
        B46,
        a_refused_peer_that_stays_is_left,
        "A refused peer that neither sends nor ends is left: the caller has its error at once, and connection_lost follows."
    ),
    case!(
        B46,
        a_refused_peer_that_never_stops_is_cut_off,
        "A refused peer that sends for ever is cut off."
    ),
];

const BAD: [(&std::sync::LazyLock<Identity>, CertificateProblem); 4] = [
    (&EXPIRED, CertificateProblem::Expired),
    (&EARLY, CertificateProblem::NotYetValid),
    (&FOREIGN, CertificateProblem::UnknownIssuer),
    (&NO_SERVER, CertificateProblem::WrongPurpose),
];

fn a_bad_certificate_reaches_the_caller(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Server {
            return Ok(());
        }
        for (identity, problem) in BAD {
            let mut link = upgrade.plain().await?;
            upgrade.begin_with(&mut link, &upgrade.theirs().identity(identity))?;
            let options = upgrade.options();
            let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
            assert_eq!(handshake(started)?, TlsErrorKind::BadCertificate(problem));
            let lost = ended(upgrade, &mut link).await?;
            assert_eq!(lost, Some(ErrorKind::InvalidData));
        }
        Ok(())
    })
}

fn a_missing_certificate_reaches_the_caller(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Client {
            return Ok(());
        }
        let mut link = upgrade.plain().await?;
        upgrade.begin(&mut link)?;
        let ours = upgrade.ours().asking(ClientAuth::Required);
        let started = upgrade.start(&mut link, &ours, upgrade.options()).await?;
        assert_eq!(handshake(started)?, TlsErrorKind::NoCertificate);
        ended(upgrade, &mut link).await?;
        link.peer.until_ended(upgrade.scene).await?;
        let told = &link.peer.refused;
        assert!(matches!(told, Some(TlsErrorKind::Alert(_))), "{told:?}");
        Ok(())
    })
}

fn what_is_no_tls_reaches_the_caller(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        for text in [
            &b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"[..],
            b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
            b"220 mail.example.test ESMTP\r\n",
            &[0; 64],
            &[0xff; 64],
        ] {
            let mut link = upgrade.plain().await?;
            link.peer.say(text);
            let options = upgrade.options();
            let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
            assert_eq!(handshake(started)?, TlsErrorKind::BadRecord);
            let lost = ended(upgrade, &mut link).await?;
            assert_eq!(lost, Some(ErrorKind::InvalidData));
        }
        Ok(())
    })
}

fn no_version_in_common_reaches_the_caller(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let [one, other] = parts::VERSIONS;
        let theirs = if upgrade.setting.version == one {
            other
        } else {
            one
        };
        let mut link = upgrade.plain().await?;
        upgrade.begin_with(&mut link, &upgrade.theirs().version(theirs))?;
        let options = upgrade.options();
        let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
        let refused = handshake(started)?;
        let expected = matches!(refused, TlsErrorKind::Incompatible | TlsErrorKind::Alert(_));
        assert!(expected, "{refused:?}");
        ended(upgrade, &mut link).await?;
        Ok(())
    })
}

fn an_alert_reaches_the_caller(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Server {
            return Ok(());
        }
        let mut link = upgrade.plain().await?;
        // unrecognized_name (RFC 6066, section 3).
        link.peer.say(&record(ALERT, &[2, 112]));
        let options = upgrade.options();
        let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
        assert_eq!(handshake(started)?, TlsErrorKind::Alert(112));
        ended(upgrade, &mut link).await?;
        Ok(())
    })
}

fn an_endless_handshake_is_cut_off(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        // A hello of almost 16 MiB.
        let kind = if upgrade.setting.side == TlsSide::Server {
            1
        } else {
            2
        };
        link.peer.say(&record(HANDSHAKE, &[kind, 0xff, 0xff, 0xf0]));
        for _ in 0..100 {
            link.peer.say(&record(HANDSHAKE, &[0; 16 * 1024]));
        }
        let options = upgrade.options();
        let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
        let refused = handshake(started)?;
        let expected = matches!(
            refused,
            TlsErrorKind::TooMuchInput | TlsErrorKind::BadRecord
        );
        assert!(expected, "{refused:?} after {UNCONSUMED_LIMIT} bytes");
        link.peer.take_out();
        ended(upgrade, &mut link).await?;
        Ok(())
    })
}

fn a_close_in_the_clear_is_no_success(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.peer.say(&record(ALERT, &[1, 0]));
        link.peer.end(upgrade.scene).await?;
        let options = upgrade.options();
        let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
        error(started)?;
        let lost = upgrade.lost(&mut link).await?;
        assert!(lost.is_some(), "it has ended in order");
        assert_eq!(link.log.count(|call| *call == Call::Eof), 0);
        Ok(())
    })
}

fn the_alert_reaches_the_peer(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Server {
            return Ok(());
        }
        for (identity, _) in BAD {
            let mut link = upgrade.plain().await?;
            upgrade.begin_with(&mut link, &upgrade.theirs().identity(identity))?;
            let options = upgrade.options();
            let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
            handshake(started)?;
            link.peer.until_ended(upgrade.scene).await?;
            let told = &link.peer.refused;
            assert!(matches!(told, Some(TlsErrorKind::Alert(_))), "{told:?}");
            assert_eq!(link.peer.ended, Some(Ok(())), "the peer was reset");
            assert_eq!(link.peer.progress(), Progress::Handshaking);
            ended(upgrade, &mut link).await?;
        }
        Ok(())
    })
}

/// A peer whose certificate is refused; the flight that shows it is returned and
/// not on its way yet, and neither is the answer.
async fn about_to_be_refused<'a>(
    upgrade: &'a Upgrade<'_>,
    link: &mut Link,
    ours: &'a dyn TlsContext,
) -> Result<(Starting<'a>, Vec<u8>), Stop> {
    let mut starting = upgrade.starting(link, ours, upgrade.options());
    let stepping = link.peer.steps(upgrade.scene, 3);
    upgrade
        .scene
        .while_pending(&mut starting, stepping)
        .await??;
    let hello = std::mem::take(&mut link.peer.heard);
    upgrade.begin_with(link, &upgrade.theirs().identity(&EXPIRED))?;
    link.peer.top()?.arrive(&hello)?;
    let flight = link.peer.top()?.take_wire();
    Ok((starting, flight))
}

/// Runs for both versions where the loop's side is the client, which is the one
/// that refuses.
fn refusing(
    context: &Context,
    body: impl AsyncFn(&Upgrade<'_>, &dyn TlsContext) -> Outcome,
) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Server {
            return Ok(());
        }
        let ours = upgrade.context(&upgrade.ours())?;
        body(upgrade, &*ours).await
    })
}

fn the_alert_reaches_a_peer_that_goes_on_sending(context: &Context) -> Outcome {
    refusing(context, async |upgrade, ours| {
        let mut link = upgrade.plain().await?;
        let (starting, flight) = about_to_be_refused(upgrade, &mut link, ours).await?;
        // Much more follows the flight than is read at once.
        link.peer.say(&[flight, vec![b'x'; 3_000_000]].concat());
        handshake(link.peer.alongside(upgrade.scene, starting).await?)?;
        link.peer.until_ended(upgrade.scene).await?;
        let told = &link.peer.refused;
        assert!(matches!(told, Some(TlsErrorKind::Alert(_))), "{told:?}");
        ended(upgrade, &mut link).await?;
        assert_eq!(link.peer.ended, Some(Ok(())), "the peer was reset");
        assert!(!link.peer.cut_off, "not all of it was read");
        Ok(())
    })
}

fn a_refused_peer_that_stays_is_left(context: &Context) -> Outcome {
    refusing(context, async |upgrade, ours| {
        let mut link = upgrade.plain().await?;
        let (starting, flight) = about_to_be_refused(upgrade, &mut link, ours).await?;
        link.peer.say(&flight);
        link.peer.stays = true;
        link.peer.reads = false;
        handshake(link.peer.alongside(upgrade.scene, starting).await?)?;
        // The peer has not even read the alert.
        assert_eq!(link.log.calls(), [Call::Made]);
        assert!(link.transport.is_closing());
        link.peer.reads = true;
        let lost = ended(upgrade, &mut link).await?;
        assert_eq!(lost, Some(ErrorKind::InvalidData));
        assert_eq!(link.peer.ended, Some(Ok(())));
        Ok(())
    })
}

fn a_refused_peer_that_never_stops_is_cut_off(context: &Context) -> Outcome {
    refusing(context, async |upgrade, ours| {
        let mut link = upgrade.plain().await?;
        let (starting, flight) = about_to_be_refused(upgrade, &mut link, ours).await?;
        link.peer.say(&flight);
        handshake(link.peer.alongside(upgrade.scene, starting).await?)?;
        // Far more than any system keeps on the way.
        link.peer.stays = true;
        link.peer.say(&vec![b'x'; 100_000_000]);
        let lost = ended(upgrade, &mut link).await?;
        assert_eq!(lost, Some(ErrorKind::InvalidData));
        assert!(link.peer.cut_off, "all of it was read");
        Ok(())
    })
}
