//! Small writes that share a record.

use std::io::{Cursor, IoSlice};
use std::rc::Rc;

use loopline_core::tls::Progress;
use loopline_core::{EventLoop, FileSource, SendFileOptions, Transport};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::through_a_panic;
use crate::harness::tls::cut::records;
use crate::harness::tls::upgrade::{Link, Setting, Upgrade, over_cuts, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B66,
        small_writes_share_records,
        "Many small slices that are written at once leave in few records."
    ),
    case!(
        B66,
        small_writes_of_one_callback_are_one_record,
        "What a callback writes in small pieces leaves in one record."
    ),
    case!(
        B66,
        small_writes_of_one_poll_are_one_record,
        "What a task writes in small pieces before it waits leaves in one record, and counts as queued until then."
    ),
    case!(
        B66,
        small_writes_keep_their_place,
        "Small writes leave in order with large ones, with files, and before the end."
    ),
    case!(
        B66,
        small_writes_of_two_connections_leave,
        "Small writes that alternate between two connections leave on both, in order."
    ),
    case!(
        B66,
        more_small_writes_than_a_record_holds_leave,
        "Small writes that are more than a record holds leave in full records."
    ),
    case!(
        B66,
        an_abort_drops_small_writes,
        "What was written right before an abort is dropped, and the next connection's writes do not contain it."
    ),
    case!(
        B66,
        a_panic_keeps_small_writes,
        "What a task has written before it panics leaves when the loop goes on."
    ),
];

const LINE: &[u8] = b"a line\r\n";

fn small_writes_share_records(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = quiet(upgrade).await?;
        let lines = vec![IoSlice::new(LINE); 1000];
        transport.writelines(&lines)?;
        assert!(arriving(upgrade, &mut link, 8_000).await? < 100);
        upgrade.close(link, &transport).await
    })
}

/// A connection on which both sides have said all that they say by themselves.
async fn quiet(upgrade: &Upgrade<'_>) -> Result<(Rc<dyn Transport>, Link), Stop> {
    let (transport, mut link) = upgrade.secured().await?;
    upgrade.talk(&mut link, &transport).await?;
    link.peer.top()?.take_plain();
    link.peer.tap.clear();
    Ok((transport, link))
}

/// Waits for so many bytes, and says in how many records they came.
async fn arriving(upgrade: &Upgrade<'_>, link: &mut Link, count: usize) -> Result<usize, Stop> {
    link.peer.until_plain(upgrade.scene, count).await?;
    assert_eq!(link.peer.plain().len(), count, "more has come");
    Ok(records(&link.peer.tap).len())
}

fn small_writes_of_one_callback_are_one_record(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let log = Log::default();
        let recorder = log.recorder().reacting(|call, transport| {
            if *call == Call::Data(3) {
                for _ in 0..100 {
                    transport.write(LINE)?;
                }
            }
            Ok(())
        });
        let mut link = upgrade.plain_of(log, recorder).await?;
        let transport = upgrade.secure(&mut link).await?;
        upgrade.talk(&mut link, &transport).await?;
        link.peer.top()?.take_plain();
        link.peer.tap.clear();
        link.peer.send(b"now")?;
        assert_eq!(arriving(upgrade, &mut link, 800).await?, 1);
        assert!(link.peer.plain() == LINE.repeat(100));
        upgrade.close(link, &transport).await
    })
}

fn small_writes_of_one_poll_are_one_record(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = quiet(upgrade).await?;
        for _ in 0..100 {
            transport.write(LINE)?;
        }
        assert_eq!(transport.write_buffer_size(), 800);
        upgrade.scene.turns(1).await;
        assert_eq!(transport.write_buffer_size(), 0);
        assert_eq!(arriving(upgrade, &mut link, 800).await?, 1);
        // Whoever sets the marks wants to know what waits for the peer.
        transport.write(LINE)?;
        transport.set_write_buffer_limits(None, None)?;
        assert_eq!(transport.write_buffer_size(), 0);
        assert_eq!(arriving(upgrade, &mut link, 808).await?, 2);
        upgrade.close(link, &transport).await
    })
}

fn small_writes_keep_their_place(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = quiet(upgrade).await?;
        let large = files::content(100_000);
        transport.write(b"one ")?;
        transport.write(&large)?;
        transport.write(b"two ")?;
        let source = FileSource::reader(Cursor::new(b"file ".to_vec()));
        let sending = upgrade
            .scene
            .sendfile(&transport, source, SendFileOptions::default());
        link.peer.alongside(upgrade.scene, sending).await??;
        transport.write(b"three ")?;
        transport.writelines(&[IoSlice::new(&large), IoSlice::new(b"four ")])?;
        transport.write(b"five")?;
        transport.close();
        let closed =
            |peer: &crate::harness::tls::peer::Peer| peer.progress() == Progress::PeerClosed;
        link.peer.until(upgrade.scene, closed).await?;
        let expected = [
            &b"one "[..],
            &large,
            b"two file three ",
            &large,
            b"four five",
        ];
        assert!(link.peer.plain() == expected.concat(), "other bytes left");
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        Ok(())
    })
}

fn small_writes_of_two_connections_leave(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (one, mut link) = quiet(upgrade).await?;
        let (other, mut second) = quiet(upgrade).await?;
        for _ in 0..10 {
            one.write(b"one")?;
            other.write(b"other")?;
            other.write(b"again")?;
        }
        arriving(upgrade, &mut link, 30).await?;
        // What is written at once is joined all the same.
        assert_eq!(arriving(upgrade, &mut second, 100).await?, 10);
        assert!(link.peer.plain() == b"one".repeat(10));
        assert!(second.peer.plain() == b"otheragain".repeat(10));
        upgrade.close(link, &one).await?;
        upgrade.close(second, &other).await
    })
}

fn more_small_writes_than_a_record_holds_leave(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = quiet(upgrade).await?;
        let content = files::content(200_000);
        for part in content.chunks(1_000) {
            transport.write(part)?;
        }
        // 16 of them are nearly a record.
        assert_eq!(arriving(upgrade, &mut link, 200_000).await?, 13);
        assert!(link.peer.plain() == content, "other bytes left");
        upgrade.close(link, &transport).await
    })
}

fn an_abort_drops_small_writes(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (aborted, mut link) = quiet(upgrade).await?;
        let (transport, mut other) = quiet(upgrade).await?;
        aborted.write(b"dropped")?;
        aborted.abort();
        assert_eq!(aborted.write_buffer_size(), 0);
        transport.write(b"kept")?;
        arriving(upgrade, &mut other, 4).await?;
        assert_eq!(other.peer.plain(), b"kept");
        assert_eq!(upgrade.lost(&mut link).await?, None);
        assert!(link.peer.plain().is_empty(), "it has left");
        upgrade.close(other, &transport).await
    })
}

fn a_panic_keeps_small_writes(context: &Context) -> Outcome {
    let place = std::cell::RefCell::new(None);
    let setting = Setting::ANY;
    through_a_panic(
        context,
        async |scene| {
            let secured = quiet(&Upgrade { scene, setting }).await?;
            secured.0.write(LINE)?;
            place.replace(Some(secured));
            panic!("a task of the case")
        },
        async |scene| {
            let upgrade = Upgrade { scene, setting };
            let (transport, mut link) = place.take().expect("a connection");
            assert_eq!(arriving(&upgrade, &mut link, LINE.len()).await?, 1);
            assert_eq!(link.peer.plain(), LINE);
            upgrade.close(link, &transport).await
        },
    )
}
