//! Ends of the peer.

use std::io::ErrorKind;

use loopline_core::Severity;
use loopline_core::tls::Progress;

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::tls::upgrade::{over_cuts, over_sides};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B69,
        staying_open_is_not_possible,
        "That eof_received wants to stay open has no effect but a warning: the connection ends."
    ),
    case!(
        B72,
        the_peers_end_comes_after_its_data,
        "Data, then the end, then connection_lost without an error; the peer gets a close_notify."
    ),
    case!(
        B72,
        the_backlog_leaves_before_the_answer,
        "What was written before the peer's end still reaches it, before the close_notify."
    ),
    case!(
        B75,
        the_end_waits_while_reading_is_paused,
        "Data and a close_notify that come while reading is paused are delivered in order when it is resumed."
    ),
    case!(
        B76,
        a_truncated_stream_is_an_error,
        "A stream that ends without a close_notify, wherever it is cut, is no end in order: connection_lost is told."
    ),
    case!(
        B76,
        truncation_may_be_allowed,
        "Where truncation is allowed the end of the stream is an end in order."
    ),
    case!(
        B76,
        a_reset_is_an_error,
        "A connection that is reset is told as such."
    ),
];

fn staying_open_is_not_possible(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let log = Log::default();
        let recorder = log.recorder().keep_open();
        let mut link = upgrade.plain_of(log, recorder).await?;
        upgrade.secure(&mut link).await?;
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        assert_eq!(link.log.calls(), [Call::Made, Call::Eof, Call::Lost(None)]);
        let reports = upgrade.scene.reports();
        assert!(
            reports.len() == 1 && reports[0].severity == Severity::Warning,
            "{reports:?}"
        );
        link.peer.until_ended(upgrade.scene).await?;
        assert_eq!(link.peer.progress(), Progress::PeerClosed);
        Ok(())
    })
}

fn the_peers_end_comes_after_its_data(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        link.peer.send(b"the ")?;
        link.peer.send(b"last")?;
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        let calls = [Call::Made, Call::Data(8), Call::Eof, Call::Lost(None)];
        assert_eq!(link.log.calls(), calls);
        assert!(transport.is_closing());
        link.peer.until_ended(upgrade.scene).await?;
        assert_eq!(link.peer.progress(), Progress::PeerClosed);
        assert_eq!(link.peer.ended, Some(Ok(())));
        Ok(())
    })
}

fn the_backlog_leaves_before_the_answer(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        let content = files::content(3_000_000);
        transport.write(&content)?;
        link.peer.close()?;
        link.peer.until_ended(upgrade.scene).await?;
        assert!(link.peer.plain() == content, "other bytes arrived");
        assert_eq!(link.peer.progress(), Progress::PeerClosed);
        assert_eq!(upgrade.lost(&mut link).await?, None);
        Ok(())
    })
}

fn the_end_waits_while_reading_is_paused(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        for ends in [false, true] {
            let (transport, mut link) = upgrade.secured().await?;
            transport.pause_reading();
            link.peer.send(b"the last")?;
            link.peer.close()?;
            if ends {
                link.peer.end(upgrade.scene).await?;
            }
            link.peer
                .until(upgrade.scene, super::Peer::has_written)
                .await?;
            link.peer.steps(upgrade.scene, 10).await?;
            assert_eq!(link.log.calls(), [Call::Made]);
            transport.resume_reading();
            assert_eq!(upgrade.lost(&mut link).await?, None);
            let calls = [Call::Made, Call::Data(8), Call::Eof, Call::Lost(None)];
            assert_eq!(link.log.calls(), calls);
        }
        Ok(())
    })
}

fn a_truncated_stream_is_an_error(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        for missing in [0, 1, 100, usize::MAX] {
            let (transport, mut link) = upgrade.secured().await?;
            link.peer.send(b"whole")?;
            link.peer.top()?.send(&[b'x'; 200])?;
            let record = link.peer.top()?.take_wire();
            let kept = record.len().saturating_sub(missing);
            link.peer.say(&record[..kept]);
            link.peer.end(upgrade.scene).await?;
            let lost = upgrade.lost(&mut link).await?;
            assert_eq!(lost, Some(ErrorKind::UnexpectedEof));
            let data = if missing == 0 { 205 } else { 5 };
            let calls = [Call::Made, Call::Data(data), Call::Lost(lost)];
            assert_eq!(link.log.calls(), calls);
            assert!(transport.is_closing());
        }
        Ok(())
    })
}

fn truncation_may_be_allowed(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let options = upgrade.options().allow_truncation(true);
        let mut link = upgrade.plain().await?;
        upgrade.secure_with(&mut link, options).await?;
        link.peer.send(b"all of it")?;
        link.peer.end(upgrade.scene).await?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        let calls = [Call::Made, Call::Data(9), Call::Eof, Call::Lost(None)];
        assert_eq!(link.log.calls(), calls);
        Ok(())
    })
}

fn a_reset_is_an_error(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for allowed in [false, true] {
            let options = upgrade.options().allow_truncation(allowed);
            let mut link = upgrade.plain().await?;
            upgrade.secure_with(&mut link, options).await?;
            link.peer.reset()?;
            let lost = upgrade.lost(&mut link).await?;
            assert_eq!(lost, Some(ErrorKind::ConnectionReset));
            assert_eq!(link.log.calls(), [Call::Made, Call::Lost(lost)]);
        }
        Ok(())
    })
}
