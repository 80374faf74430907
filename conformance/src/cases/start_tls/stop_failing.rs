//! Connections that do not go on in plaintext, and who is told why.

use std::io::{Cursor, ErrorKind};
use std::rc::Rc;
use std::time::Duration;

use loopline_core::tls::{Progress, StopTlsError, StopTlsOptions};
use loopline_core::{EventLoop, FileSource, SendFileOptions, Transport, WriteError};

use super::Peer;
use super::failing::SHORT;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::tls::cut::{ALERT, record};
use crate::harness::tls::stop::next_protocol;
use crate::harness::tls::upgrade::{Link, Upgrade, over_cuts, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B93,
        what_cannot_be_stopped_is_refused,
        "A plain transport, a closing one, one that was handed over or is being stopped, and a timeout of zero are refused, and the connection stays as it was."
    ),
    case!(
        B93,
        a_file_is_not_cut_short,
        "While a file is being sent TLS cannot be taken off; the file goes on, and afterwards it can."
    ),
    case!(
        B98,
        a_peer_that_never_answers_runs_out_of_time,
        "A peer that does not answer is waited for as long as the upgrade's shutdown timeout or the call's own says; then the connection ends."
    ),
    case!(
        B98,
        data_that_is_not_wanted_is_waited_for,
        "Data before the peer's close_notify waits while reading is paused, and is delivered first when it goes on; else the time runs out."
    ),
    case!(
        B99,
        every_failure_to_stop_is_told_once,
        "Whichever way it fails, the caller gets an error of its class, and the protocol of the TLS connection one connection_lost."
    ),
    case!(
        B104,
        a_caller_who_gives_up_closes_the_connection,
        "A stop_tls that nobody waits for any more closes the connection in order."
    ),
];

fn error<T>(stopped: Result<T, StopTlsError>) -> Result<StopTlsError, Stop> {
    match stopped {
        Ok(_) => Err(Stop::failed("it goes on in plaintext")),
        Err(error) => Ok(error),
    }
}

/// The error of a call that must not wait.
async fn refused(
    upgrade: &Upgrade<'_>,
    transport: &Rc<dyn Transport>,
    options: StopTlsOptions,
) -> Result<StopTlsError, Stop> {
    let (protocol, log) = next_protocol();
    let stopped = upgrade.scene.stop_tls(transport, protocol, options).await;
    assert_eq!(log.calls(), []);
    error(stopped.map(drop))
}

fn what_cannot_be_stopped_is_refused(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let options = StopTlsOptions::default();
        let link = upgrade.plain().await?;
        let plain = refused(upgrade, &link.transport, options).await?;
        assert!(matches!(plain, StopTlsError::NotTls), "{plain}");
        assert_eq!(plain.kind(), ErrorKind::Unsupported);
        link.transport.abort();
        link.log.until_lost().await;

        let (transport, mut link) = upgrade.secured().await?;
        let below = refused(upgrade, &link.transport, options).await?;
        assert!(matches!(below, StopTlsError::NotTls), "{below}");
        let zero = refused(upgrade, &transport, options.timeout(Duration::ZERO)).await?;
        assert!(matches!(zero, StopTlsError::InvalidTimeout), "{zero}");
        assert_eq!(zero.kind(), ErrorKind::InvalidInput);
        upgrade.talk(&mut link, &transport).await?;

        let (protocol, _) = next_protocol();
        let mut stopping = upgrade.stopping(&transport, protocol, options);
        assert!(!upgrade.scene.ready_within(&mut stopping, 1).await?);
        let again = refused(upgrade, &transport, options).await?;
        assert!(matches!(again, StopTlsError::InProgress), "{again}");
        assert_eq!(transport.write(b"x"), Err(WriteError::HandedOver));
        assert!(!transport.is_closing());
        upgrade.heard(&mut link, &mut stopping).await?;
        link.peer.close()?;
        let plain = upgrade.stop(&mut link, stopping).await?;
        let stopped = refused(upgrade, &transport, options).await?;
        assert!(matches!(stopped, StopTlsError::HandedOver), "{stopped}");
        plain.abort();
        link.peer.until_ended(upgrade.scene).await?;

        let (transport, mut link) = upgrade.secured().await?;
        transport.close();
        let closing = refused(upgrade, &transport, options).await?;
        assert!(
            matches!(closing, StopTlsError::TransportClosing),
            "{closing}"
        );
        assert_eq!(closing.kind(), ErrorKind::ConnectionAborted);
        transport.abort();
        upgrade.lost(&mut link).await?;
        let lost = refused(upgrade, &transport, options).await?;
        assert!(matches!(lost, StopTlsError::TransportClosing), "{lost}");
        Ok(())
    })
}

fn a_file_is_not_cut_short(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        let content = files::content(3_000_000);
        let source = FileSource::reader(Cursor::new(content.clone()));
        let options = SendFileOptions::default();
        let mut sending = upgrade.scene.sendfile(&transport, source, options);
        assert!(!upgrade.scene.ready_within(&mut sending, 5).await?);
        let busy = refused(upgrade, &transport, StopTlsOptions::default()).await?;
        assert!(matches!(busy, StopTlsError::SendFileInProgress), "{busy}");
        assert_eq!(busy.kind(), ErrorKind::ResourceBusy);
        link.peer.alongside(upgrade.scene, sending).await??;
        let (plain, log) = upgrade.unwrap(&mut link, &transport).await?;
        upgrade.talk_plainly(&mut link, &plain, &log).await?;
        upgrade.close_plainly(&mut link, &plain, &log).await
    })
}

fn a_peer_that_never_answers_runs_out_of_time(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let long = Duration::from_secs(3600);
        for own in [false, true] {
            let (upgrades, stops) = match own {
                false => (SHORT, StopTlsOptions::default()),
                true => (long, StopTlsOptions::default().timeout(SHORT)),
            };
            let mut link = upgrade.plain().await?;
            let options = upgrade.options().shutdown_timeout(upgrades);
            let transport = upgrade.secure_with(&mut link, options).await?;
            let (protocol, log) = next_protocol();
            let begun = upgrade.scene.time();
            let stopping = upgrade.stopping(&transport, protocol, stops);
            let error = error(link.peer.alongside(upgrade.scene, stopping).await?)?;
            assert!(upgrade.scene.time() - begun >= SHORT, "it was early");
            assert!(
                matches!(error, StopTlsError::TimedOut { after } if after == SHORT),
                "{error}"
            );
            let lost = upgrade.lost(&mut link).await?;
            assert_eq!(lost, Some(ErrorKind::TimedOut));
            assert_eq!(link.log.calls(), [Call::Made, Call::Lost(lost)]);
            assert_eq!(log.calls(), []);
        }
        Ok(())
    })
}

fn data_that_is_not_wanted_is_waited_for(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        for resumes in [true, false] {
            let (transport, mut link) = upgrade.secured().await?;
            transport.pause_reading();
            let content = upgrade.content(500_000);
            link.peer.send(&content)?;
            link.peer.close_before(b"behind")?;
            let (protocol, log) = next_protocol();
            let options = match resumes {
                true => StopTlsOptions::default(),
                false => StopTlsOptions::default().timeout(SHORT),
            };
            let mut stopping = upgrade.stopping(&transport, protocol, options);
            if resumes {
                let steps = link.peer.steps(upgrade.scene, 20);
                upgrade.scene.while_pending(&mut stopping, steps).await??;
                assert_eq!(link.log.calls(), [Call::Made], "it was paused");
                transport.resume_reading();
                let plain = upgrade.stop(&mut link, stopping).await?;
                assert!(link.log.data() == content, "other bytes came");
                link.peer.leave();
                let until = log.until_data(6);
                link.peer.alongside(upgrade.scene, until).await?;
                upgrade.close_plainly(&mut link, &plain, &log).await?;
            } else {
                let error = error(link.peer.alongside(upgrade.scene, stopping).await?)?;
                assert!(matches!(error, StopTlsError::TimedOut { .. }), "{error}");
                upgrade.lost(&mut link).await?;
                assert_eq!(link.log.data(), b"");
            }
        }
        Ok(())
    })
}

/// Ways in which it fails.
#[derive(Clone, Copy, Debug)]
enum Failure {
    End,
    Cut,
    Reset,
    Garbage,
    Alert,
    Close,
    Abort,
    Raise,
}

fn every_failure_to_stop_is_told_once(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for failure in [
            Failure::End,
            Failure::Cut,
            Failure::Reset,
            Failure::Garbage,
            Failure::Alert,
            Failure::Close,
            Failure::Abort,
            Failure::Raise,
        ] {
            upgrade.doing(&format!("{failure:?}"));
            told_once(upgrade, failure).await?;
        }
        Ok(())
    })
}

/// A connection whose protocol fails when it is given data, if it is to.
async fn secured(upgrade: &Upgrade<'_>, raises: bool) -> Result<(Rc<dyn Transport>, Link), Stop> {
    let log = Log::default();
    let recorder = log.recorder().reacting(move |call, _| match call {
        Call::Data(_) if raises => Err(std::io::Error::from(ErrorKind::StorageFull).into()),
        _ => Ok(()),
    });
    let mut link = upgrade.plain_of(log, recorder).await?;
    let transport = upgrade.secure(&mut link).await?;
    Ok((transport, link))
}

async fn told_once(upgrade: &Upgrade<'_>, failure: Failure) -> Outcome {
    let raises = matches!(failure, Failure::Raise);
    let (transport, mut link) = secured(upgrade, raises).await?;
    let (protocol, log) = next_protocol();
    let stopping = upgrade
        .stopping_heard(&mut link, &transport, protocol)
        .await?;
    fail(upgrade, &mut link, &transport, failure).await?;
    let error = error(link.peer.alongside(upgrade.scene, stopping).await?)?;
    let kind = match failure {
        Failure::End | Failure::Cut => ErrorKind::UnexpectedEof,
        Failure::Reset => ErrorKind::ConnectionReset,
        Failure::Garbage | Failure::Alert => ErrorKind::InvalidData,
        Failure::Close | Failure::Abort => ErrorKind::ConnectionAborted,
        Failure::Raise => ErrorKind::StorageFull,
    };
    assert_eq!(error.kind(), kind, "{error}");
    if raises {
        assert_eq!(upgrade.scene.reported().await.len(), 1);
    }
    let data = link.log.count(|call| matches!(call, Call::Data(_)));
    assert_eq!(link.log.calls().len(), 1 + data, "before the caller");
    if let Failure::Close = failure {
        // It ends as a connection that is closed does: with the peer's answer.
        link.peer.close()?;
    }
    let lost = upgrade.lost(&mut link).await?;
    let ours = matches!(failure, Failure::Close | Failure::Abort);
    assert_eq!(lost, (!ours).then_some(kind));
    assert_eq!(log.calls(), [], "of the protocol that never came to it");
    assert!(transport.is_closing());
    Ok(())
}

async fn fail(
    upgrade: &Upgrade<'_>,
    link: &mut Link,
    transport: &Rc<dyn Transport>,
    failure: Failure,
) -> Outcome {
    match failure {
        Failure::End => link.peer.end(upgrade.scene).await?,
        Failure::Cut => {
            link.peer.close()?;
            let goodbye = link.peer.take_out();
            link.peer.say(&goodbye[..goodbye.len() - 1]);
            link.peer.end(upgrade.scene).await?;
        }
        Failure::Reset => link.peer.reset()?,
        Failure::Garbage => link.peer.say(b"in the clear, and too early\r\n"),
        Failure::Alert => link.peer.say(&record(ALERT, &[2, 40])),
        Failure::Close => transport.close(),
        Failure::Abort => transport.abort(),
        Failure::Raise => link.peer.send(b"unwanted")?,
    }
    Ok(())
}

fn a_caller_who_gives_up_closes_the_connection(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for polled in [true, false] {
            let (transport, mut link) = upgrade.secured().await?;
            let (protocol, log) = next_protocol();
            let options = StopTlsOptions::default();
            let mut stopping = upgrade.stopping(&transport, protocol, options);
            if !polled {
                // Nothing was begun.
                drop(stopping);
                upgrade.talk(&mut link, &transport).await?;
                upgrade.close(link, &transport).await?;
                continue;
            }
            transport.write(b"the last")?;
            assert!(!upgrade.scene.ready_within(&mut stopping, 3).await?);
            drop(stopping);
            assert!(transport.is_closing());
            let closed = |peer: &Peer| peer.progress() == Progress::PeerClosed;
            link.peer.until(upgrade.scene, closed).await?;
            assert_eq!(link.peer.plain(), b"the last");
            link.peer.close()?;
            assert_eq!(upgrade.lost(&mut link).await?, None);
            assert_eq!(link.log.calls(), [Call::Made, Call::Lost(None)]);
            assert_eq!(log.calls(), []);
        }
        Ok(())
    })
}
