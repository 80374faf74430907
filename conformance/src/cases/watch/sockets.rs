//! What an operation on a raw socket leaves behind.

use std::io::{self, ErrorKind, Write};

use loopline_core::{EventLoop, EventLoopExt, SockExt};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::trace::Trace;
use crate::harness::{os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        C41,
        a_cancelled_receive_does_not_disturb_the_next,
        "A sock_recv that is begun right after another one was dropped gets what comes, and nothing of the first is left."
    ),
    case!(
        C42,
        data_that_came_before_a_cancel_is_the_next_ones,
        "Data that arrives before a pending sock_recv is dropped is received by the next."
    ),
    case!(
        C43,
        a_socket_is_watched_otherwise_around_a_receive,
        "Replacing or removing the watch under a pending sock_recv ends it with an error; closing and cancelling are harmless."
    ),
    case!(
        C45,
        a_blocking_socket_is_refused,
        "A socket that blocks is refused before anything is received, sent or accepted."
    ),
    case!(
        C45,
        one_direction_is_for_one_operation,
        "A second sock_recv on a socket, or one where a reader is, is refused; receiving and sending go together."
    ),
];

fn a_cancelled_receive_does_not_disturb_the_next(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        for _ in 0..3 {
            let mut first = Box::pin(scene.sock_recv(&ours, 10));
            assert!(!scene.ready_within(&mut first, 2).await?);
            assert_eq!(scene.snapshot().readers, 1);
            drop(first);
            assert_eq!(scene.snapshot().readers, 0);
            let mut second = Box::pin(scene.sock_recv(&ours, 10));
            assert!(!scene.ready_within(&mut second, 2).await?);
            theirs.write_all(b"data")?;
            assert_eq!(second.await?, b"data");
            assert_eq!(scene.snapshot().readers, 0);
        }
        Ok(())
    })
}

fn data_that_came_before_a_cancel_is_the_next_ones(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let mut first = Box::pin(scene.sock_recv(&ours, 10));
        assert!(!scene.ready_within(&mut first, 2).await?);
        theirs.write_all(b"data")?;
        sockets::await_readable(&ours)?;
        // The loop hears of it while nobody asks the future.
        scene.turns(3).await;
        drop(first);
        assert_eq!(scene.sock_recv(&ours, 10).await?, b"data");
        Ok(())
    })
}

fn a_socket_is_watched_otherwise_around_a_receive(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let calls = Trace::new();
        let mut receiving = Box::pin(scene.sock_recv(&ours, 10));
        assert!(!scene.ready_within(&mut receiving, 2).await?);
        scene.add_reader(&ours, calls.marking("read"))?;
        let Err(error) = receiving.await else {
            return Err(Stop::failed("it has received"));
        };
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        // The other one's watch is untouched.
        theirs.write_all(b"data")?;
        calls.until("read", 1).await;
        assert!(scene.remove_reader(&ours)?);

        let mut receiving = Box::pin(scene.sock_recv(&ours, 4));
        assert!(scene.ready_within(&mut receiving, 2).await?);
        let mut receiving = Box::pin(scene.sock_recv(&ours, 4));
        assert!(!scene.ready_within(&mut receiving, 2).await?);
        assert!(scene.remove_reader(&ours)?);
        drop(theirs);
        scene.turns(2).await;
        drop(receiving);
        assert_eq!(scene.snapshot().readers, 0);
        Ok(())
    })
}

fn a_blocking_socket_is_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = sockets::pair()?;
        // What is asked for there is there, where the system cannot tell.
        (&theirs).write_all(b"data")?;
        sockets::await_readable(&ours)?;
        ours.set_nonblocking(false)?;
        let answers = [
            scene.sock_recv(&ours, 1).await.map(drop),
            scene
                .sock_sendall(&ours, b"x")
                .await
                .map_err(io::Error::from),
        ];
        for answer in answers {
            if !os::TELLS_BLOCKING {
                answer?;
                continue;
            }
            let Err(error) = answer else {
                return Err(Stop::failed("it was not refused"));
            };
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        Ok(())
    })
}

fn one_direction_is_for_one_operation(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let mut first = Box::pin(scene.sock_recv(&ours, 10));
        assert!(!scene.ready_within(&mut first, 2).await?);
        let Err(error) = scene.sock_recv(&ours, 10).await else {
            return Err(Stop::failed("two receive at once"));
        };
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        scene.sock_sendall(&ours, b"out").await?;
        theirs.write_all(b"in")?;
        assert_eq!(first.await?, b"in");
        scene.add_reader(&ours, || {})?;
        let Err(error) = scene.sock_recv(&ours, 10).await else {
            return Err(Stop::failed("it has received beside a reader"));
        };
        assert_eq!(error.kind(), ErrorKind::ResourceBusy);
        assert!(scene.remove_reader(&ours)?);
        Ok(())
    })
}
