//! Descriptors that are closed under a watch, and their numbers.

use std::io::Write;
use std::time::Duration;

use loopline_core::backend::{AsSource, Interest, Key};
use loopline_core::{EventLoop, EventLoopExt, Severity, WatchError};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::Driver;
use crate::harness::recorder::Log;
use crate::harness::scene::on_loop;
use crate::harness::trace::Trace;
use crate::harness::{os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        C27,
        a_number_that_is_used_again_is_watched_anew,
        "A descriptor with the number of one that was closed under its watch gets its own calls."
    )
    .isolated(),
    case!(
        C28,
        a_stale_callback_is_not_called_for_a_reused_number,
        "A descriptor with the number of one that was closed under its watch does not call that one's callbacks."
    )
    .isolated(),
    case!(
        C28,
        a_stale_reader_does_not_join_a_new_writer,
        "Adding a writer to a descriptor with a reused number does not revive the reader of the one before."
    )
    .isolated(),
    case!(
        C28,
        removing_a_stale_writer_does_not_arm_a_stale_reader,
        "Removing one callback of a closed descriptor by a new one of its number does not arm the other for that."
    )
    .isolated(),
    case!(
        C28,
        a_transport_may_get_a_stale_number,
        "A transport over a descriptor with a reused number gets its own events and nobody else does."
    )
    .isolated(),
    case!(
        C28,
        a_pending_call_is_not_made_for_a_reused_number,
        "A number that is closed, used again and watched within one turn is not called in that turn."
    )
    .isolated(),
    case!(
        C18,
        a_file_with_a_stale_number_is_unsupported,
        "A file with the number of a watched and closed descriptor is refused, and what was there is forgotten."
    )
    .isolated()
    .needs(Need::REFUSABLE_SOURCES),
    case!(
        C29,
        a_closed_descriptor_keeps_nobody_busy,
        "A descriptor that is closed under its watch, with something to read, does not keep the loop from waiting."
    )
    .needs(Need::SYSTEM_CLOCK)
    .isolated(),
    case!(
        C31,
        events_for_dead_keys_are_dropped_counted_and_reported_once,
        "What a backend still reports of a closed descriptor, because a duplicate is open, is dropped, counted, and warned of once."
    )
    .isolated(),
];

fn a_number_that_is_used_again_is_watched_anew(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("old"))?;
        scene.turns(1).await;
        let (ours, _theirs) = sockets::successor(ours)?;
        scene.add_reader(&ours, calls.marking("new"))?;
        calls.until("new", 3).await;
        assert_eq!(calls.count("old"), 0);
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_stale_callback_is_not_called_for_a_reused_number(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("old"))?;
        scene.add_writer(&ours, calls.marking("old"))?;
        calls.until("old", 1).await;
        let (ours, _theirs) = sockets::successor(ours)?;
        calls.clear();
        scene.turns(3).await;
        calls.stays_silent();
        scene.remove_reader(&ours)?;
        scene.remove_writer(&ours)?;
        Ok(())
    })
}

fn a_stale_reader_does_not_join_a_new_writer(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("old"))?;
        let (ours, _theirs) = sockets::successor(ours)?;
        scene.add_writer(&ours, calls.marking("new"))?;
        calls.until("new", 3).await;
        assert_eq!(calls.count("old"), 0);
        let left = scene.snapshot();
        assert_eq!((left.readers, left.writers), (0, 1));
        assert!(!scene.remove_reader(&ours)?);
        assert!(scene.remove_writer(&ours)?);
        Ok(())
    })
}

fn removing_a_stale_writer_does_not_arm_a_stale_reader(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("old"))?;
        scene.add_writer(&ours, calls.marking("old"))?;
        let (ours, _theirs) = sockets::successor(ours)?;
        scene.remove_writer(&ours)?;
        scene.turns(3).await;
        calls.stays_silent();
        assert!(!scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_transport_may_get_a_stale_number(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("old"))?;
        let (ours, mut theirs) = sockets::successor(ours)?;
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
        theirs.write_all(b", and more")?;
        log.until_data(16).await;
        assert_eq!(log.data(), b"unread, and more");
        calls.stays_silent();
        assert_eq!(scene.snapshot().readers, 0);
        transport.abort();
        assert_eq!(log.until_lost().await, None);
        Ok(())
    })
}

fn a_pending_call_is_not_made_for_a_reused_number(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        // Whichever of the two is called first replaces the other.
        let (left, mut to_left) = sockets::pair()?;
        let (right, mut to_right) = sockets::pair()?;
        let numbers = [left.as_source().number(), right.as_source().number()];
        let calls = Trace::new();
        let places = std::rc::Rc::new(std::cell::RefCell::new([None, None]));
        let kept = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        for (this, ours) in [&left, &right].into_iter().enumerate() {
            let (trace, places, kept) = (calls.clone(), places.clone(), kept.clone());
            let event_loop = scene.handle();
            scene.add_reader(ours, move || {
                trace.mark("old");
                let other: Option<std::net::TcpStream> = places.borrow_mut()[1 - this].take();
                let Some(other) = other else {
                    return Ok::<_, loopline_core::BoxError>(());
                };
                let made = sockets::successor(other).map_err(|stop| format!("{stop:?}"))?;
                event_loop.add_reader(&made.0, trace.marking("new"))?;
                let next = trace.clone();
                event_loop.call_soon(move || next.mark("next turn"))?;
                let this = places.borrow_mut()[this].take();
                if let Some(this) = this {
                    event_loop.remove_reader(&this)?;
                }
                kept.borrow_mut().push(made);
                Ok(())
            })?;
        }
        to_left.write_all(b"unread")?;
        to_right.write_all(b"unread")?;
        sockets::await_readable(&left)?;
        sockets::await_readable(&right)?;
        *places.borrow_mut() = [Some(left), Some(right)];
        calls.until("new", 2).await;
        assert_eq!(calls.marks()[..3], ["old", "next turn", "new"]);
        let made = kept.borrow_mut().pop();
        let (ours, _) = made.ok_or_else(|| Stop::failed("nothing was made"))?;
        assert!(numbers.contains(&ours.as_source().number()));
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_file_with_a_stale_number_is_unsupported(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::pair()?;
        let number = ours.as_source().number();
        scene.add_reader(&ours, || {})?;
        drop(ours);
        // Files and directories; kept, so that each has another number.
        let mut others = Vec::new();
        while others.len() < 64 {
            others.extend(os::unwatchable()?);
        }
        let has_number = |other: &&os::Unwatchable| other.source.as_source().number() == number;
        let Some(file) = others.iter().find(has_number) else {
            return Err(Stop::skipped("a file with the number of a closed socket"));
        };
        let file = &*file.source;
        let refused = scene.add_writer(file, || {});
        assert!(
            matches!(refused, Err(WatchError::Unsupported { .. })),
            "{refused:?}"
        );
        assert!(!scene.remove_reader(file)?);
        assert!(!scene.remove_writer(file)?);
        Ok(())
    })
}

fn a_closed_descriptor_keeps_nobody_busy(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        calls.until("read", 1).await;
        let vacancy = sockets::Vacancy::of(ours)?;
        // What has been fetched by now may still come.
        scene.turns(2).await;
        let (before, called) = (scene.snapshot().turns, calls.count("read"));
        scene.sleep(Duration::from_millis(20)).await;
        // Without a wait there would be thousands.
        assert!(scene.snapshot().turns - before < 10);
        assert_eq!(calls.count("read"), called);
        // Its watch goes with the number.
        let (next, _theirs) = vacancy.fill()?;
        scene.remove_reader(&next)?;
        Ok(())
    })
}

/// Whether the backend goes on reporting what was closed under its watch, for as
/// long as a duplicate is open.
fn reports_the_dead(context: &Context) -> Result<bool, Stop> {
    const OLD: Key = Key::new(7, 3);
    const NEW: Key = Key::new(7, 4);
    let mut driver = Driver::new(context)?;
    let (ours, _theirs) = sockets::readable_pair()?;
    driver.watch(&ours, OLD, Interest::READ)?;
    let _duplicate = ours.try_clone()?;
    let (ours, _theirs) = sockets::successor(ours)?;
    driver.watch(&ours, NEW, Interest::READ)?;
    Ok(!driver.linger()?.of(OLD).is_empty())
}

fn events_for_dead_keys_are_dropped_counted_and_reported_once(context: &Context) -> Outcome {
    let reports_the_dead = reports_the_dead(context)?;
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("old"))?;
        let duplicate = ours.try_clone()?;
        let (ours, _theirs) = sockets::successor(ours)?;
        scene.add_reader(&ours, calls.marking("new"))?;
        calls.until("new", 5).await;
        assert_eq!(calls.count("old"), 0);
        let dead = scene.snapshot().dead_events;
        assert_eq!(dead > 0, reports_the_dead, "{dead} events");
        let reports = scene.reports();
        assert_eq!(reports.len(), usize::from(dead > 0), "{reports:?}");
        for report in &reports {
            assert_eq!(report.severity, Severity::Warning);
        }
        // Also once nothing of the number is watched any more.
        assert!(scene.remove_reader(&ours)?);
        scene.turns(3).await;
        assert_eq!(scene.snapshot().dead_events > dead, reports_the_dead);
        drop(duplicate);
        let before = scene.snapshot().dead_events;
        scene.turns(3).await;
        assert_eq!(scene.snapshot().dead_events, before);
        Ok(())
    })
}
