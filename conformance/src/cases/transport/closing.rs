//! Connections: closing, aborting, and what is left afterwards.

use std::io::{ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, Flow, Transport};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::files;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::{Scene, on_loop};
use crate::harness::sockets::Reader;
use crate::verdict::Outcome;

/// Longer than any case goes on.
const FOREVER: Duration = Duration::from_secs(3600);

pub(super) const CASES: &[Case] = &[
    case!(
        D53,
        close_sends_everything,
        "Close sends all that is queued, 8 MiB of it, and then tells `connection_lost` no error."
    )
    .anywhere(),
    case!(
        D53,
        close_ends_reading_at_once,
        "After close no data arrives, however much the peer sends while the queue leaves."
    )
    .anywhere(),
    case!(
        D54,
        without_a_limit_close_waits,
        "A closing connection whose peer takes nothing waits, and can be aborted."
    )
    .anywhere(),
    case!(
        D54,
        a_limit_ends_a_close_that_hangs,
        "When the time of `set_close_timeout` is over `connection_lost` is told `TimedOut`."
    )
    .anywhere(),
    case!(
        D54,
        a_limit_that_is_not_needed_leaves_nothing,
        "If the queue leaves in time, or the connection is aborted, no timer is left."
    )
    .needs(Need::SYSTEM_CLOCK)
    .anywhere(),
    case!(
        D54,
        closing_again_sets_no_limit_anew,
        "Closing a connection that is closing already does not give it more time."
    )
    .anywhere(),
    case!(
        D54,
        a_limit_counts_from_when_it_is_set,
        "A limit that is set while the connection closes counts, and one that is taken back does not."
    )
    .anywhere(),
    case!(
        D55,
        abort_sends_nothing_more,
        "After abort the peer gets no more than had left before."
    )
    .anywhere(),
    case!(
        D56,
        every_end_shows_at_once,
        "`is_closing` is true from close, abort and a fatal error on."
    ),
    case!(
        D57,
        everything_can_be_called_after_the_end,
        "After `connection_lost` every call is safe, and the addresses can still be asked for."
    )
    .anywhere(),
    case!(
        D57,
        everything_can_be_called_inside_lost,
        "Inside `connection_lost` every call is safe."
    )
    .anywhere(),
    case!(
        D60,
        dropped_handles_do_not_end_a_connection,
        "A connection of which nobody holds the transport goes on."
    )
    .anywhere(),
    case!(
        D60,
        dropping_the_loop_closes_connections,
        "A loop that is dropped closes its sockets and lets go of protocols, without a callback."
    ),
];

fn close_sends_everything(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let content = files::content(8 << 20);
            let log = Log::default();
            let (transport, theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            transport.write(&content)?;
            transport.close();
            assert!(transport.write_buffer_size() > 0);
            let reader = theirs.reader();
            assert_eq!(log.until_lost().await, None);
            assert!(reader.bytes().await? == content);
            Ok(())
        })
        .await
    })
}

fn close_ends_reading_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, mut theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            connections::block(&transport)?;
            theirs.write_all(b"before")?;
            transport.close();
            theirs.write_all(b"after")?;
            scene.turns(5).await;
            // The queue leaves, and with it the connection: by now the peer
            // may be told that nobody has read what it sent.
            let _reader = theirs.reader();
            assert_eq!(log.until_lost().await, None);
            let brought = |call: &Call| matches!(call, Call::Data(_) | Call::Eof);
            assert_eq!(log.count(brought), 0);
            Ok(())
        })
        .await
    })
}

fn without_a_limit_close_waits(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            transport.write(&vec![0; 1 << 20])?;
            transport.close();
            scene.sleep(Duration::from_millis(50)).await;
            assert_eq!(log.count(|call| matches!(call, Call::Lost(_))), 0);
            assert!(transport.write_buffer_size() > 0);
            transport.abort();
            assert_eq!(log.until_lost().await, None);
            Ok(())
        })
        .await
    })
}

fn a_limit_ends_a_close_that_hangs(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            let limit = Duration::from_millis(30);
            transport.set_close_timeout(Some(limit));
            connections::block(&transport)?;
            // It limits the end alone.
            scene.sleep(limit * 2).await;
            assert!(!transport.is_closing());
            let begin = scene.time();
            transport.close();
            assert_eq!(log.until_lost().await, Some(ErrorKind::TimedOut));
            assert!(scene.time() - begin >= limit);
            Ok(())
        })
        .await
    })
}

fn a_limit_that_is_not_needed_leaves_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for abort in [false, true] {
                let log = Log::default();
                let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
                transport.set_close_timeout(Some(FOREVER));
                connections::stuff(&transport)?;
                transport.close();
                assert_eq!(scene.snapshot().timers, 1);
                if abort {
                    transport.abort();
                }
                let _reader = theirs.reader();
                assert_eq!(log.until_lost().await, None);
                assert_eq!(scene.snapshot().timers, 0);
            }
            Ok(())
        })
        .await
    })
}

fn closing_again_sets_no_limit_anew(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            let limit = Duration::from_millis(40);
            transport.set_close_timeout(Some(limit));
            connections::block(&transport)?;
            transport.close();
            // In between, and behind the limit, but before a second one's end.
            let over = scene.time() + limit + limit / 4;
            scene.sleep(limit / 2).await;
            transport.close();
            scene.sleep_until(over).await;
            scene.turns(2).await;
            assert_eq!(log.count(|call| matches!(call, Call::Lost(_))), 1);
            Ok(())
        })
        .await
    })
}

fn a_limit_counts_from_when_it_is_set(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, _theirs) =
            connections::narrow(scene, Kind::any(scene), log.recorder()).await?;
        connections::block(&transport)?;
        transport.set_close_timeout(Some(FOREVER));
        transport.close();
        transport.set_close_timeout(None);
        assert_eq!(scene.snapshot().timers, 0);
        transport.set_close_timeout(Some(FOREVER));
        transport.set_close_timeout(Some(Duration::from_millis(5)));
        assert_eq!(scene.snapshot().timers, 1);
        assert_eq!(log.until_lost().await, Some(ErrorKind::TimedOut));
        transport.set_close_timeout(Some(FOREVER));
        assert_eq!(scene.snapshot().timers, 0);
        Ok(())
    })
}

fn abort_sends_nothing_more(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, mut theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            let written = connections::stuff(&transport)?;
            let left = written - transport.write_buffer_size();
            transport.write(&[b'x'; 100_000])?;
            transport.abort();
            assert_eq!(log.until_lost().await, None);
            let mut got = Vec::new();
            // Whether the rest comes with an end or a reset is the system's.
            let _ = theirs.read_to_end(&mut got);
            assert!(got.len() <= left && !got.contains(&b'x'));
            Ok(())
        })
        .await
    })
}

fn every_end_shows_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let ends: [fn(&dyn Transport); 2] = [|it| it.close(), |it| it.abort()];
        for end in ends {
            let log = Log::default();
            let (transport, _theirs) =
                connections::peer_over(scene, Kind::any(scene), log.recorder()).await?;
            assert!(!transport.is_closing());
            end(&*transport);
            assert!(transport.is_closing());
            log.until_lost().await;
            assert!(transport.is_closing());
        }
        let log = Log::default();
        let recorder = log.recorder().reacting(|call, transport| {
            if matches!(call, Call::Lost(_)) {
                assert!(transport.is_closing());
            }
            Ok(())
        });
        let (transport, theirs) = connections::peer_over(scene, Kind::any(scene), recorder).await?;
        theirs.reset()?;
        while !transport.is_closing() {
            scene.turns(1).await;
        }
        log.until_lost().await;
        Ok(())
    })
}

/// Calls everything that a lost connection has, and checks the answers.
fn call_everything(transport: &Rc<dyn Transport>) {
    assert_eq!(transport.write(b"x"), Ok(Flow::Closed));
    let lines = [IoSlice::new(b"x")];
    assert_eq!(transport.writelines(&lines), Ok(Flow::Closed));
    assert_eq!(transport.write_eof(), Ok(()));
    assert!(transport.can_write_eof());
    transport.pause_reading();
    transport.resume_reading();
    assert!(!transport.is_reading());
    assert!(transport.is_closing());
    transport.set_close_timeout(Some(FOREVER));
    assert!(transport.set_write_buffer_limits(Some(1), Some(0)).is_ok());
    assert_eq!(transport.write_buffer_limits().high, 1);
    assert_eq!(transport.write_buffer_size(), 0);
    assert!(transport.protocol().is_none());
    assert!(transport.sockname().is_some());
    assert!(transport.peername().is_some());
    transport.close();
    transport.abort();
}

/// What an option of the socket answers, if there is a socket of the system.
fn option_of(transport: &Rc<dyn Transport>) -> Option<Result<(), ErrorKind>> {
    let answer = transport.socket()?.set_keepalive(true);
    Some(answer.map_err(|error| error.kind()))
}

fn everything_can_be_called_after_the_end(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            transport.abort();
            log.until_lost().await;
            scene.turns(1).await;
            call_everything(&transport);
            let closed = (kind != Kind::Network).then_some(Err(ErrorKind::NotConnected));
            assert_eq!(option_of(&transport), closed);
            scene.turns(3).await;
            assert_eq!(log.calls(), [Call::Made, Call::Lost(None)]);
            Ok(())
        })
        .await
    })
}

fn everything_can_be_called_inside_lost(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let open = (kind != Kind::Network).then_some(Ok(()));
            let recorder = log.recorder().reacting(move |call, transport| {
                if matches!(call, Call::Lost(_)) {
                    call_everything(transport);
                    // The socket is closed once `connection_lost` has returned.
                    assert_eq!(option_of(transport), open);
                }
                Ok(())
            });
            let (_transport, theirs) = connections::peer_over(scene, kind, recorder).await?;
            drop(theirs);
            log.until_lost().await;
            scene.turns(3).await;
            assert_eq!(log.calls(), [Call::Made, Call::Eof, Call::Lost(None)]);
            Ok(())
        })
        .await
    })
}

fn dropped_handles_do_not_end_a_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (ours, mut theirs) = kind.pair(scene).await?;
            let recorder = log.recorder();
            drop(scene.connect_accepted_socket(|| recorder, ours).await?);
            log.forget_transport();
            scene.turns(3).await;
            assert_eq!(scene.snapshot().transports, 1);
            theirs.write_all(b"anyone there?")?;
            log.until_data(13).await;
            drop(theirs);
            assert_eq!(log.until_lost().await, None);
            Ok(())
        })
        .await
    })
}

fn dropping_the_loop_closes_connections(context: &Context) -> Outcome {
    for &kind in Kind::SYSTEM {
        let scene = Scene::new(context)?;
        let log = Log::default();
        let (ours, theirs) = kind.sockets()?;
        let recorder = log.recorder();
        let connected = scene.run_until_complete(scene.connect_accepted_socket(|| recorder, ours));
        let (transport, protocol) = connected??;
        transport.write(b"bye")?;
        drop(scene);
        assert_eq!(Reader::of(theirs).bytes()?, b"bye");
        assert_eq!(log.calls(), [Call::Made]);
        assert_eq!(Rc::strong_count(&protocol), 1);
        call_everything(&transport);
        assert_eq!(log.calls(), [Call::Made]);
    }
    Ok(())
}
