//! Upgrades of what is ending, and upgrades that are given up.

use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::Arc;

use loopline_core::EventLoop;
use loopline_core::tls::StartTlsError;

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::recorder::Call;
use crate::harness::tls::upgrade::{Link, Upgrade, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B25,
        a_closing_connection_is_refused,
        "start_tls on a connection that is closing is an error at once, and the connection ends as it would have."
    ),
    case!(
        B26,
        a_lost_connection_is_refused,
        "start_tls on a lost connection is an error at once."
    ),
    case!(
        B27,
        closing_during_the_handshake_is_an_error,
        "Closing or aborting during the handshake ends start_tls with an error, and connection_lost comes once."
    ),
    case!(
        B28,
        giving_up_ends_the_connection,
        "Dropping start_tls ends the connection at once, reports nothing and leaves no timer."
    ),
    case!(
        B29,
        giving_up_is_told_to_the_protocol,
        "After start_tls was dropped connection_lost comes, once."
    ),
    case!(
        B48,
        nothing_is_kept_of_an_attempt,
        "After an attempt that was given up or has failed neither context nor protocol is kept."
    ),
    case!(
        B49,
        closing_during_the_handshake_waits_for_nobody,
        "Closing during the handshake waits for no answer of the peer."
    ),
];

/// Calls start_tls, and says what it is refused with in its first poll.
async fn refused_at_once(upgrade: &Upgrade<'_>, link: &Link) -> Result<StartTlsError, Stop> {
    let context = upgrade.context(&upgrade.ours())?;
    let options = upgrade.options();
    let mut starting = upgrade.starting(link, &*context, options);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    match starting.as_mut().poll(&mut cx) {
        std::task::Poll::Ready(Err(error)) => Ok(error),
        std::task::Poll::Ready(Ok(_)) => Err(Stop::failed("it was upgraded")),
        std::task::Poll::Pending => Err(Stop::failed("it waits")),
    }
}

fn a_closing_connection_is_refused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for aborts in [false, true] {
            let mut link = upgrade.plain().await?;
            if aborts {
                link.transport.abort();
            } else {
                link.transport.write(b"the last")?;
                link.transport.close();
            }
            let error = refused_at_once(upgrade, &link).await?;
            assert!(matches!(error, StartTlsError::TransportClosing), "{error}");
            assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
            assert_eq!(upgrade.lost(&mut link).await?, None);
            link.peer.until_ended(upgrade.scene).await?;
            let expected: &[u8] = if aborts { b"" } else { b"the last" };
            assert_eq!(link.peer.heard, expected);
        }
        Ok(())
    })
}

fn a_lost_connection_is_refused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for by_peer in [false, true] {
            let mut link = upgrade.plain().await?;
            if by_peer {
                link.peer.reset()?;
            } else {
                link.transport.close();
            }
            upgrade.lost(&mut link).await?;
            let error = refused_at_once(upgrade, &link).await?;
            assert!(matches!(error, StartTlsError::TransportClosing), "{error}");
            upgrade.scene.turns(5).await;
            let lost = |call: &Call| matches!(call, Call::Lost(_));
            assert_eq!(link.log.count(lost), 1);
        }
        Ok(())
    })
}

/// How far a handshake is let go before something happens, in steps of the
/// peer.
const STEPS: [usize; 3] = [0, 1, 3];

fn closing_during_the_handshake_is_an_error(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for aborts in [false, true] {
            for steps in STEPS {
                let mut link = upgrade.plain().await?;
                let context = upgrade.context(&upgrade.ours())?;
                let options = upgrade.options();
                let mut starting = upgrade.starting(&link, &*context, options);
                let stepping = link.peer.steps(upgrade.scene, steps + 1);
                upgrade
                    .scene
                    .while_pending(&mut starting, stepping)
                    .await??;
                if aborts {
                    link.transport.abort();
                } else {
                    link.transport.close();
                }
                let ended = link.peer.alongside(upgrade.scene, starting).await?;
                let error = ended.err().ok_or_else(|| Stop::failed("it was upgraded"))?;
                assert!(matches!(error, StartTlsError::Aborted), "{error}");
                assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
                upgrade.lost(&mut link).await?;
                let calls = link.log.calls();
                assert!(
                    matches!(calls[..], [Call::Made, Call::Lost(_)]),
                    "{calls:?}"
                );
                link.peer.until_ended(upgrade.scene).await?;
            }
        }
        Ok(())
    })
}

/// Begins an upgrade, and drops it.
async fn given_up(upgrade: &Upgrade<'_>, steps: usize) -> Result<Link, Stop> {
    let mut link = upgrade.plain().await?;
    let context = upgrade.context(&upgrade.ours())?;
    let options = upgrade.options();
    let mut starting = upgrade.starting(&link, &*context, options);
    let stepping = link.peer.steps(upgrade.scene, steps);
    upgrade
        .scene
        .while_pending(&mut starting, stepping)
        .await??;
    drop(starting);
    Ok(link)
}

fn giving_up_ends_the_connection(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for steps in STEPS {
            let timers = upgrade.scene.snapshot().timers;
            let mut link = given_up(upgrade, steps + 1).await?;
            assert!(link.transport.is_closing());
            assert_eq!(upgrade.scene.snapshot().timers, timers, "a timer is left");
            link.peer.until_ended(upgrade.scene).await?;
            upgrade.lost(&mut link).await?;
        }
        Ok(())
    })
}

fn giving_up_is_told_to_the_protocol(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = given_up(upgrade, 1).await?;
        let lost = upgrade.lost(&mut link).await?;
        assert_eq!(lost, Some(ErrorKind::ConnectionAborted));
        assert_eq!(link.log.calls(), [Call::Made, Call::Lost(lost)]);
        // One that was never polled has changed nothing.
        let link = upgrade.plain().await?;
        let context = upgrade.context(&upgrade.ours())?;
        let options = upgrade.options();
        drop(upgrade.starting(&link, &*context, options));
        upgrade.scene.turns(5).await;
        assert!(link.transport.is_reading());
        assert_eq!(link.log.calls(), [Call::Made]);
        Ok(())
    })
}

fn nothing_is_kept_of_an_attempt(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for fails in [false, true] {
            let mut link = upgrade.plain().await?;
            let context = upgrade.context(&upgrade.ours())?;
            let options = upgrade.options();
            let mut starting = upgrade.starting(&link, &*context, options);
            if fails {
                link.peer.say(b"no TLS at all\r\n");
                assert!(link.peer.alongside(upgrade.scene, starting).await?.is_err());
            } else {
                let stepping = link.peer.steps(upgrade.scene, 2);
                upgrade
                    .scene
                    .while_pending(&mut starting, stepping)
                    .await??;
                drop(starting);
            }
            upgrade.lost(&mut link).await?;
            assert_eq!(Arc::strong_count(&context), 1, "the context is kept");
            link.log.forget_transport();
            let Link {
                transport,
                protocol,
                ..
            } = link;
            drop(transport);
            upgrade.scene.turns(2).await;
            assert_eq!(Rc::strong_count(&protocol), 1, "the protocol is kept");
        }
        Ok(())
    })
}

fn closing_during_the_handshake_waits_for_nobody(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        let context = upgrade.context(&upgrade.ours())?;
        let options = upgrade.options();
        let mut starting = upgrade.starting(&link, &*context, options);
        let stepping = link.peer.step(upgrade.scene);
        upgrade
            .scene
            .while_pending(&mut starting, stepping)
            .await??;
        // From here on the peer does nothing at all.
        link.transport.close();
        assert!(starting.await.is_err());
        let timers = upgrade.scene.snapshot().timers;
        assert_eq!(timers, 0, "it waits");
        link.log.until_lost().await;
        link.peer.until_ended(upgrade.scene).await?;
        Ok(())
    })
}
