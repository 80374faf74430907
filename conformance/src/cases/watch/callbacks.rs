//! Setting, replacing and removing callbacks.

use std::io;
use std::rc::Rc;

use loopline_core::backend::AsSource;
use loopline_core::{EventLoop, EventLoopExt, Severity};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::sockets;
use crate::harness::trace::Trace;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        C4,
        the_newest_callback_replaces_the_others,
        "Setting a callback again replaces the one before, which is dropped and not called any more."
    ),
    case!(
        C4,
        a_callback_may_replace_itself,
        "A callback that is replaced while it runs goes on to its end, and the new one is called next."
    ),
    case!(
        C5,
        directions_are_independent,
        "Adding and removing one direction leaves the other as it is."
    ),
    case!(
        C6,
        removal_tells_whether_there_was_anything,
        "Removing answers true if the callback was set, and false if it was not, was in the other direction, or is gone."
    ),
    case!(
        C14,
        a_failing_callback_stays_and_is_reported,
        "An error of a callback reaches the exception handler each time, and the watch stays."
    ),
    case!(
        C34,
        a_callback_keeps_what_it_captured,
        "What a callback has captured lives as long as its watch, and is dropped with it."
    ),
    case!(
        C50,
        the_snapshot_counts_what_is_watched,
        "The snapshot counts readers and writers as they come and go."
    ),
];

fn the_newest_callback_replaces_the_others(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let calls = Trace::new();
        let held = Rc::new(());
        let (first, hold) = (calls.clone(), Rc::clone(&held));
        scene.add_reader(&ours, move || {
            let _held = &hold;
            first.mark("first");
        })?;
        calls.until("first", 1).await;
        scene.add_reader(&ours, calls.marking("second"))?;
        assert_eq!(Rc::strong_count(&held), 1, "the first callback is kept");
        calls.clear();
        calls.until("second", 2).await;
        assert_eq!(calls.count("first"), 0);
        assert_eq!(scene.snapshot().readers, 1);
        assert!(scene.remove_reader(&ours)?);
        assert!(!scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_callback_may_replace_itself(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let ours = Rc::new(ours);
        let calls = Trace::new();
        let (event_loop, watched, trace) = (scene.handle(), Rc::clone(&ours), calls.clone());
        scene.add_reader(&*ours, move || {
            trace.mark("first");
            event_loop.add_reader(&*watched, trace.marking("second"))?;
            trace.mark("end of the first");
            Ok::<_, loopline_core::WatchError>(())
        })?;
        calls.until("second", 2).await;
        assert_eq!(calls.marks()[..3], ["first", "end of the first", "second"]);
        assert!(scene.remove_reader(&ours)?);
        assert_eq!(Rc::strong_count(&ours), 1, "the first callback is kept");
        Ok(())
    })
}

fn directions_are_independent(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        scene.add_writer(&ours, calls.marking("write"))?;
        calls.until("read", 2).await;
        calls.until("write", 2).await;
        assert!(scene.remove_reader(&ours)?);
        calls.clear();
        calls.until("write", 3).await;
        assert_eq!(calls.count("read"), 0);
        scene.add_reader(&ours, calls.marking("read"))?;
        calls.until("read", 2).await;
        assert!(scene.remove_writer(&ours)?);
        calls.clear();
        calls.until("read", 3).await;
        assert_eq!(calls.count("write"), 0);
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn removal_tells_whether_there_was_anything(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::pair()?;
        let source = ours.as_source();
        assert!(!scene.remove_reader(&source)?);
        assert!(!scene.remove_writer(&source)?);
        scene.add_reader(&ours, || {})?;
        assert!(!scene.remove_writer(&source)?);
        assert!(scene.remove_reader(&source)?);
        assert!(!scene.remove_reader(&source)?);
        scene.add_writer(&ours, || {})?;
        assert!(!scene.remove_reader(&source)?);
        assert!(scene.remove_writer(&source)?);
        assert!(!scene.remove_writer(&source)?);
        Ok(())
    })
}

fn a_failing_callback_stays_and_is_reported(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let calls = Trace::new();
        let trace = calls.clone();
        scene.add_reader(&ours, move || {
            trace.mark("read");
            Err::<(), _>(io::Error::other("no today"))
        })?;
        calls.until("read", 3).await;
        assert!(scene.remove_reader(&ours)?);
        let reports = scene.reports();
        assert_eq!(reports.len(), calls.count("read"));
        for report in reports {
            assert_eq!(report.severity, Severity::Error);
            assert!(report.text.contains("no today"), "{}", report.text);
        }
        Ok(())
    })
}

fn a_callback_keeps_what_it_captured(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let captured = Rc::new(Trace::new());
        let inside = Rc::clone(&captured);
        scene.add_reader(&ours, move || inside.mark("read"))?;
        captured.until("read", 2).await;
        assert_eq!(Rc::strong_count(&captured), 2);
        assert!(scene.remove_reader(&ours)?);
        assert_eq!(Rc::strong_count(&captured), 1);
        Ok(())
    })
}

fn the_snapshot_counts_what_is_watched(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let counts = || {
            let snapshot = scene.snapshot();
            (snapshot.readers, snapshot.writers)
        };
        let (ours, theirs) = sockets::pair()?;
        assert_eq!(counts(), (0, 0));
        scene.add_reader(&ours, || {})?;
        scene.add_reader(&theirs, || {})?;
        scene.add_writer(&ours, || {})?;
        scene.add_writer(&ours, || {})?;
        assert_eq!(counts(), (2, 1));
        assert!(scene.remove_reader(&ours)?);
        assert_eq!(counts(), (1, 1));
        assert!(scene.remove_writer(&ours)?);
        assert!(scene.remove_reader(&theirs)?);
        assert_eq!(counts(), (0, 0));
        Ok(())
    })
}
