//! Connections: callbacks that fail or panic.

use std::io::{self, ErrorKind, Write};

use loopline_core::{EventLoop, EventLoopExt};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::recorder::{Call, Log, Recorder};
use crate::harness::scene::{Scene, on_loop, through_a_panic};
use crate::harness::sockets;
use crate::verdict::Outcome;

/// What `connection_lost` is told after a panic of the protocol.
const LOST: Call = Call::Lost(Some(ErrorKind::Other));

pub(super) const CASES: &[Case] = &[
    case!(
        D6,
        a_failing_lost_closes_the_socket,
        "An error of `connection_lost` is reported, and the socket closed."
    )
    .anywhere(),
    case!(
        D6,
        a_panicking_lost_closes_the_socket,
        "A panic in `connection_lost` leaves the run, and the socket is closed."
    ),
    case!(
        D9,
        a_failing_made_ends_the_connection,
        "An error of `connection_made` is reported, and `connection_lost` is told it."
    )
    .anywhere(),
    case!(
        D9,
        a_panicking_made_ends_the_connection,
        "A connection whose `connection_made` has panicked does not live on."
    ),
    case!(
        D10,
        a_failing_reader_ends_the_connection,
        "An error of `data_received` or `eof_received` is reported, and `connection_lost` is told it."
    )
    .anywhere(),
    case!(
        D10,
        a_panicking_reader_leaves_the_loop_usable,
        "A panic in `data_received` ends its connection; the loop and the others go on."
    ),
    case!(
        D11,
        failing_flow_control_is_only_reported,
        "An error of `pause_writing` or `resume_writing` is reported, and the connection goes on."
    )
    .anywhere(),
    case!(
        D11,
        panicking_flow_control_ends_the_connection,
        "A panic in `pause_writing` ends its connection, and nothing but `connection_lost` follows."
    ),
    case!(
        D12,
        errors_of_the_system_are_not_reported,
        "A reset and a failed write reach `connection_lost` and not the exception handler."
    ),
    case!(
        D14,
        an_error_after_an_abort_is_the_reason,
        "A callback that aborts or closes and then fails is reported, and its error is the reason."
    ),
];

/// A reaction that fails at one kind of call.
fn failing(log: &Log, at: fn(&Call) -> bool) -> Recorder {
    log.recorder().reacting(move |call, _| {
        if at(call) {
            return Err("broken".into());
        }
        Ok(())
    })
}

fn panicking(log: &Log, at: fn(&Call) -> bool) -> Recorder {
    let mut armed = true;
    log.recorder().reacting(move |call, _| {
        if armed && at(call) {
            armed = false;
            panic!("as the case wants it");
        }
        Ok(())
    })
}

/// Exactly one report, of the protocol's error.
fn reported_once(scene: &Scene<'_>) {
    let reports = scene.reports();
    assert_eq!(reports.len(), 1, "{reports:?}");
    assert!(reports[0].text.contains("broken"), "{reports:?}");
}

fn is_lost(call: &Call) -> bool {
    matches!(call, Call::Lost(_))
}

fn is_data(call: &Call) -> bool {
    matches!(call, Call::Data(_))
}

fn a_failing_lost_closes_the_socket(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let recorder = failing(&log, is_lost);
            let (transport, theirs) = connections::peer_over(scene, kind, recorder).await?;
            transport.close();
            log.until_lost().await;
            scene.turns(1).await;
            reported_once(scene);
            assert_eq!(theirs.reader().bytes().await?, b"");
            Ok(())
        })
        .await
    })
}

fn a_panicking_lost_closes_the_socket(context: &Context) -> Outcome {
    let log = Log::default();
    let (ours, theirs) = Kind::Tcp.sockets()?;
    let (first, second) = (log.clone(), log);
    through_a_panic(
        context,
        async move |scene| {
            let recorder = panicking(&first, is_lost);
            let (transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
            transport.abort();
            std::future::pending().await
        },
        async move |scene| {
            assert_eq!(second.calls(), [Call::Made, Call::Lost(None)]);
            assert_eq!(sockets::Reader::of(theirs).bytes()?, b"");
            assert_eq!(scene.snapshot().transports, 0);
            scene.turns(3).await;
            assert_eq!(second.count(is_lost), 1);
            Ok(())
        },
    )
}

fn a_failing_made_ends_the_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let recorder = failing(&log, |call| *call == Call::Made);
            let (transport, mut theirs) = connections::peer_over(scene, kind, recorder).await?;
            assert!(transport.is_closing());
            theirs.write_all(b"ignored")?;
            assert_eq!(log.until_lost().await, Some(ErrorKind::Other));
            assert_eq!(
                log.calls(),
                [Call::Made, Call::Lost(Some(ErrorKind::Other))]
            );
            reported_once(scene);
            Ok(())
        })
        .await
    })
}

fn a_panicking_made_ends_the_connection(context: &Context) -> Outcome {
    let log = Log::default();
    let (ours, theirs) = Kind::Tcp.sockets()?;
    let (first, second) = (log.clone(), log);
    through_a_panic(
        context,
        async move |scene| {
            let recorder = panicking(&first, |call| *call == Call::Made);
            scene.connect_accepted_socket(|| recorder, ours).await?;
            Ok(())
        },
        async move |_| {
            assert_eq!(second.until_lost().await, Some(ErrorKind::Other));
            assert_eq!(sockets::Reader::of(theirs).bytes()?, b"");
            Ok(())
        },
    )
}

fn a_failing_reader_ends_the_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for at in [is_data, (|call| *call == Call::Eof) as fn(&Call) -> bool] {
                let log = Log::default();
                let recorder = failing(&log, at).keep_open();
                let (transport, mut theirs) = connections::narrow(scene, kind, recorder).await?;
                // What waits to be sent does not delay the end.
                connections::stuff(&transport)?;
                theirs.write_all(b"x")?;
                theirs.shutdown_write()?;
                assert_eq!(log.until_lost().await, Some(ErrorKind::Other));
                reported_once(scene);
                assert_eq!(log.count(is_lost), 1);
            }
            Ok(())
        })
        .await
    })
}

fn a_panicking_reader_leaves_the_loop_usable(context: &Context) -> Outcome {
    let (log, other) = (Log::default(), Log::default());
    let (ours, mut theirs) = Kind::Tcp.sockets()?;
    let (another, mut their_other) = Kind::Tcp.sockets()?;
    theirs.write_all(b"x")?;
    their_other.write_all(b"y")?;
    let (first, first_other) = (log.clone(), other.clone());
    through_a_panic(
        context,
        async move |scene| {
            let recorder = panicking(&first, is_data);
            scene.connect_accepted_socket(|| recorder, ours).await?;
            let recorder = first_other.recorder();
            scene.connect_accepted_socket(|| recorder, another).await?;
            std::future::pending().await
        },
        async move |_| {
            other.until_data(1).await;
            assert_eq!(log.until_lost().await, Some(ErrorKind::Other));
            assert_eq!(log.calls(), [Call::Made, Call::Data(1), LOST]);
            their_other.write_all(b"z")?;
            other.until_data(2).await;
            drop(theirs);
            Ok(())
        },
    )
}

fn failing_flow_control_is_only_reported(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let recorder = failing(&log, |call| matches!(call, Call::Pause | Call::Resume));
            let (transport, theirs) = connections::narrow(scene, kind, recorder).await?;
            transport.set_write_buffer_limits(Some(0), None)?;
            let sent = connections::stuff(&transport)?;
            reported_once(scene);
            let reader = theirs.reader();
            log.until(|calls, _| calls.contains(&Call::Resume)).await;
            scene.turns(1).await;
            reported_once(scene);
            assert!(!transport.is_closing());
            transport.write(b"more")?;
            transport.close();
            assert_eq!(log.until_lost().await, None);
            assert_eq!(reader.bytes().await?.len(), sent + 4);
            Ok(())
        })
        .await
    })
}

fn panicking_flow_control_ends_the_connection(context: &Context) -> Outcome {
    let log = Log::default();
    let (ours, theirs) = Kind::Tcp.sockets()?;
    let (first, second) = (log.clone(), log);
    through_a_panic(
        context,
        async move |scene| {
            let recorder = panicking(&first, |call| *call == Call::Pause);
            let (transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
            transport.set_write_buffer_limits(Some(0), None)?;
            connections::stuff(&transport)?;
            Ok(())
        },
        async move |_| {
            let _reader = sockets::Reader::of(theirs);
            assert_eq!(second.until_lost().await, Some(ErrorKind::Other));
            assert_eq!(second.calls(), [Call::Made, Call::Pause, LOST]);
            Ok(())
        },
    )
}

fn errors_of_the_system_are_not_reported(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (_transport, theirs) = connections::peer_over(scene, Kind::Tcp, log.recorder()).await?;
        theirs.reset()?;
        assert!(log.until_lost().await.is_some());
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            transport.pause_reading();
            drop(theirs);
            // Over TCP the first write draws the reset that the next one meets.
            while !transport.is_closing() {
                transport.write(b"into the void")?;
                scene.turns(1).await;
            }
            assert!(log.until_lost().await.is_some());
            assert!(scene.reports().is_empty());
            Ok(())
        })
        .await
    })
}

fn an_error_after_an_abort_is_the_reason(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for gently in [true, false] {
            for full in [true, false] {
                let log = Log::default();
                let recorder = log.recorder().reacting(move |call, transport| {
                    if !is_data(call) {
                        return Ok(());
                    }
                    if gently {
                        transport.close();
                    } else {
                        transport.abort();
                    }
                    Err(io::Error::new(ErrorKind::InvalidData, "broken").into())
                });
                let (transport, mut theirs) =
                    connections::narrow(scene, Kind::Tcp, recorder).await?;
                if full {
                    connections::stuff(&transport)?;
                }
                theirs.write_all(b"x")?;
                assert!(log.until_lost().await.is_some());
                reported_once(scene);
                assert_eq!(log.count(is_lost), 1);
            }
        }
        Ok(())
    })
}
