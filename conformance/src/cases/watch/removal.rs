//! Removal is at once: for calls that are due, and for the kernel.

use std::io::Write;
use std::net::TcpStream;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, LoopHandle};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::{Scene, on_abandoned_loop, on_loop};
use crate::harness::sockets;
use crate::harness::trace::Trace;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        C7,
        a_call_that_is_due_does_not_come,
        "Of two readers that are due in one turn, the one that is removed by the other is not called."
    ),
    case!(
        C7,
        a_writer_that_its_reader_removes_is_not_called,
        "A reader that removes the writer of its own descriptor keeps it from being called."
    ),
    case!(
        C8,
        a_callback_may_remove_itself,
        "A callback that removes itself is called once."
    ),
    case!(
        C8,
        a_callback_may_remove_itself_and_close,
        "A callback may remove and close its own descriptor."
    ),
    case!(
        C9,
        what_is_set_anew_in_a_turn_waits_for_the_next,
        "A reader that another one sets anew is called after the next wait, and its predecessor never."
    ),
    case!(
        C9,
        what_is_removed_and_set_anew_in_a_turn_waits_for_the_next,
        "A reader that another one removes and sets anew is called after the next wait, and its predecessor never."
    ),
    case!(
        C10,
        nothing_is_called_after_removal,
        "After the removal pending data calls nothing, however many turns pass."
    ),
    case!(
        C25,
        removing_then_closing_at_once_is_safe,
        "A descriptor that is removed and closed at once disturbs nothing."
    ),
    case!(
        C26,
        removal_reaches_the_kernel_at_once,
        "After a removal and a close nothing is reported, though a duplicate is open and readable."
    ),
    case!(
        C26,
        removing_one_direction_reaches_the_kernel_at_once,
        "A reader that is removed beside a writer does not wake the loop any more."
    ),
    case!(
        C33,
        a_call_that_is_due_comes_though_its_descriptor_is_closed,
        "A call that is due comes even if the descriptor was closed without being removed."
    ),
    case!(
        C44,
        closing_a_watched_descriptor_closes_it,
        "The loop holds no descriptor of the user: closing a watched socket ends the connection."
    ),
];

/// Two readable connections, and a trace of their readers, of which the first
/// to be called does `first` to the other.
async fn rivals(
    scene: &Scene<'_>,
    first: impl Fn(&LoopHandle, &TcpStream, &Trace<&'static str>) -> Outcome + 'static,
) -> Result<([Rc<TcpStream>; 2], Trace<&'static str>), Stop> {
    let ((left, mut to_left), (right, mut to_right)) = (sockets::pair()?, sockets::pair()?);
    let (left, right) = (Rc::new(left), Rc::new(right));
    let trace = Trace::new();
    let first = Rc::new(first);
    for (ours, other) in [(&left, &right), (&right, &left)] {
        let (calls, other) = (trace.clone(), Rc::clone(other));
        let (event_loop, first) = (scene.handle(), Rc::clone(&first));
        scene.add_reader(&**ours, move || {
            let is_first = calls.marks().is_empty();
            calls.mark("old");
            if is_first {
                let (next, turn) = (calls.clone(), event_loop.clone());
                turn.call_soon(move || next.mark("next turn"))?;
                if let Err(stop) = first(&event_loop, &other, &calls) {
                    return Err(format!("{stop:?}").into());
                }
            }
            Ok::<_, loopline_core::BoxError>(())
        })?;
    }
    scene.turns(2).await;
    trace.stays_silent();
    // Both are ready before the loop looks again.
    to_left.write_all(b"unread")?;
    to_right.write_all(b"unread")?;
    sockets::await_readable(&left)?;
    sockets::await_readable(&right)?;
    trace.until("next turn", 1).await;
    Ok(([left, right], trace))
}

fn a_call_that_is_due_does_not_come(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (watched, trace) = rivals(scene, |event_loop, other, _| {
            assert!(event_loop.remove_reader(&other)?);
            Ok(())
        })
        .await?;
        assert_eq!(trace.marks()[..2], ["old", "next turn"]);
        let left = watched.map(|ours| scene.remove_reader(&ours));
        let left = left.into_iter().collect::<Result<Vec<_>, _>>()?;
        assert_eq!(left.iter().filter(|was| **was).count(), 1);
        Ok(())
    })
}

fn a_writer_that_its_reader_removes_is_not_called(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let ours = Rc::new(ours);
        let calls = Trace::new();
        let (event_loop, watched, trace) = (scene.handle(), Rc::clone(&ours), calls.clone());
        scene.add_reader(&*ours, move || {
            trace.mark("read");
            event_loop.remove_writer(&watched).map(drop)
        })?;
        scene.add_writer(&*ours, calls.marking("write"))?;
        calls.until("read", 3).await;
        assert_eq!(calls.count("write"), 0);
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_callback_may_remove_itself(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let ours = Rc::new(ours);
        let calls = Trace::new();
        let (event_loop, watched, trace) = (scene.handle(), Rc::clone(&ours), calls.clone());
        scene.add_reader(&*ours, move || {
            trace.mark("read");
            event_loop.remove_reader(&watched).map(drop)
        })?;
        calls.until("read", 1).await;
        scene.turns(3).await;
        assert_eq!(calls.count("read"), 1);
        assert!(!scene.remove_reader(&ours)?);
        assert_eq!(Rc::strong_count(&ours), 1, "the callback is kept");
        Ok(())
    })
}

fn a_callback_may_remove_itself_and_close(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::readable_pair()?;
        let calls = Trace::new();
        let (event_loop, trace) = (scene.handle(), calls.clone());
        let watched = Rc::new(std::cell::Cell::new(None));
        let inside = Rc::clone(&watched);
        scene.add_reader(&ours, move || {
            trace.mark("read");
            let ours: Option<TcpStream> = inside.take();
            match ours {
                Some(ours) => event_loop.remove_reader(&ours).map(drop),
                None => Ok(()),
            }
        })?;
        watched.set(Some(ours));
        calls.until("read", 1).await;
        scene.turns(3).await;
        assert_eq!(calls.count("read"), 1);
        scene.context.doing("waiting for the peer to see the end");
        // Unread data makes it a reset.
        let ended = std::io::Read::read(&mut theirs, &mut [0]);
        assert!(!matches!(ended, Ok(1..)), "{ended:?}");
        Ok(())
    })
}

fn what_is_set_anew_in_a_turn_waits_for_the_next(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (watched, trace) = rivals(scene, |event_loop, other, trace| {
            event_loop.add_reader(other, trace.marking("new"))?;
            Ok(())
        })
        .await?;
        successor_comes_later(scene, watched, &trace).await
    })
}

fn what_is_removed_and_set_anew_in_a_turn_waits_for_the_next(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (watched, trace) = rivals(scene, |event_loop, other, trace| {
            assert!(event_loop.remove_reader(&other)?);
            event_loop.add_reader(other, trace.marking("new"))?;
            Ok(())
        })
        .await?;
        successor_comes_later(scene, watched, &trace).await
    })
}

async fn successor_comes_later(
    scene: &Scene<'_>,
    watched: [Rc<TcpStream>; 2],
    trace: &Trace<&'static str>,
) -> Outcome {
    trace.until("new", 2).await;
    let marks = trace.marks();
    assert_eq!(marks[..2], ["old", "next turn"], "{marks:?}");
    // The first goes on being called, once a turn as its rival's successor.
    let (old, new) = (trace.count("old"), trace.count("new"));
    assert!(old.abs_diff(new) <= 1, "{marks:?}");
    for ours in watched {
        assert!(scene.remove_reader(&ours)?);
    }
    Ok(())
}

fn nothing_is_called_after_removal(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::readable_pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        scene.add_writer(&ours, calls.marking("write"))?;
        calls.until("read", 1).await;
        assert!(scene.remove_reader(&ours)?);
        assert!(scene.remove_writer(&ours)?);
        calls.clear();
        theirs.write_all(b"more")?;
        scene.turns(4).await;
        calls.stays_silent();
        Ok(())
    })
}

fn removing_then_closing_at_once_is_safe(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (witness, _peer) = sockets::readable_pair()?;
        let calls = Trace::new();
        scene.add_reader(&witness, calls.marking("witness"))?;
        for _ in 0..20 {
            let (ours, _theirs) = sockets::readable_pair()?;
            scene.add_reader(&ours, calls.marking("closed"))?;
            scene.add_writer(&ours, calls.marking("closed"))?;
            assert!(scene.remove_reader(&ours)?);
            assert!(scene.remove_writer(&ours)?);
            drop(ours);
            scene.turns(1).await;
        }
        assert_eq!(calls.count("closed"), 0);
        assert!(calls.count("witness") >= 10);
        assert!(scene.remove_reader(&witness)?);
        assert_eq!(scene.snapshot().dead_events, 0);
        Ok(())
    })
}

fn removal_reaches_the_kernel_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let duplicate = ours.try_clone()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        scene.turns(1).await;
        assert!(scene.remove_reader(&ours)?);
        drop(ours);
        theirs.write_all(b"unread")?;
        sockets::await_readable(&duplicate)?;
        scene.turns(3).await;
        assert_eq!(calls.count("read"), 0);
        assert_eq!(scene.snapshot().dead_events, 0, "the kernel still reports");
        Ok(())
    })
}

fn removing_one_direction_reaches_the_kernel_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (mut ours, mut theirs) = sockets::pair()?;
        sockets::fill(&mut ours)?;
        theirs.write_all(b"unread")?;
        sockets::await_readable(&ours)?;
        let calls = Trace::new();
        scene.add_writer(&ours, calls.marking("write"))?;
        scene.add_reader(&ours, calls.marking("read"))?;
        calls.until("read", 1).await;
        assert!(scene.remove_reader(&ours)?);
        let before = scene.snapshot().turns;
        scene.sleep(Duration::from_millis(30)).await;
        let turns = scene.snapshot().turns - before;
        // One for the turn, one for the timer, and a few that came early.
        assert!(turns < 10, "{turns} turns within one sleep");
        assert_eq!(calls.count("write"), 0);
        assert!(scene.remove_writer(&ours)?);
        Ok(())
    })
}

fn a_call_that_is_due_comes_though_its_descriptor_is_closed(context: &Context) -> Outcome {
    on_abandoned_loop(context, async |scene| {
        let ((left, mut to_left), (right, mut to_right)) = (sockets::pair()?, sockets::pair()?);
        let calls = Trace::new();
        let open = Rc::new(std::cell::RefCell::new(Vec::new()));
        for ours in [&left, &right] {
            let (calls, open) = (calls.clone(), Rc::clone(&open));
            scene.add_reader(ours, move || {
                calls.mark("read");
                // Without removing them: the kernel forgets them.
                drop(open.take());
            })?;
        }
        to_left.write_all(b"unread")?;
        to_right.write_all(b"unread")?;
        sockets::await_readable(&left)?;
        sockets::await_readable(&right)?;
        open.borrow_mut().extend([left, right]);
        calls.until("read", 2).await;
        scene.turns(3).await;
        assert_eq!(calls.count("read"), 2);
        Ok(())
    })
}

fn closing_a_watched_descriptor_closes_it(context: &Context) -> Outcome {
    on_abandoned_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        // Without the end there is nothing to wait for, and an error says so
        // sooner than the watchdog.
        theirs.set_read_timeout(Some(Duration::from_secs(5)))?;
        scene.add_reader(&ours, || {})?;
        drop(ours);
        scene.context.doing("waiting for the peer to see the end");
        assert_eq!(std::io::Read::read(&mut theirs, &mut [0])?, 0);
        Ok(())
    })
}
