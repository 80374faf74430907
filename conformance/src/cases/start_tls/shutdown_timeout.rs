//! How long ends of this side may take.

use std::io::ErrorKind;
use std::time::Duration;

use loopline_core::EventLoop;
use loopline_core::tls::Progress;

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::tls::upgrade::{once, over_sides};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B77,
        a_peer_that_never_answers_is_not_waited_for,
        "Once everything has left, a peer that does not answer close_notify is waited for a moment, and that is no error."
    ),
    case!(
        B77,
        a_peer_that_never_reads_runs_out_of_time,
        "Where what was written cannot leave, the connection is aborted after the shutdown timeout, and connection_lost is told."
    ),
    case!(
        B77,
        the_limit_may_be_set_while_closing,
        "A limit that is set while what was written cannot leave counts from then on."
    ),
    case!(
        B78,
        no_timer_is_left,
        "After a connection has ended in order no timer of it is left."
    ),
];

fn a_peer_that_never_answers_is_not_waited_for(context: &Context) -> Outcome {
    once(context, async |upgrade| {
        let options = upgrade
            .options()
            .shutdown_timeout(Duration::from_millis(50));
        let mut link = upgrade.plain().await?;
        let transport = upgrade.secure_with(&mut link, options).await?;
        transport.write(b"the last")?;
        transport.close();
        assert_eq!(upgrade.lost(&mut link).await?, None);
        link.peer.until_ended(upgrade.scene).await?;
        assert_eq!(link.peer.plain(), b"the last");
        assert_eq!(link.peer.progress(), Progress::PeerClosed);
        // By default it is not the half minute of asyncio either.
        let (transport, mut link) = upgrade.secured().await?;
        transport.close();
        assert_eq!(upgrade.lost(&mut link).await?, None);
        Ok(())
    })
}

fn a_peer_that_never_reads_runs_out_of_time(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let options = upgrade
            .options()
            .shutdown_timeout(Duration::from_millis(50));
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure_with(&mut link, options).await?;
        link.peer.reads = false;
        transport.write(&files::content(4_000_000))?;
        let begun = upgrade.scene.time();
        transport.close();
        let lost = upgrade.lost(&mut link).await?;
        assert_eq!(lost, Some(ErrorKind::TimedOut));
        let elapsed = upgrade.scene.time() - begun;
        assert!(
            elapsed >= Duration::from_millis(50),
            "it was early: {elapsed:?}"
        );
        Ok(())
    })
}

fn the_limit_may_be_set_while_closing(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        link.peer.reads = false;
        transport.write(&files::content(4_000_000))?;
        transport.close();
        upgrade.scene.turns(3).await;
        let limit = Duration::from_millis(20);
        let begun = upgrade.scene.time();
        transport.set_close_timeout(Some(limit));
        // By default it is half a minute, which no case lasts.
        let lost = upgrade.lost(&mut link).await?;
        assert_eq!(lost, Some(ErrorKind::TimedOut));
        assert!(upgrade.scene.time() - begun >= limit, "it was early");
        Ok(())
    })
}

fn no_timer_is_left(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let timers = upgrade.scene.snapshot().timers;
        let (transport, link) = upgrade.secured().await?;
        assert_eq!(upgrade.scene.snapshot().timers, timers, "of the handshake");
        upgrade.close(link, &transport).await?;
        assert_eq!(upgrade.scene.snapshot().timers, timers, "of the end");
        let (transport, mut link) = upgrade.secured().await?;
        link.peer.close()?;
        upgrade.lost(&mut link).await?;
        assert_eq!(upgrade.scene.snapshot().timers, timers, "of the peer's end");
        transport.close();
        transport.abort();
        assert_eq!(upgrade.scene.snapshot().timers, timers, "after the end");
        Ok(())
    })
}
