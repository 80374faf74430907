//! What is left when a loop ends.

use std::io::{Read, Seek, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::{EventLoop, EventLoopExt, FileSource, Loop, SendFileOptions, ServerOptions};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::connections::{to_peer, within};
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::{Scene, on_loop};
use crate::harness::{files, os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E19,
        a_loop_leaves_no_descriptor,
        "A loop that has run, connected and listened leaves no descriptor open when it is closed, though handles on it live on."
    )
    .on_sockets()
    .needs(Need::DESCRIPTOR_LISTS)
    .isolated(),
    case!(
        E19,
        children_inherit_nothing_of_a_loop,
        "No descriptor of a loop and its connections is inherited by child processes."
    )
    .needs(Need::DESCRIPTOR_LISTS)
    .isolated(),
    case!(
        E37,
        closing_ends_what_is_under_way,
        "A loop is closed while files are being sent and connections made, and lets go of everything."
    )
    .on_sockets(),
    case!(
        E40,
        shutdown_ends_every_connection_and_listener,
        "Shutdown aborts every connection, closes every server, and returns after the last connection_lost."
    )
    .on_sockets(),
    case!(
        E40,
        shutdown_ends_a_sock_sendfile,
        "Shutdown ends a file that is being sent over a raw socket, with an error and the position set."
    )
    .on_sockets(),
    case!(
        E40,
        shutdown_of_an_idle_loop_ends_at_once,
        "Shutdown without a connection returns, and again."
    ),
    case!(
        E40,
        closing_calls_nothing_and_closes_everything,
        "Closing without a shutdown calls no callback, drops protocols and closes their connections."
    ),
    case!(
        E40,
        a_dropped_loop_is_closed,
        "Dropping a loop closes it, although handles on it live on."
    ),
    case!(
        E41,
        the_snapshot_sees_what_is_left,
        "What a loop still holds is counted, and nothing once it has ended."
    ),
];

fn used(context: &Context) -> Result<Scene<'_>, Stop> {
    let scene = Scene::new(context)?;
    scene.run_until_complete(async {
        let (client, server) = (Log::default(), Log::default());
        let (transport, _) = within(&scene, client.recorder(), server.recorder()).await?;
        transport.write(b"hello")?;
        server.until_data(5).await;
        let options = ServerOptions::default();
        let log = Log::default();
        scene
            .create_server(move || log.recorder(), ("127.0.0.1", 0), options)
            .await?;
        Ok::<_, Stop>(())
    })??;
    Ok(scene)
}

fn a_loop_leaves_no_descriptor(context: &Context) -> Outcome {
    // Pools of threads and the like come with the first use.
    drop(used(context)?);
    let before = os::open_descriptors()?.len();
    for shut_down in [false, true] {
        let scene = used(context)?;
        let (handle, remote) = (scene.handle(), scene.remote());
        assert!(os::open_descriptors()?.len() >= before + 3);
        if shut_down {
            scene.run_until_complete(scene.shutdown())?;
        }
        scene.close()?;
        assert_eq!(os::open_descriptors()?.len(), before);
        drop((handle, remote));
    }
    Ok(())
}

fn children_inherit_nothing_of_a_loop(context: &Context) -> Outcome {
    let before = os::inherited_descriptors()?;
    let scene = used(context)?;
    assert_eq!(os::inherited_descriptors()?, before);
    scene.run_until_complete(scene.shutdown())?;
    Ok(())
}

fn closing_ends_what_is_under_way(context: &Context) -> Outcome {
    let (ours, mut theirs) = sockets::pair()?;
    let (others, mut peer) = sockets::pair()?;
    let file = Arc::new(files::file(&files::content(16 << 20))?);
    let scene = Scene::new(context)?;
    let (handle, source) = (scene.handle(), FileSource::from(Arc::clone(&file)));
    let raw = scene.spawn(async move {
        let options = SendFileOptions::default();
        handle.sock_sendfile_from(&ours, source, options).await
    });
    let (handle, source) = (scene.handle(), FileSource::from(Arc::clone(&file)));
    let log = Log::default();
    let recorder = log.recorder();
    let over = scene.spawn(async move {
        let (transport, _) = handle.connect_accepted_socket(|| recorder, others).await?;
        let options = SendFileOptions::default();
        handle.sendfile(&transport, source, options).await?;
        Ok::<_, loopline_core::BoxError>(())
    });
    scene.run_until_complete(scene.turns(5))?;
    assert!(!raw.is_finished() && !over.is_finished());
    scene.close()?;
    assert!(raw.is_finished() && over.is_finished());
    drop((raw, over));
    assert_eq!(Arc::strong_count(&file), 1, "the file is kept");
    let mut bytes = Vec::new();
    for peer in [&mut theirs, &mut peer] {
        bytes.clear();
        // Whether what was sent arrives before a reset is the system's.
        let _ = peer.read_to_end(&mut bytes);
        assert!(bytes.len() < 16 << 20);
    }
    assert_eq!(log.calls(), [Call::Made]);
    Ok(())
}

fn shutdown_ends_every_connection_and_listener(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let mut connections = Vec::new();
        for _ in 0..5 {
            let log = Log::default();
            let (transport, peer) = to_peer(scene, log.recorder()).await?;
            // Nobody reads it, and shutdown does not wait for it.
            transport.write(&vec![0; 4 << 20])?;
            connections.push((log, peer));
        }
        let log = Log::default();
        let options = ServerOptions::default();
        let server = scene
            .create_server(move || log.recorder(), ("127.0.0.1", 0), options)
            .await?;
        scene.shutdown().await;
        for (log, _) in &connections {
            assert_eq!(log.calls().last(), Some(&Call::Lost(None)));
            assert_eq!(log.count(|call| matches!(call, Call::Lost(_))), 1);
        }
        let left = scene.snapshot();
        assert_eq!((left.transports, left.listeners), (0, 0));
        assert!(server.sockets().is_empty() && !server.is_serving());
        server.wait_closed().await;
        // The loop itself goes on.
        let log = Log::default();
        let (_, mut peer) = to_peer(scene, log.recorder()).await?;
        peer.write_all(b"again")?;
        log.until_data(5).await;
        Ok(())
    })
}

fn shutdown_ends_a_sock_sendfile(context: &Context) -> Outcome {
    let (ours, _theirs) = sockets::pair()?;
    let file = Arc::new(files::file(&files::content(16 << 20))?);
    on_loop(context, async |scene| {
        let (handle, source) = (scene.handle(), FileSource::from(Arc::clone(&file)));
        let sending = scene.spawn(async move {
            let options = SendFileOptions::default();
            handle.sock_sendfile_from(&ours, source, options).await
        });
        scene.turns(5).await;
        assert!(!sending.is_finished());
        scene.shutdown().await;
        let Err(failed) = sending.await? else {
            return Err(Stop::failed("the file was sent, though nobody reads it"));
        };
        assert_eq!((&*file).stream_position()?, failed.sent());
        assert_eq!(scene.snapshot().waiters, 0);
        Ok(())
    })
}

fn shutdown_of_an_idle_loop_ends_at_once(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    for _ in 0..2 {
        scene.run_until_complete(scene.shutdown())?;
    }
    scene.close()?;
    let other = Scene::new(context)?;
    other.run_until_complete(scene.shutdown())?;
    other.end()
}

fn closing_calls_nothing_and_closes_everything(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let (log, held) = (Log::default(), Rc::new(()));
    let inside = Rc::clone(&held);
    let recorder = log.recorder().reacting(move |_, _| {
        let _inside = &inside;
        Ok(())
    });
    let (transport, mut peer) = scene.run_until_complete(to_peer(&scene, recorder))??;
    scene.close()?;
    assert_eq!(log.calls(), [Call::Made]);
    assert_eq!(Rc::strong_count(&held), 1, "the protocol is kept");
    assert_eq!(peer.read(&mut [0])?, 0);
    // The handle is harmless.
    assert!(transport.is_closing());
    let _ = transport.write(b"too late");
    transport.close();
    transport.abort();
    assert!(transport.protocol().is_none());
    assert!(scene.reports().is_empty());
    Ok(())
}

fn a_dropped_loop_is_closed(context: &Context) -> Outcome {
    let event_loop = Loop::with_backend(context.backend()?);
    let handle = event_loop.handle();
    let held = Rc::new(());
    let (inside, again) = (Rc::clone(&held), handle.clone());
    // A cycle through the loop, which closing breaks.
    event_loop.call_later(Duration::from_secs(3600), move || drop((inside, again)))?;
    drop(event_loop);
    assert!(handle.is_closed());
    assert!(handle.call_soon(|| {}).is_err());
    assert_eq!(Rc::strong_count(&held), 1, "the callback is kept");
    Ok(())
}

fn the_snapshot_sees_what_is_left(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let timer = scene.call_later(Duration::from_secs(3600), || {})?;
        let task = scene.spawn(std::future::pending::<()>());
        scene.call_soon(|| {})?;
        let log = Log::default();
        let (transport, _peer) = to_peer(scene, log.recorder()).await?;
        let held = scene.snapshot();
        assert_eq!((held.timers, held.tasks, held.transports), (1, 1, 1));
        assert!(held.ready >= 1);
        timer.cancel();
        task.cancel();
        transport.abort();
        log.until_lost().await;
        scene.turns(1).await;
        let left = scene.snapshot();
        assert_eq!((left.timers, left.tasks, left.transports), (0, 0, 0));
        Ok(())
    })
}
