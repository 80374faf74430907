//! What cannot be watched, and what the loop does not let anyone watch.

use std::io::{self, Read, Write};
use std::sync::Arc;

use loopline_core::backend::{AsSource, Source};
use loopline_core::{
    EventLoop, EventLoopExt, FileSource, Loop, SendFileOptions, Transport, WatchError,
};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::connections::to_peer;
use crate::harness::recorder::Log;
use crate::harness::scene::{Scene, on_loop};
use crate::harness::trace::Trace;
use crate::harness::{files, os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        C18,
        what_has_no_readiness_is_unsupported,
        "A regular file and a directory are refused by a typed error, and nothing is registered."
    )
    .needs(Need::REFUSABLE_SOURCES),
    case!(
        C20,
        the_descriptor_of_a_transport_is_the_loops,
        "All four calls refuse the descriptor of a live transport, which goes on undisturbed."
    ),
    case!(
        C20,
        a_watch_ends_when_a_transport_takes_the_descriptor,
        "A socket that was watched and is given to a transport calls its old callbacks no more."
    ),
    case!(
        C21,
        a_closing_transport_keeps_its_descriptor,
        "Until connection_lost the descriptor of a closing transport is refused."
    ),
    case!(
        C22,
        the_socket_of_a_pending_sock_sendfile_is_the_loops,
        "All four calls refuse a socket over which the loop sends a file, and take it afterwards."
    ),
    case!(
        C41,
        a_cancelled_operation_gives_its_socket_back_at_once,
        "After a sock_sendfile is dropped the socket can be watched, and used for the next one, in the same turn."
    ),
    case!(
        C23,
        a_closed_loop_watches_nothing,
        "On a closed loop adding is an error, and removing answers false."
    ),
    case!(
        C24,
        closing_the_loop_leaves_descriptors_open,
        "Closing the loop forgets its watches, drops the callbacks, and closes no descriptor of the user."
    ),
    case!(
        C32,
        two_loops_may_watch_one_descriptor,
        "A descriptor that two loops watch calls the readers of both."
    ),
];

/// Checks that all four calls refuse a descriptor, and name its owner.
fn is_refused(event_loop: &dyn EventLoop, source: Source<'_>, owner: &str) -> Outcome {
    let answers = [
        event_loop.add_reader_boxed(source, Box::new(|| Ok(()))),
        event_loop.add_writer_boxed(source, Box::new(|| Ok(()))),
        event_loop.remove_reader(&source).map(drop),
        event_loop.remove_writer(&source).map(drop),
    ];
    for answer in answers {
        match answer {
            Err(WatchError::Owned { owner: by, number }) => {
                assert!(by.contains(owner), "{by}");
                assert_eq!(number, source.number());
            }
            other => return Err(Stop::failed(format_args!("{other:?}"))),
        }
    }
    Ok(())
}

fn transport_is_refused(scene: &Scene<'_>, transport: &dyn Transport) -> Outcome {
    let socket = transport.socket();
    let socket = socket.ok_or_else(|| Stop::failed("the transport has no socket"))?;
    let mut outcome = Ok(());
    let handle = scene.handle();
    socket.with_source(|source| outcome = is_refused(&handle, source, "transport"))?;
    outcome
}

fn what_has_no_readiness_is_unsupported(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for unwatchable in os::unwatchable()? {
            let source = &*unwatchable.source;
            let refused = [
                scene.add_reader(source, || {}),
                scene.add_writer(source, || {}),
            ];
            for answer in refused {
                let number = source.as_source().number();
                assert!(
                    matches!(answer, Err(WatchError::Unsupported { number: of }) if of == number),
                    "{}: {answer:?}",
                    unwatchable.kind
                );
            }
            assert!(!scene.remove_reader(source)?);
            assert!(!scene.remove_writer(source)?);
        }
        let left = scene.snapshot();
        assert_eq!((left.readers, left.writers), (0, 0));
        Ok(())
    })
}

fn the_descriptor_of_a_transport_is_the_loops(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, mut peer) = to_peer(scene, log.recorder()).await?;
        transport_is_refused(scene, &*transport)?;
        peer.write_all(b"in")?;
        log.until_data(2).await;
        transport_is_refused(scene, &*transport)?;
        transport.write(b"out")?;
        let mut bytes = [0; 3];
        peer.read_exact(&mut bytes)?;
        assert_eq!(&bytes, b"out");
        Ok(())
    })
}

fn a_watch_ends_when_a_transport_takes_the_descriptor(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let calls = Trace::new();
        scene.add_reader(&ours, calls.marking("read"))?;
        scene.add_writer(&ours, calls.marking("write"))?;
        calls.until("write", 1).await;
        calls.clear();
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
        theirs.write_all(b"for the transport")?;
        log.until_data(17).await;
        scene.turns(2).await;
        calls.stays_silent();
        let left = scene.snapshot();
        assert_eq!((left.readers, left.writers), (0, 0));
        transport.abort();
        log.until_lost().await;
        Ok(())
    })
}

fn a_closing_transport_keeps_its_descriptor(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, peer) = to_peer(scene, log.recorder()).await?;
        // More than the kernel takes, so that closing has to wait.
        transport.write(&vec![0; 16 << 20])?;
        transport.close();
        assert!(transport.is_closing());
        transport_is_refused(scene, &*transport)?;
        scene.turns(2).await;
        transport_is_refused(scene, &*transport)?;
        let reader = sockets::Reader::of(peer);
        assert_eq!(log.until_lost().await, None);
        assert_eq!(reader.bytes()?.len(), 16 << 20);
        Ok(())
    })
}

fn the_socket_of_a_pending_sock_sendfile_is_the_loops(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = sockets::pair()?;
        let file = FileSource::from(Arc::new(files::file(&files::content(16 << 20))?));
        let options = SendFileOptions::default();
        let mut sending = Box::pin(scene.sock_sendfile_from(&ours, file, options));
        begun(&mut sending).await?;
        is_refused(&scene.handle(), ours.as_source(), "pending operation")?;
        assert_eq!(scene.snapshot().waiters, 1);
        let reader = sockets::Reader::of(theirs);
        assert_eq!(sending.as_mut().await?, 16 << 20);
        drop(sending);
        scene.add_writer(&ours, || {})?;
        assert!(scene.remove_writer(&ours)?);
        drop(ours);
        assert_eq!(reader.bytes()?.len(), 16 << 20);
        Ok(())
    })
}

/// Polls a future once, which leaves it pending.
async fn begun<T: std::fmt::Debug>(future: &mut (impl Future<Output = T> + Unpin)) -> Outcome {
    std::future::poll_fn(|cx| {
        let polled = std::pin::Pin::new(&mut *future).poll(cx);
        std::task::Poll::Ready(if polled.is_pending() {
            Ok(())
        } else {
            Err(Stop::failed(format_args!("over at once: {polled:?}")))
        })
    })
    .await
}

fn a_cancelled_operation_gives_its_socket_back_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = sockets::pair()?;
        let content = files::content(16 << 20);
        let file = Arc::new(files::file(&content)?);
        for _ in 0..2 {
            let source = FileSource::from(Arc::clone(&file));
            let options = SendFileOptions::default();
            let mut sending = Box::pin(scene.sock_sendfile_from(&ours, source, options));
            begun(&mut sending).await?;
            drop(sending);
            // What the kernel itself works on it lets go of a little later.
            while scene.capabilities().completes && scene.snapshot().waiters > 0 {
                scene.turns(1).await;
            }
            assert_eq!(scene.snapshot().waiters, 0);
            let calls = Trace::new();
            scene.add_reader(&ours, calls.marking("read"))?;
            scene.turns(1).await;
            assert!(scene.remove_reader(&ours)?);
            calls.stays_silent();
        }
        let reader = sockets::Reader::of(theirs);
        let source = FileSource::from(file);
        let options = SendFileOptions::default().count(1 << 20);
        assert_eq!(
            scene.sock_sendfile_from(&ours, source, options).await?,
            1 << 20
        );
        drop(ours);
        let bytes = reader.bytes()?;
        assert!(bytes.ends_with(&content[..1 << 20]));
        Ok(())
    })
}

fn a_closed_loop_watches_nothing(context: &Context) -> Outcome {
    let event_loop = Loop::with_backend(context.backend()?);
    let (ours, _theirs) = sockets::pair()?;
    event_loop.add_reader(&ours, || {})?;
    event_loop.close()?;
    let refused = [
        event_loop.add_reader(&ours, || {}),
        event_loop.add_writer(&ours, || {}),
    ];
    for answer in refused {
        assert!(matches!(answer, Err(WatchError::Closed(_))), "{answer:?}");
    }
    assert!(!event_loop.remove_reader(&ours)?);
    assert!(!event_loop.remove_writer(&ours)?);
    Ok(())
}

fn closing_the_loop_leaves_descriptors_open(context: &Context) -> Outcome {
    let (mut ours, mut theirs) = sockets::readable_pair()?;
    let calls = Trace::new();
    let held = std::rc::Rc::new(());
    for _ in 0..2 {
        let event_loop = Loop::with_backend(context.backend()?);
        let inside = std::rc::Rc::clone(&held);
        let trace = calls.clone();
        event_loop.add_reader(&ours, move || {
            let _inside = &inside;
            trace.mark("read");
        })?;
        event_loop.add_writer(&ours, || {})?;
        calls.clear();
        event_loop.run_until_complete(calls.until("read", 2))?;
        event_loop.close()?;
        assert_eq!(std::rc::Rc::strong_count(&held), 1, "a callback is kept");
        assert_eq!(event_loop.snapshot().readers, 0);
    }
    theirs.write_all(b"more")?;
    theirs.shutdown(std::net::Shutdown::Write)?;
    ours.set_nonblocking(false)?;
    let mut bytes = Vec::new();
    ours.read_to_end(&mut bytes)?;
    assert_eq!(bytes, b"unreadmore");
    Ok(())
}

fn two_loops_may_watch_one_descriptor(context: &Context) -> Outcome {
    let (ours, _theirs) = sockets::readable_pair()?;
    let calls = Trace::new();
    let first = Loop::with_backend(context.backend()?);
    let second = Loop::with_backend(context.backend()?);
    first.add_reader(&ours, calls.marking("first"))?;
    second.add_reader(&ours, calls.marking("second"))?;
    first.run_until_complete(calls.until("first", 2))?;
    second.run_until_complete(calls.until("second", 2))?;
    assert!(first.remove_reader(&ours)?);
    calls.clear();
    second.run_until_complete(calls.until("second", 2))?;
    assert_eq!(calls.count("first"), 0);
    assert!(second.remove_reader(&ours)?);
    Ok::<_, io::Error>(())?;
    Ok(())
}
