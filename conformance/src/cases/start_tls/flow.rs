//! Back-pressure, both ways.

use std::rc::Rc;

use loopline_core::{Flow, Transport};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::Call;
use crate::harness::tls::upgrade::{Link, Upgrade, over_sides};
use crate::verdict::{Outcome, Stop};

use super::Peer;

pub(super) const CASES: &[Case] = &[
    case!(
        B56,
        pausing_stops_delivery,
        "While reading is paused nothing is delivered, and afterwards everything is."
    ),
    case!(
        B56,
        a_paused_connection_takes_a_bounded_amount,
        "A peer of a paused connection is stopped by the network: what it sends is not hoarded."
    ),
    case!(
        B57,
        limits_have_defaults_and_an_order,
        "A missing mark is made of the other, and marks in the wrong order are refused."
    ),
    case!(
        B58,
        the_protocol_is_paused_above_the_mark,
        "The protocol is told to pause when more waits than the high mark, and not when it is as much."
    ),
    case!(
        B59,
        what_waits_below_counts,
        "Ciphertext that waits in the connection below is part of the size of the buffer, and pauses the protocol."
    ),
    case!(
        B60,
        resuming_delivers_in_a_later_turn,
        "resume_reading delivers nothing by itself; what is there comes in a later turn."
    ),
];

fn pausing_stops_delivery(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        upgrade.talk(&mut link, &transport).await?;
        for _ in 0..2 {
            transport.pause_reading();
            assert!(!transport.is_reading());
            let before = link.log.data().len();
            link.peer.send(&files::content(100_000))?;
            link.peer.until(upgrade.scene, Peer::has_written).await?;
            link.peer.steps(upgrade.scene, 10).await?;
            assert_eq!(link.log.data().len(), before);
            // Writing goes on.
            let heard = link.peer.plain().len();
            transport.write(b"hello")?;
            link.peer.until_plain(upgrade.scene, heard + 5).await?;
            transport.resume_reading();
            let data = upgrade.data(&mut link, before + 100_000).await?;
            assert!(data[before..] == files::content(100_000));
        }
        upgrade.close(link, &transport).await
    })
}

fn a_paused_connection_takes_a_bounded_amount(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        transport.pause_reading();
        let content = files::content(4_000_000);
        link.peer.send(&content)?;
        link.peer.steps(upgrade.scene, 100).await?;
        assert!(!link.peer.has_written(), "everything was taken");
        assert_eq!(link.log.data().len(), 0);
        transport.resume_reading();
        let data = upgrade.data(&mut link, content.len()).await?;
        assert!(data == content, "other bytes arrived");
        upgrade.close(link, &transport).await
    })
}

fn limits_have_defaults_and_an_order(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, link) = upgrade.secured().await?;
        let marks = || {
            let limits = transport.write_buffer_limits();
            (limits.low, limits.high)
        };
        let default = marks();
        assert_eq!(default.0 * 4, default.1);
        transport.set_write_buffer_limits(Some(4000), None)?;
        assert_eq!(marks(), (1000, 4000));
        transport.set_write_buffer_limits(None, Some(3000))?;
        assert_eq!(marks(), (3000, 12_000));
        assert!(
            transport
                .set_write_buffer_limits(Some(10), Some(11))
                .is_err()
        );
        assert_eq!(marks(), (3000, 12_000));
        transport.set_write_buffer_limits(None, None)?;
        assert_eq!(marks(), default);
        upgrade.close(link, &transport).await
    })
}

/// A connection of which something waits to be sent.
async fn stuffed(upgrade: &Upgrade<'_>) -> Result<(Rc<dyn Transport>, Link, usize), Stop> {
    let mut link = upgrade.narrow().await?;
    let transport = upgrade.secure(&mut link).await?;
    transport.set_write_buffer_limits(Some(usize::MAX), None)?;
    let mut written = 0;
    while transport.write_buffer_size() < 100_000 {
        // Too much to wait for the end of the turn (line B66).
        transport.write(&[b'.'; 8192])?;
        written += 8192;
    }
    Ok((transport, link, written))
}

fn the_protocol_is_paused_above_the_mark(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link, written) = stuffed(upgrade).await?;
        let size = transport.write_buffer_size();
        transport.set_write_buffer_limits(Some(size), Some(0))?;
        assert_eq!(link.log.calls(), [Call::Made], "paused at the mark");
        assert!(!transport.is_writing_paused());
        transport.set_write_buffer_limits(Some(size - 1), Some(0))?;
        assert_eq!(link.log.calls(), [Call::Made, Call::Pause]);
        assert!(transport.is_writing_paused());
        link.peer.until_plain(upgrade.scene, written).await?;
        link.peer.steps(upgrade.scene, 5).await?;
        let calls = [Call::Made, Call::Pause, Call::Resume];
        assert_eq!(link.log.calls(), calls);
        assert_eq!(transport.write_buffer_size(), 0);
        upgrade.close(link, &transport).await
    })
}

fn what_waits_below_counts(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let mut link = upgrade.narrow().await?;
        let transport = upgrade.secure(&mut link).await?;
        let content = files::content(4_000_000);
        assert_eq!(transport.write(&content)?, Flow::Full);
        let size = transport.write_buffer_size();
        assert!(size > 2_000_000, "only {size} bytes are counted");
        assert_eq!(link.log.calls(), [Call::Made, Call::Pause]);
        link.peer.until_plain(upgrade.scene, content.len()).await?;
        link.peer.steps(upgrade.scene, 5).await?;
        let calls = [Call::Made, Call::Pause, Call::Resume];
        assert_eq!(link.log.calls(), calls);
        assert_eq!(transport.write_buffer_size(), 0);
        upgrade.close(link, &transport).await
    })
}

fn resuming_delivers_in_a_later_turn(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.pause_reading();
        link.peer.send(b"hello")?;
        link.peer.steps(upgrade.scene, 5).await?;
        transport.resume_reading();
        assert_eq!(link.log.calls(), [Call::Made], "it was delivered at once");
        transport.pause_reading();
        link.peer.steps(upgrade.scene, 5).await?;
        assert_eq!(
            link.log.calls(),
            [Call::Made],
            "it was delivered although paused"
        );
        transport.resume_reading();
        transport.resume_reading();
        assert_eq!(upgrade.data(&mut link, 5).await?, b"hello");
        transport.close();
        // Nothing to resume: no deadlock, no callback.
        transport.resume_reading();
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        Ok(())
    })
}
