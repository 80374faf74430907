//! Handshakes that fail, and who is told what.

use std::io::ErrorKind;
use std::time::Duration;

use loopline_core::EventLoop;
use loopline_core::tls::{StartTlsError, TlsErrorKind};

use crate::TlsSide;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::recorder::Call;
use crate::harness::tls::cut::{ALERT, Cut, HANDSHAKE, record};
use crate::harness::tls::parts;
use crate::harness::tls::upgrade::{Link, Upgrade, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B40,
        the_end_of_the_stream_is_a_reset,
        "A stream that ends during the handshake, wherever, is a connection reset to the caller."
    ),
    case!(
        B41,
        a_reset_reaches_the_caller,
        "A connection that is reset during the handshake fails the call, which does not hang."
    ),
    case!(
        B42,
        a_silent_peer_runs_out_of_time,
        "A handshake that takes too long fails with its limit, the connection ends, and nothing is reported."
    ),
    case!(
        B42,
        a_trickling_peer_runs_out_of_time,
        "Bytes that keep coming do not prolong the handshake."
    ),
    case!(
        B45,
        every_failure_is_told_once,
        "Whichever way a handshake fails, connection_lost comes once, after the caller's error."
    ),
];

pub(super) fn error<T>(started: Result<T, StartTlsError>) -> Result<StartTlsError, Stop> {
    match started {
        Ok(_) => Err(Stop::failed("it was upgraded")),
        Err(error) => Ok(error),
    }
}

pub(super) fn handshake<T>(started: Result<T, StartTlsError>) -> Result<TlsErrorKind, Stop> {
    match error(started)? {
        StartTlsError::Handshake(error) => Ok(error.kind().clone()),
        error => Err(Stop::failed(format_args!("no failed handshake: {error}"))),
    }
}

/// Checks that the protocol has heard of the end alone, and of that once.
pub(super) async fn ended(
    upgrade: &Upgrade<'_>,
    link: &mut Link,
) -> Result<Option<ErrorKind>, Stop> {
    let lost = upgrade.lost(link).await?;
    assert_eq!(link.log.calls(), [Call::Made, Call::Lost(lost)]);
    Ok(lost)
}

fn the_end_of_the_stream_is_a_reset(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for part in [0, 1, 2] {
            let mut link = upgrade.plain().await?;
            upgrade.begin(&mut link)?;
            if part > 0 {
                // A client has a hello to cut; a server sends nothing yet.
                let hello = link.peer.take_out();
                link.peer.say(&hello[..hello.len() * part / 2]);
            }
            if part == 0 || upgrade.setting.side == TlsSide::Client {
                link.peer.take_out();
            }
            link.peer.end(upgrade.scene).await?;
            // It answers nothing any more.
            link.peer.reads = false;
            let options = upgrade.options();
            let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
            let error = error(started)?;
            assert!(matches!(error, StartTlsError::Connection(_)), "{error}");
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
            link.peer.reads = true;
            let lost = upgrade.lost(&mut link).await?;
            assert_eq!(lost, Some(ErrorKind::ConnectionReset));
            assert_eq!(link.log.count(|call| *call == Call::Eof), 0);
        }
        Ok(())
    })
}

fn a_reset_reaches_the_caller(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let tls = upgrade.context(&upgrade.ours())?;
        let options = upgrade.options();
        let mut starting = upgrade.starting(&link, &*tls, options);
        let stepping = link.peer.steps(upgrade.scene, 3);
        upgrade
            .scene
            .while_pending(&mut starting, stepping)
            .await??;
        link.peer.reset()?;
        let error = error(starting.await)?;
        assert!(matches!(error, StartTlsError::Connection(_)), "{error}");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let lost = ended(upgrade, &mut link).await?;
        assert_eq!(lost, Some(ErrorKind::ConnectionReset));
        Ok(())
    })
}

pub(super) const SHORT: Duration = Duration::from_millis(20);

fn a_silent_peer_runs_out_of_time(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let options = upgrade.options().handshake_timeout(SHORT);
        let begun = upgrade.scene.time();
        let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
        let error = error(started)?;
        assert!(upgrade.scene.time() - begun >= SHORT, "it was early");
        assert!(
            matches!(error, StartTlsError::TimedOut { after } if after == SHORT),
            "{error}"
        );
        assert!(error.to_string().contains("20ms"), "{error}");
        assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
        let lost = ended(upgrade, &mut link).await?;
        assert_eq!(lost, Some(ErrorKind::ConnectionAborted));
        link.peer.until_ended(upgrade.scene).await
    })
}

fn a_trickling_peer_runs_out_of_time(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        // A record of which a byte comes each turn, for longer than it takes.
        link.peer.cut = Cut::Bytes;
        link.peer.say(&record(HANDSHAKE, &[1; 16_000]));
        for byte in [22, 3, 3, 0x40, 0] {
            link.peer.say(&[byte]);
        }
        link.peer.take_out();
        let slow = [&[HANDSHAKE, 3, 3, 0x3f, 0xff][..], &[1; 16_000]].concat();
        link.peer.say(&slow);
        let options = upgrade.options().handshake_timeout(SHORT);
        let started = upgrade.start(&mut link, &upgrade.ours(), options).await?;
        let error = error(started)?;
        let expected = matches!(
            error,
            StartTlsError::TimedOut { .. } | StartTlsError::Handshake(_)
        );
        assert!(expected, "{error}");
        link.peer.take_out();
        ended(upgrade, &mut link).await?;
        Ok(())
    })
}

/// Ways in which a handshake fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    Timeout,
    End,
    Reset,
    Garbage,
    Alert,
    Version,
    Close,
    Abort,
}

fn every_failure_is_told_once(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for failure in [
            Failure::Timeout,
            Failure::End,
            Failure::Reset,
            Failure::Garbage,
            Failure::Alert,
            Failure::Version,
            Failure::Close,
            Failure::Abort,
        ] {
            upgrade.doing(&format!("{failure:?}"));
            told_once(upgrade, failure).await?;
        }
        Ok(())
    })
}

async fn told_once(upgrade: &Upgrade<'_>, failure: Failure) -> Outcome {
    let mut link = upgrade.plain().await?;
    let tls = upgrade.context(&upgrade.ours())?;
    let mut options = upgrade.options();
    if let Failure::Timeout = failure {
        options = options.handshake_timeout(SHORT);
    }
    let mut starting = upgrade.starting(&link, &*tls, options);
    if !matches!(failure, Failure::Timeout) {
        let stepping = link.peer.step(upgrade.scene);
        upgrade
            .scene
            .while_pending(&mut starting, stepping)
            .await??;
    }
    match failure {
        Failure::Timeout => {}
        Failure::End => link.peer.end(upgrade.scene).await?,
        Failure::Reset => link.peer.reset()?,
        Failure::Garbage => link.peer.say(b"no TLS at all\r\n"),
        Failure::Alert => link.peer.say(&record(ALERT, &[2, 40])),
        Failure::Version => {
            let [one, other] = parts::VERSIONS;
            let theirs = if upgrade.setting.version == one {
                other
            } else {
                one
            };
            let hello = std::mem::take(&mut link.peer.heard);
            upgrade.begin_with(&mut link, &upgrade.theirs().version(theirs))?;
            if let Err(error) = link.peer.top()?.arrive(&hello) {
                assert!(upgrade.setting.side == TlsSide::Client, "{error}");
            }
            let answer = link.peer.top()?.take_wire();
            link.peer.say(&answer);
        }
        Failure::Close => link.transport.close(),
        Failure::Abort => link.transport.abort(),
    }
    let ended = link.peer.alongside(upgrade.scene, starting).await?;
    error(ended)?;
    // The caller's error comes first.
    assert_eq!(link.log.calls(), [Call::Made]);
    upgrade.lost(&mut link).await?;
    let calls = link.log.calls();
    assert!(
        matches!(calls[..], [Call::Made, Call::Lost(_)]),
        "{calls:?}"
    );
    Ok(())
}
