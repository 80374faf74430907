//! What the peer shows that is refused, and who is told what.

use std::io::ErrorKind;

use loopline_core::tls::{
    CertificateProblem, ClientAuth, Identity, Progress, TlsErrorKind, UNCONSUMED_LIMIT,
};

use super::failing::{ended, error, handshake};
use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::recorder::Call;
use crate::harness::tls::authority::{EARLY, EXPIRED, FOREIGN, NO_SERVER};
use crate::harness::tls::cut::{ALERT, Cut, HANDSHAKE, record};
use crate::harness::tls::parts;
use crate::harness::tls::upgrade::{over_cuts, over_sides};
use crate::verdict::Outcome;

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
        "A peer gets the alert also when it has sent more than was read."
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
            if upgrade.setting.cut == Cut::Whole {
                // A peer that is still sending may get a reset behind it.
                assert_eq!(link.peer.ended, Some(Ok(())));
            }
            assert_eq!(link.peer.progress(), Progress::Handshaking);
            ended(upgrade, &mut link).await?;
        }
        Ok(())
    })
}

fn the_alert_reaches_a_peer_that_goes_on_sending(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        if upgrade.setting.side == TlsSide::Server {
            return Ok(());
        }
        let mut link = upgrade.plain().await?;
        let tls = upgrade.context(&upgrade.ours())?;
        let options = upgrade.options();
        let mut starting = upgrade.starting(&link, &*tls, options);
        let stepping = link.peer.steps(upgrade.scene, 3);
        upgrade
            .scene
            .while_pending(&mut starting, stepping)
            .await??;
        // Much more follows the flight than is read at once.
        let hello = std::mem::take(&mut link.peer.heard);
        upgrade.begin_with(&mut link, &upgrade.theirs().identity(&EXPIRED))?;
        link.peer.top()?.arrive(&hello)?;
        let flight = link.peer.top()?.take_wire();
        link.peer.say(&[flight, vec![b'x'; 3_000_000]].concat());
        handshake(link.peer.alongside(upgrade.scene, starting).await?)?;
        link.peer
            .until(upgrade.scene, |peer| {
                peer.refused.is_some() || peer.ended.is_some()
            })
            .await?;
        let told = &link.peer.refused;
        assert!(
            matches!(told, Some(TlsErrorKind::Alert(_))),
            "{told:?}, {:?}",
            link.peer.ended
        );
        ended(upgrade, &mut link).await?;
        Ok(())
    })
}
