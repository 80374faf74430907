//! Calls that block, on other threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use loopline_core::{Elapsed, EventLoopExt, JoinError, Loop};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::scene::{on_loop, through_a_panic};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E18,
        a_call_runs_on_another_thread,
        "A call that blocks runs on another thread while the loop goes on, and its result wakes the loop."
    ),
    case!(
        E18,
        so_many_calls_run_at_once,
        "No more calls run at once than were allowed; the others follow in their order."
    ),
    case!(
        E18,
        a_cancelled_call_is_not_begun,
        "A call that is cancelled before its turn never runs; one that has begun keeps its place until it ends."
    ),
    case!(
        E18,
        an_executor_that_was_shut_down_takes_nothing,
        "Shutting down waits for the calls there are, no longer than allowed; afterwards a call is refused."
    )
    .needs(Need::SYSTEM_CLOCK),
    case!(
        E18,
        a_call_may_outlive_its_loop,
        "A call that ends after its loop was closed calls nothing there."
    )
    .needs(Need::SYSTEM_CLOCK),
    case!(
        E15,
        a_panic_of_a_call_leaves_the_loop,
        "A panic of a call leaves the loop like that of a task; the executor can be used again."
    )
    .isolated(),
];

fn a_call_runs_on_another_thread(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (go, wait) = mpsc::channel::<()>();
        let call = scene.spawn_blocking(move || {
            let told = wait.recv();
            (thread::current().id(), told.is_ok())
        });
        scene.turns(5).await;
        assert!(!call.is_finished());
        go.send(())?;
        let (other, told) = call.await?;
        assert!(told);
        assert_ne!(other, thread::current().id());
        Ok(())
    })
}

fn so_many_calls_run_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        scene.set_executor_threads(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut calls = Vec::new();
        for number in 0..8 {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            calls.push(scene.spawn_blocking(move || {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                thread::sleep(Duration::from_millis(2));
                running.fetch_sub(1, Ordering::SeqCst);
                number
            }));
        }
        for (number, call) in calls.into_iter().enumerate() {
            assert_eq!(call.await?, number);
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
        Ok(())
    })
}

fn a_cancelled_call_is_not_begun(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        scene.set_executor_threads(1);
        let begun = Arc::new(AtomicUsize::new(0));
        let count = |by: usize| {
            let begun = Arc::clone(&begun);
            move || begun.fetch_add(by, Ordering::SeqCst)
        };
        let (go, wait) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let first = scene.spawn_blocking(move || {
            let sent = tell.send(());
            (sent, wait.recv()).1.is_ok()
        });
        while told.try_recv().is_err() {
            scene.turns(1).await;
        }
        let second = scene.spawn_blocking(count(1));
        let third = scene.spawn_blocking(count(10));
        scene.turns(2).await;
        first.cancel();
        second.cancel();
        assert_eq!(first.await, Err(JoinError::Cancelled));
        assert_eq!(second.await, Err(JoinError::Cancelled));
        scene.turns(3).await;
        assert!(!third.is_finished(), "the first one is still running");
        go.send(())?;
        third.await?;
        assert_eq!(begun.load(Ordering::SeqCst), 10);
        Ok(())
    })
}

fn an_executor_that_was_shut_down_takes_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (go, wait) = mpsc::channel::<()>();
        let call = scene.spawn_blocking(move || wait.recv().is_ok());
        scene.turns(2).await;
        let limit = Some(Duration::from_millis(1));
        assert_eq!(scene.shutdown_default_executor(limit).await, Err(Elapsed));
        let refused = scene.spawn_blocking(|| ()).await;
        assert_eq!(refused, Err(JoinError::ExecutorShutDown));
        go.send(())?;
        assert_eq!(scene.shutdown_default_executor(None).await, Ok(()));
        assert!(call.await?);
        Ok(())
    })
}

fn a_call_may_outlive_its_loop(context: &Context) -> Outcome {
    let (go, wait) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    {
        let event_loop = Loop::with_backend(context.backend()?);
        let call = event_loop.spawn_blocking(move || {
            let went = begin.send(()).is_ok() && wait.recv().is_ok();
            tell.send(went)
        });
        // One that has not begun by the end of its loop never does.
        while begun.try_recv().is_err() {
            event_loop.run_until_complete(event_loop.sleep(Duration::from_millis(1)))?;
        }
        assert!(!call.is_finished());
        event_loop.close()?;
        assert!(call.is_finished());
        let late = event_loop.spawn_blocking(|| ());
        assert!(late.is_finished());
    }
    go.send(())?;
    assert!(told.recv()?, "it ran to its end");
    Ok(())
}

fn a_panic_of_a_call_leaves_the_loop(context: &Context) -> Outcome {
    through_a_panic(
        context,
        async |scene| {
            let call = scene.spawn_blocking(|| panic!("on purpose"));
            let ended: Result<(), _> = call.await;
            Err(Stop::failed(format_args!("it went on: {ended:?}")))
        },
        async |scene| {
            assert_eq!(scene.spawn_blocking(|| 3).await?, 3);
            Ok(())
        },
    )
}
