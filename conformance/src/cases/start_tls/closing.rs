//! Ends of this side.

use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::tls::Progress;
use loopline_core::{Flow, Severity, Transport, WriteError};

use super::Peer;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::Call;
use crate::harness::scene::Report;
use crate::harness::tls::upgrade::{over_cuts, over_sides};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B68,
        there_is_no_half_close,
        "A TLS connection cannot end its sending half, says so, and goes on after it was tried."
    ),
    case!(
        B71,
        closing_sends_everything_and_then_the_end,
        "close sends what was written, then a close_notify, and connection_lost comes without an error once the peer has answered."
    ),
    case!(
        B73,
        data_after_closing_is_discarded,
        "What the peer sends after this side's close is discarded, and the connection ends in order."
    ),
    case!(
        B74,
        closing_while_paused_is_no_deadlock,
        "A connection of which reading is paused, with data waiting, ends like any other."
    ),
    case!(
        B79,
        aborting_sends_nothing_more,
        "abort drops what is queued, sends no close_notify, and connection_lost comes without an error."
    ),
    case!(
        B80,
        ends_may_be_asked_for_again,
        "Closing and aborting again, before and after the connection is lost, does nothing, and every method can be called."
    ),
    case!(
        B81,
        writing_after_closing_is_ignored,
        "What is written after close is dropped, which is said, and is no error."
    ),
    case!(
        B82,
        whatever_comes_after_closing_is_no_error,
        "Ciphertext, garbage and the end of the stream after close are no error to anyone."
    ),
    case!(
        B83,
        the_end_is_told_later_and_once,
        "connection_lost is never called inside close or abort, and only once the connection below is gone."
    ),
    case!(
        B84,
        a_write_that_fails_below_shows,
        "When the connection below fails while writing, connection_lost is told."
    ),
    case!(
        B84,
        a_reset_behind_the_peers_end_shows,
        "When the connection is reset while what was written still leaves, connection_lost is told, also if the peer had sent its close_notify."
    ),
    case!(
        B85,
        closing_with_much_queued_loses_nothing,
        "With more queued than the sockets take, close sends all of it and the close_notify."
    ),
];

fn there_is_no_half_close(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        assert!(!transport.can_write_eof());
        assert_eq!(transport.write_eof(), Err(WriteError::EofUnsupported));
        upgrade.talk(&mut link, &transport).await?;
        upgrade.close(link, &transport).await
    })
}

fn peer_closed(peer: &Peer) -> bool {
    peer.progress() == Progress::PeerClosed
}

fn closing_sends_everything_and_then_the_end(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.write(b"one")?;
        transport.write(b"two")?;
        transport.close();
        assert!(transport.is_closing());
        link.peer.until(upgrade.scene, peer_closed).await?;
        assert_eq!(link.peer.plain(), b"onetwo");
        link.peer.steps(upgrade.scene, 3).await?;
        assert_eq!(
            link.log.calls(),
            [Call::Made],
            "the answer was not waited for"
        );
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        assert_eq!(link.log.calls(), [Call::Made, Call::Lost(None)]);
        link.peer.until_ended(upgrade.scene).await?;
        assert_eq!(link.peer.ended, Some(Ok(())));
        Ok(())
    })
}

fn data_after_closing_is_discarded(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.close();
        // Little, in two records: also byte by byte it is to arrive before the loop's
        // patience ends, which is a second.
        link.peer.send(&upgrade.content(1_000))?;
        link.peer.send(&upgrade.content(1_000))?;
        link.peer.until(upgrade.scene, peer_closed).await?;
        link.peer.send(b"and more")?;
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        assert_eq!(link.log.calls(), [Call::Made, Call::Lost(None)]);
        link.peer.until_ended(upgrade.scene).await?;
        assert_eq!(link.peer.ended, Some(Ok(())), "the peer was reset");
        Ok(())
    })
}

fn closing_while_paused_is_no_deadlock(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        transport.pause_reading();
        link.peer.send(&files::content(1_000_000))?;
        link.peer.steps(upgrade.scene, 20).await?;
        transport.close();
        link.peer.until(upgrade.scene, peer_closed).await?;
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        assert_eq!(link.log.calls(), [Call::Made, Call::Lost(None)]);
        Ok(())
    })
}

fn aborting_sends_nothing_more(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for closes in [false, true] {
            let mut link = upgrade.narrow().await?;
            let transport = upgrade.secure(&mut link).await?;
            let content = files::content(4_000_000);
            transport.write(&content)?;
            if closes {
                transport.close();
            }
            transport.abort();
            assert!(transport.is_closing());
            assert_eq!(upgrade.lost(&mut link).await?, None);
            link.peer.until_ended(upgrade.scene).await?;
            assert_eq!(
                link.peer.progress(),
                Progress::Open,
                "there is a close_notify"
            );
            assert!(content.starts_with(link.peer.plain()));
            assert!(link.peer.plain().len() < content.len());
        }
        Ok(())
    })
}

fn ends_may_be_asked_for_again(context: &Context) -> Outcome {
    fn everything(transport: &Rc<dyn Transport>) -> Outcome {
        transport.close();
        transport.close();
        assert!(transport.is_closing() && !transport.is_reading());
        transport.pause_reading();
        transport.resume_reading();
        assert!(!transport.is_reading());
        assert_eq!(transport.write(b"x")?, Flow::Closed);
        assert_eq!(transport.writelines(&[])?, Flow::Closed);
        assert_eq!(transport.write_eof(), Err(WriteError::EofUnsupported));
        transport.set_close_timeout(Some(Duration::from_secs(1)));
        transport.set_write_buffer_limits(Some(100), None)?;
        let _ = (
            transport.session(),
            transport.socket(),
            transport.protocol(),
        );
        Ok(())
    }
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        everything(&transport)?;
        link.peer.until(upgrade.scene, peer_closed).await?;
        everything(&transport)?;
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        for transport in [&transport, &link.transport] {
            transport.close();
            transport.abort();
            transport.close();
        }
        everything(&transport)?;
        let calls = [Call::Made, Call::Lost(None)];
        upgrade.scene.turns(5).await;
        // Of the writes that were dropped.
        let reports = upgrade.scene.reports();
        let of_writes = |report: &Report| report.severity == Severity::Warning;
        assert!(reports.iter().all(of_writes), "{reports:?}");
        assert_eq!(link.log.calls(), calls);
        Ok(())
    })
}

fn writing_after_closing_is_ignored(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.write(b"before")?;
        transport.close();
        for _ in 0..20 {
            assert_eq!(transport.write(b"after")?, Flow::Closed);
        }
        link.peer.until(upgrade.scene, peer_closed).await?;
        assert_eq!(transport.write(b"after")?, Flow::Closed);
        assert_eq!(transport.write_buffer_size(), 0);
        link.peer.close()?;
        upgrade.lost(&mut link).await?;
        assert_eq!(transport.write(b"after")?, Flow::Closed);
        assert_eq!(transport.write_buffer_size(), 0);
        assert_eq!(link.peer.plain(), b"before");
        // Many of them are one warning, as on a plain connection (line D49).
        assert_eq!(upgrade.scene.reports().len(), 1);
        Ok(())
    })
}

fn whatever_comes_after_closing_is_no_error(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        for garbage in [&b"no TLS at all\r\n"[..], b""] {
            let (transport, mut link) = upgrade.secured().await?;
            link.peer.send(b"late")?;
            link.peer.say(garbage);
            transport.close();
            link.peer.end(upgrade.scene).await?;
            let lost = upgrade.lost(&mut link).await?;
            if garbage.is_empty() {
                assert_eq!(lost, None);
            }
            assert_eq!(
                link.log
                    .count(|call| matches!(call, Call::Data(_) | Call::Eof)),
                0
            );
        }
        Ok(())
    })
}

fn the_end_is_told_later_and_once(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.abort();
        assert_eq!(link.log.calls(), [Call::Made], "it was told inside abort");
        upgrade.lost(&mut link).await?;
        let (transport, mut link) = upgrade.secured().await?;
        link.peer.close()?;
        transport.close();
        assert_eq!(link.log.calls(), [Call::Made], "it was told inside close");
        upgrade.lost(&mut link).await?;
        // The socket is closed: its options cannot be asked for.
        assert!(
            link.transport
                .socket()
                .is_none_or(|socket| socket.nodelay().is_err())
        );
        Ok(())
    })
}

fn a_write_that_fails_below_shows(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.pause_reading();
        link.peer.reset()?;
        let lost = loop {
            transport.write(b"into nowhere")?;
            upgrade.scene.turns(1).await;
            if transport.is_closing() {
                break upgrade.lost(&mut link).await?;
            }
        };
        let expected = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
        assert!(
            lost.is_some_and(|lost| expected.contains(&lost)),
            "{lost:?}"
        );
        assert_eq!(transport.write(b"x")?, Flow::Closed);
        Ok(())
    })
}

fn a_reset_behind_the_peers_end_shows(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        link.peer.reads = false;
        transport.write(&files::content(4_000_000))?;
        link.peer.close()?;
        link.peer.until(upgrade.scene, Peer::has_written).await?;
        while !transport.is_closing() {
            upgrade.scene.turns(1).await;
        }
        upgrade.scene.turns(3).await;
        assert_eq!(link.log.calls(), [Call::Made, Call::Pause, Call::Eof]);
        link.peer.reset()?;
        let lost = upgrade.lost(&mut link).await?;
        let expected = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
        assert!(
            lost.is_some_and(|lost| expected.contains(&lost)),
            "{lost:?}"
        );
        Ok(())
    })
}

fn closing_with_much_queued_loses_nothing(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        let content = files::content(4_000_000);
        let (first, last) = content.split_at(3_000_000);
        transport.write(first)?;
        link.peer.steps(upgrade.scene, 3).await?;
        transport.write(last)?;
        transport.close();
        link.peer.until(upgrade.scene, peer_closed).await?;
        assert!(link.peer.plain() == content, "other bytes arrived");
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        Ok(())
    })
}
