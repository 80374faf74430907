//! Connections: the end of the stream, and of half of it.

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::rc::Rc;

use loopline_core::{EventLoopExt, Flow};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, over_each};
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        D25,
        the_end_closes_unless_it_is_kept_open,
        "After the peer's end the connection closes, once what was written has left."
    )
    .anywhere(),
    case!(
        D25,
        a_kept_end_leaves_writing,
        "If `eof_received` keeps the connection, the peer goes on receiving."
    )
    .anywhere(),
    case!(
        D26,
        the_end_is_told_once,
        "After a kept end `is_reading` is false, and pausing and resuming tell no second end."
    )
    .anywhere(),
    case!(
        D27,
        data_comes_before_an_immediate_end,
        "What a peer sends before it closes at once is all delivered before the end."
    )
    .anywhere(),
    case!(
        D28,
        both_halves_can_be_ended,
        "The peer's end, then ours, then close: the connection is lost without an error."
    )
    .anywhere(),
    case!(
        D28,
        ending_first_does_not_stop_reading,
        "After `write_eof` data and the peer's end still arrive."
    )
    .anywhere(),
];

fn the_end_closes_unless_it_is_kept_open(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            let written = connections::stuff(&transport)?;
            theirs.shutdown_write()?;
            log.until(|calls, _| calls.contains(&Call::Eof)).await;
            scene.turns(2).await;
            assert!(transport.is_closing());
            assert_eq!(transport.write(b"late")?, Flow::Closed);
            let reader = theirs.reader();
            assert_eq!(log.until_lost().await, None);
            assert_eq!(reader.bytes().await?.len(), written);
            Ok(())
        })
        .await
    })
}

fn a_kept_end_leaves_writing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let recorder = log.recorder().keep_open();
            let (transport, mut theirs) = connections::peer_over(scene, kind, recorder).await?;
            theirs.shutdown_write()?;
            log.until(|calls, _| calls.contains(&Call::Eof)).await;
            scene.turns(5).await;
            assert!(!transport.is_closing());
            transport.write(b"answer")?;
            let mut answer = [0; 6];
            theirs.read_exact(&mut answer)?;
            assert_eq!(&answer, b"answer");
            transport.close();
            assert_eq!(log.until_lost().await, None);
            Ok(())
        })
        .await
    })
}

fn the_end_is_told_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let recorder = log.recorder().keep_open();
            let (transport, theirs) = connections::peer_over(scene, kind, recorder).await?;
            theirs.shutdown_write()?;
            log.until(|calls, _| calls.contains(&Call::Eof)).await;
            assert!(!transport.is_reading());
            transport.pause_reading();
            transport.resume_reading();
            assert!(!transport.is_reading());
            scene.turns(5).await;
            assert_eq!(log.calls(), [Call::Made, Call::Eof]);
            Ok(())
        })
        .await
    })
}

fn data_comes_before_an_immediate_end(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            // More than one read's worth, unless the kernel holds less.
            let content = files::content(40_000);
            let (ours, mut theirs) = kind.pair(scene).await?;
            theirs.write_all(&content)?;
            drop(theirs);
            let log = Log::default();
            let recorder = log.recorder().reacting(|call, transport| {
                if matches!(call, Call::Data(_)) {
                    transport.pause_reading();
                    transport.resume_reading();
                }
                Ok(())
            });
            let (_transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
            assert_eq!(log.until_lost().await, None);
            assert!(log.data() == content);
            assert_eq!(log.calls()[2..], [Call::Eof, Call::Lost(None)]);
            Ok(())
        })
        .await
    })
}

fn both_halves_can_be_ended(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let recorder = log.recorder().keep_open().reacting(|call, transport| {
                if *call == Call::Eof {
                    transport.write_eof()?;
                }
                Ok(())
            });
            let (transport, mut theirs) = connections::peer_over(scene, kind, recorder).await?;
            theirs.shutdown_write()?;
            let mut rest = Vec::new();
            log.until(|calls, _| calls.contains(&Call::Eof)).await;
            theirs.read_to_end(&mut rest)?;
            scene.turns(5).await;
            assert!(!transport.is_closing());
            transport.close();
            assert_eq!(log.until_lost().await, None);
            assert_eq!(log.calls(), [Call::Made, Call::Eof, Call::Lost(None)]);
            Ok(())
        })
        .await
    })
}

fn ending_first_does_not_stop_reading(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let order = Rc::new(RefCell::new(Vec::new()));
            let ended = Rc::new(Cell::new(false));
            let (noted, seen) = (Rc::clone(&order), Rc::clone(&ended));
            let recorder = log.recorder().reacting(move |call, _| {
                noted.borrow_mut().push((call.clone(), seen.get()));
                Ok(())
            });
            let (transport, mut theirs) = connections::peer_over(scene, kind, recorder).await?;
            transport.write_eof()?;
            ended.set(true);
            let mut rest = Vec::new();
            theirs.read_to_end(&mut rest)?;
            theirs.write_all(b"still talking")?;
            drop(theirs);
            assert_eq!(log.until_lost().await, None);
            assert_eq!(log.data(), b"still talking");
            assert_eq!(order.borrow()[1], (Call::Data(13), true));
            Ok(())
        })
        .await
    })
}
