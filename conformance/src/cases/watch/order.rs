//! Who is called when, and that nobody starves.

use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{BoxError, EventLoop, EventLoopExt};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::trace::Trace;
use crate::harness::{os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        C11,
        the_reader_comes_before_the_writer,
        "Of a descriptor that is ready for both the reader is called first."
    ),
    case!(
        C38,
        a_descriptor_that_is_always_ready_starves_nobody,
        "Beside a descriptor that is always ready, timers, callbacks and other descriptors go on."
    )
    .needs(Need::SYSTEM_CLOCK),
    case!(
        C38,
        a_descriptor_is_called_once_a_turn,
        "Every ready descriptor is called once before any is called again."
    ),
    case!(
        C39,
        callbacks_that_queue_themselves_starve_no_descriptor,
        "Callbacks and tasks that queue themselves again for ever do not keep descriptors from being called."
    ),
    case!(
        C40,
        a_batch_is_dispatched_before_timers,
        "Every descriptor that a wait has brought is called before a timer that is due in that turn."
    ),
    case!(
        C40,
        thousands_of_descriptors_are_called,
        "Of thousands of ready descriptors each is called."
    )
    .isolated(),
    case!(
        C52,
        a_watch_that_another_thread_asks_for_takes_effect,
        "A callback of another thread may add a reader while the loop waits, and it is called."
    ),
];

fn the_reader_comes_before_the_writer(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let calls = Trace::new();
        scene.add_writer(&ours, calls.marking("write"))?;
        scene.add_reader(&ours, calls.marking("read"))?;
        calls.until("write", 3).await;
        for pair in calls.marks().chunks(2) {
            assert_eq!(pair, ["read", "write"]);
        }
        assert!(scene.remove_reader(&ours)?);
        assert!(scene.remove_writer(&ours)?);
        Ok(())
    })
}

fn a_descriptor_that_is_always_ready_starves_nobody(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (busy, _peer) = sockets::readable_pair()?;
        let (ours, mut theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&busy, || {})?;
        scene.add_writer(&busy, || {})?;
        scene.add_reader(&ours, calls.marking("other"))?;
        scene.call_soon(calls.marking("callback"))?;
        scene.call_later(Duration::from_millis(5), calls.marking("timer"))?;
        calls.until("callback", 1).await;
        calls.until("timer", 1).await;
        assert_eq!(calls.count("other"), 0);
        theirs.write_all(b"unread")?;
        calls.until("other", 1).await;
        assert!(scene.remove_reader(&busy)?);
        assert!(scene.remove_writer(&busy)?);
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}

fn a_descriptor_is_called_once_a_turn(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let calls = Trace::new();
        let mut watched = Vec::new();
        for number in 0..20 {
            let (ours, theirs) = sockets::readable_pair()?;
            scene.add_reader(&ours, calls.marking(number))?;
            watched.push((ours, theirs));
        }
        calls.until(0, 4).await;
        let counts: Vec<_> = (0..20).map(|number| calls.count(number)).collect();
        let (least, most) = (counts.iter().min(), counts.iter().max());
        assert!(
            least
                .zip(most)
                .is_some_and(|(least, most)| most - least <= 1),
            "{counts:?}"
        );
        for (ours, _) in &watched {
            assert!(scene.remove_reader(&ours)?);
        }
        Ok(())
    })
}

fn callbacks_that_queue_themselves_starve_no_descriptor(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        queue_again(&scene.handle(), calls.clone());
        let restless = scene.spawn(std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            std::task::Poll::<()>::Pending
        }));
        theirs.write_all(b"unread")?;
        calls.until("read", 2).await;
        assert!(scene.remove_reader(&ours)?);
        restless.cancel();
        assert!(restless.await.is_err());
        Ok(())
    })
}

/// Queues itself until something was read.
fn queue_again(event_loop: &loopline_core::LoopHandle, calls: Trace<&'static str>) {
    let again = event_loop.clone();
    // A closed loop ends it too.
    let _ = event_loop.call_soon(move || {
        if calls.count("read") < 2 {
            queue_again(&again, calls);
        }
    });
}

fn a_batch_is_dispatched_before_timers(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let calls = Trace::new();
        let mut watched = Vec::new();
        for _ in 0..5 {
            let (ours, theirs) = sockets::pair()?;
            let ours = Rc::new(ours);
            let (event_loop, inside, trace) = (scene.handle(), Rc::clone(&ours), calls.clone());
            scene.add_reader(&*ours, move || {
                trace.mark("read");
                event_loop.remove_reader(&inside)?;
                Ok::<_, BoxError>(())
            })?;
            watched.push((ours, theirs));
        }
        for (ours, theirs) in &mut watched {
            theirs.write_all(b"unread")?;
            sockets::await_readable(ours)?;
        }
        scene.call_later(Duration::ZERO, calls.marking("timer"))?;
        calls.until("timer", 1).await;
        assert_eq!(
            calls.marks(),
            ["read", "read", "read", "read", "read", "timer"]
        );
        Ok(())
    })
}

fn thousands_of_descriptors_are_called(context: &Context) -> Outcome {
    // More than any backend of ours takes from the kernel at once.
    const COUNT: usize = 2500;
    os::allow_descriptors(COUNT as u64 + 1000)?;
    on_loop(context, async |scene| {
        let calls = Trace::new();
        let mut watched = Vec::new();
        for _ in 0..COUNT {
            let socket = Rc::new(sockets::echo()?);
            let (event_loop, inside, trace) = (scene.handle(), Rc::clone(&socket), calls.clone());
            scene.add_reader(&*socket, move || {
                trace.mark("read");
                event_loop.remove_reader(&inside)?;
                Ok::<_, BoxError>(())
            })?;
            watched.push(socket);
        }
        assert_eq!(scene.snapshot().readers, COUNT);
        for socket in &watched {
            socket.send(&[1])?;
            sockets::await_datagram(socket)?;
        }
        calls.until("read", COUNT).await;
        scene.turns(2).await;
        assert_eq!(calls.count("read"), COUNT);
        Ok(())
    })
}

fn a_watch_that_another_thread_asks_for_takes_effect(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, _theirs) = sockets::readable_pair()?;
        let (sender, receiver) = std::sync::mpsc::channel();
        let remote = scene.remote();
        let asking = std::thread::spawn(move || {
            remote.call_soon_threadsafe(move || {
                let event_loop = loopline_core::running_loop().ok_or("no loop is running")?;
                let handle = event_loop.clone();
                let ours = Rc::new(ours);
                let inside = Rc::clone(&ours);
                event_loop.add_reader(&*ours, move || {
                    handle.remove_reader(&inside)?;
                    sender.send(())?;
                    Ok::<_, BoxError>(())
                })?;
                Ok::<_, BoxError>(())
            })
        });
        while receiver.try_recv().is_err() {
            scene.sleep(Duration::from_millis(1)).await;
        }
        assert!(asking.join().is_ok_and(|asked| asked.is_ok()));
        Ok(())
    })
}
