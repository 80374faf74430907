//! Descriptors that a `Watched` owns.

use std::io::{ErrorKind, Read, Write};

use loopline_core::backend::AsSource;
use loopline_core::{EventLoop, EventLoopExt, WatchError, Watched};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::{os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        C1,
        waiting_to_read_is_level_triggered,
        "readable is ready again as long as something is left to be read, and waits afterwards."
    ),
    case!(
        C2,
        waiting_to_write_is_level_triggered,
        "writable is ready while there is room, waits while there is none, and is ready again when the peer has read."
    ),
    case!(
        C4,
        everybody_who_waits_goes_on,
        "Several that wait for one direction all go on, and one that gave up disturbs nobody."
    ),
    case!(
        C18,
        what_cannot_be_watched_is_given_back,
        "A descriptor without readiness is refused by a typed error, and comes back with it."
    )
    .needs(Need::REFUSABLE_SOURCES),
    case!(
        C20,
        an_owned_descriptor_is_its_owners,
        "A descriptor that is owned is refused to others, and one that others watch is refused to an owner."
    ),
    case!(
        C25,
        the_watch_ends_before_the_descriptor,
        "Dropping it ends the watch before the descriptor is closed: a duplicate that lives on causes no event."
    ),
    case!(
        C38,
        readiness_that_nobody_waits_for_costs_no_turns,
        "While something is left to be read and nobody waits, the loop sleeps."
    ),
];

fn waiting_to_read_is_level_triggered(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let ours = Watched::new(&scene.handle(), ours)?;
        theirs.write_all(b"ab")?;
        let mut byte = [0];
        for expected in [b"a", b"b"] {
            ours.readable().await?;
            ours.readable().await?;
            (&*ours.get_ref()).read_exact(&mut byte)?;
            assert_eq!(&byte, expected);
        }
        let mut waiting = Box::pin(ours.readable());
        assert!(!scene.ready_within(&mut waiting, 5).await?);
        drop(theirs);
        waiting.await?;
        let end = ours.read_with(|mut ours| ours.read(&mut byte)).await?;
        assert_eq!(end, 0);
        Ok(())
    })
}

fn waiting_to_write_is_level_triggered(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = sockets::pair()?;
        let ours = Watched::new(&scene.handle(), ours)?;
        ours.writable().await?;
        ours.writable().await?;
        sockets::fill(&mut &*ours.get_ref())?;
        let mut waiting = Box::pin(ours.writable());
        assert!(!scene.ready_within(&mut waiting, 5).await?);
        let reader = sockets::Reader::of(theirs);
        waiting.await?;
        ours.write_with(|mut ours| ours.write_all(b"x")).await?;
        drop(ours);
        assert!(reader.bytes()?.ends_with(b"x"));
        Ok(())
    })
}

fn everybody_who_waits_goes_on(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let ours = std::rc::Rc::new(Watched::new(&scene.handle(), ours)?);
        let wait = || {
            let ours = std::rc::Rc::clone(&ours);
            scene.spawn(async move { ours.readable().await })
        };
        let waiting = [wait(), wait(), wait()];
        scene.turns(3).await;
        waiting[1].cancel();
        theirs.write_all(b"data")?;
        let [first, second, third] = waiting;
        first.await??;
        assert!(second.await.is_err(), "it was cancelled");
        third.await??;
        Ok(())
    })
}

fn what_cannot_be_watched_is_given_back(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for unwatchable in os::unwatchable()? {
            let source = os::own_source(unwatchable.source.as_source())?;
            let number = source.as_source().number();
            let Err(refused) = Watched::new(&scene.handle(), source) else {
                return Err(Stop::failed(format_args!("{}", unwatchable.kind)));
            };
            assert!(
                matches!(refused.error(), WatchError::Unsupported { number: of } if *of == number),
                "{}: {refused:?}",
                unwatchable.kind
            );
            assert_eq!(refused.into_inner().as_source().number(), number);
        }
        assert_eq!(scene.snapshot().descriptors, 0);
        Ok(())
    })
}

fn an_owned_descriptor_is_its_owners(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let twin = ours.try_clone()?;
        let ours = Watched::new(&scene.handle(), ours)?;
        assert_eq!(scene.snapshot().descriptors, 1);
        for answer in [
            scene.add_reader(&*ours.get_ref(), || {}),
            scene.add_writer(&*ours.get_ref(), || {}),
        ] {
            assert!(
                matches!(answer, Err(WatchError::Owned { .. })),
                "{answer:?}"
            );
        }
        let ours = ours.into_inner();
        assert_eq!(scene.snapshot().descriptors, 0);
        scene.add_reader(&ours, || {})?;
        let Err(refused) = Watched::new(&scene.handle(), ours) else {
            return Err(Stop::failed("it has two watches"));
        };
        assert!(matches!(refused.error(), WatchError::Owned { .. }));
        let ours = refused.into_inner();
        assert!(scene.remove_reader(&ours)?);
        let ours = Watched::new(&scene.handle(), ours)?;
        theirs.write_all(b"data")?;
        ours.readable().await?;
        drop(twin);
        Ok(())
    })
}

fn the_watch_ends_before_the_descriptor(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let twin = ours.try_clone()?;
        let watched = Watched::new(&scene.handle(), ours)?;
        let mut waiting = Box::pin(watched.readable());
        assert!(!scene.ready_within(&mut waiting, 3).await?);
        drop(waiting);
        drop(watched);
        theirs.write_all(b"data")?;
        sockets::await_readable(&twin)?;
        scene.turns(5).await;
        assert_eq!(scene.snapshot().dead_events, 0);
        // The number is anybody's again.
        let watched = Watched::new(&scene.handle(), twin)?;
        watched.readable().await?;
        Ok(())
    })
}

fn readiness_that_nobody_waits_for_costs_no_turns(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let ours = Watched::new(&scene.handle(), ours)?;
        theirs.write_all(b"data")?;
        ours.readable().await?;
        let before = scene.snapshot().turns;
        scene.sleep(std::time::Duration::from_millis(50)).await;
        let turns = scene.snapshot().turns.wrapping_sub(before);
        assert!(turns < 10, "{turns} turns");
        ours.readable().await?;
        let mut buffer = [0; 10];
        let count = ours.try_io(|mut ours| ours.read(&mut buffer));
        assert!(matches!(count, Some(Ok(4))), "{count:?}");
        assert!(ours.try_io(|mut ours| ours.read(&mut buffer)).is_none());
        let interrupted = ours.try_io(|_| Err::<(), _>(ErrorKind::BrokenPipe.into()));
        assert!(matches!(interrupted, Some(Err(_))));
        Ok(())
    })
}
