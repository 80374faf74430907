//! When a watched descriptor is reported.

use std::io::Write;
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::trace::Trace;
use crate::harness::{os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        C1,
        a_reader_is_called_in_each_turn_until_it_is_read,
        "A reader is called in every turn in which there is something to read, and in no other."
    ),
    case!(
        C1,
        a_reader_is_called_for_what_comes_while_the_loop_sleeps,
        "Data that arrives during a wait ends the wait and calls the reader."
    ),
    case!(
        C2,
        a_writer_is_called_in_each_turn_until_it_is_full,
        "A writer is called in every turn in which there is room, and in no other."
    ),
    case!(
        C2,
        an_idle_writer_is_called_until_it_is_removed,
        "A writer that does not write is called in every turn until it is removed."
    ),
    case!(
        C13,
        the_end_of_a_stream_is_reported_until_removal,
        "The end of a stream counts as readable and is reported until the reader is removed."
    ),
    case!(
        C12,
        a_reset_calls_both_directions,
        "A reset calls the reader and the writer."
    ),
    case!(
        C12,
        a_reset_calls_a_reader_alone,
        "A reset calls the reader if there is no writer, and the one that was removed stays silent."
    ),
    case!(
        C12,
        a_reset_calls_a_writer_alone,
        "A reset calls the writer if there is no reader, and the one that was removed stays silent."
    ),
    case!(
        C12,
        a_pipe_that_nobody_reads_calls_its_writer,
        "The writer of a full pipe is called when the other end is closed."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        C30,
        duplicates_are_watched_each_for_itself,
        "A duplicate is a watch of its own: both are called, and one outlives the other."
    ),
];

fn a_reader_is_called_in_each_turn_until_it_is_read(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (mut ours, mut theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        scene.turns(2).await;
        assert_eq!(calls.count("read"), 0);
        theirs.write_all(b"unread")?;
        sockets::await_readable(&ours)?;
        scene.turns(2).await;
        let before = calls.count("read");
        scene.turns(5).await;
        let more = calls.count("read") - before;
        // A turn begins in the middle of one of the loop's.
        assert!((4..=6).contains(&more), "{more} calls in 5 turns");
        sockets::drain(&mut ours)?;
        scene.turns(2).await;
        calls.clear();
        scene.turns(3).await;
        assert_eq!(calls.count("read"), 0);
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_reader_is_called_for_what_comes_while_the_loop_sleeps(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        let peer = thread::spawn(move || {
            // Most likely the loop waits by then; if not, it is right as well.
            thread::sleep(Duration::from_millis(20));
            theirs.write_all(b"now").map(|()| theirs)
        });
        calls.until("read", 1).await;
        assert!(scene.remove_reader(&ours)?);
        assert!(peer.join().is_ok_and(|ended| ended.is_ok()));
        Ok(())
    })
}

fn a_writer_is_called_in_each_turn_until_it_is_full(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (mut ours, mut theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_writer(&ours, calls.marking("write"))?;
        calls.until("write", 3).await;
        sockets::fill(&mut ours)?;
        scene.turns(2).await;
        calls.clear();
        scene.turns(3).await;
        assert_eq!(calls.count("write"), 0);
        theirs.set_nonblocking(true)?;
        scene
            .context
            .doing("reading until the other end is writable");
        while calls.count("write") == 0 {
            sockets::drain(&mut theirs)?;
            scene.turns(1).await;
        }
        assert!(scene.remove_writer(&ours)?);
        Ok(())
    })
}

fn an_idle_writer_is_called_until_it_is_removed(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_writer(&ours, calls.marking("write"))?;
        scene.turns(2).await;
        let before = calls.count("write");
        scene.turns(5).await;
        assert!(calls.count("write") >= before + 4);
        assert!(scene.remove_writer(&ours)?);
        calls.clear();
        scene.turns(3).await;
        assert_eq!(calls.count("write"), 0);
        Ok(())
    })
}

fn the_end_of_a_stream_is_reported_until_removal(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        theirs.shutdown(Shutdown::Write)?;
        calls.until("read", 4).await;
        assert_eq!(ours.peek(&mut [0])?, 0);
        assert!(scene.remove_reader(&ours)?);
        calls.clear();
        scene.turns(3).await;
        assert_eq!(calls.count("read"), 0);
        Ok(())
    })
}

fn a_reset_calls_both_directions(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (mut ours, theirs) = sockets::pair()?;
        sockets::fill(&mut ours)?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        scene.add_writer(&ours, calls.marking("write"))?;
        scene.turns(3).await;
        calls.stays_silent();
        sockets::reset(theirs)?;
        calls.until("read", 2).await;
        calls.until("write", 2).await;
        assert!(scene.remove_reader(&ours)?);
        assert!(scene.remove_writer(&ours)?);
        Ok(())
    })
}

fn a_reset_calls_a_reader_alone(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (mut ours, theirs) = sockets::pair()?;
        sockets::fill(&mut ours)?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        scene.add_writer(&ours, calls.marking("write"))?;
        assert!(scene.remove_writer(&ours)?);
        sockets::reset(theirs)?;
        calls.until("read", 3).await;
        assert_eq!(calls.count("write"), 0);
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_reset_calls_a_writer_alone(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (mut ours, theirs) = sockets::pair()?;
        sockets::fill(&mut ours)?;
        let calls = Trace::new();
        scene.add_writer(&ours, calls.marking("write"))?;
        scene.add_reader(&ours, calls.marking("read"))?;
        assert!(scene.remove_reader(&ours)?);
        sockets::reset(theirs)?;
        calls.until("write", 3).await;
        assert_eq!(calls.count("read"), 0);
        assert!(scene.remove_writer(&ours)?);
        Ok(())
    })
}

fn a_pipe_that_nobody_reads_calls_its_writer(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (reader, mut writer) = os::pipe()?;
        sockets::fill(&mut writer)?;
        let calls = Trace::new();
        scene.add_writer(&writer, calls.marking("write"))?;
        scene.turns(3).await;
        assert_eq!(calls.count("write"), 0);
        drop(reader);
        calls.until("write", 2).await;
        assert!(scene.remove_writer(&writer)?);
        Ok(())
    })
}

fn duplicates_are_watched_each_for_itself(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let duplicate = ours.try_clone()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("ours"))?;
        scene.add_reader(&duplicate, calls.marking("duplicate"))?;
        theirs.write_all(b"unread")?;
        calls.until("ours", 2).await;
        calls.until("duplicate", 2).await;
        assert!(scene.remove_reader(&ours)?);
        drop(ours);
        calls.clear();
        calls.until("duplicate", 2).await;
        assert_eq!(calls.count("ours"), 0);
        assert!(scene.remove_reader(&duplicate)?);
        Ok(())
    })
}
