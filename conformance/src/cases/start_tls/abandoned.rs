//! Connections that nobody holds any more, and loops that are closed around one.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context as Polled, Poll, Waker};

use loopline_core::tls::StartTlsError;
use loopline_core::{FileJob, Flow, SendFileErrorKind, SendFileOptions};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::origin::Origin;
use crate::harness::scene::Scene;
use crate::harness::stage::MUCH;
use crate::harness::tls::upgrade::{Link, Setting, Upgrade, over_sides};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B86,
        a_dropped_transport_lives_on,
        "Dropping the transport neither closes nor leaks the connection: the loop keeps it until it ends."
    ),
    case!(
        B87,
        a_loop_may_be_closed_with_a_live_connection,
        "Closing the loop with a live connection is no crash, lets go of the protocol, and leaves handles that do nothing."
    ),
    case!(
        B87,
        an_upgrade_ends_with_its_loop,
        "Closing the loop ends an upgrade that is under way, and lets go of the protocol."
    ),
    case!(
        B87,
        a_file_ends_with_its_loop,
        "Closing the loop ends a file that is on its way over TLS, at the position of what has left."
    ),
];

fn a_dropped_transport_lives_on(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        transport.write(b"hello")?;
        link.log.forget_transport();
        drop(transport);
        upgrade.scene.turns(5).await;
        link.peer.until_plain(upgrade.scene, 5).await?;
        link.peer.send(b"and back")?;
        assert_eq!(upgrade.data(&mut link, 8).await?, b"and back");
        link.peer.close()?;
        assert_eq!(upgrade.lost(&mut link).await?, None);
        Ok(())
    })
}

/// A loop that a case closes by itself.
fn upgrade<'a>(scene: &'a Scene<'a>) -> Upgrade<'a> {
    let setting = Setting::ANY;
    Upgrade { scene, setting }
}

fn poll<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Poll<T> {
    Pin::new(future).poll(&mut Polled::from_waker(Waker::noop()))
}

/// Nobody but the case has the protocol of a connection that is gone.
fn is_let_go(link: Link) {
    let Link {
        protocol,
        log,
        transport,
        ..
    } = link;
    log.forget_transport();
    drop(transport);
    assert_eq!(Rc::strong_count(&protocol), 1, "the protocol is kept");
}

fn a_loop_may_be_closed_with_a_live_connection(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let (transport, link) = scene.run_until_complete(upgrade(&scene).secured())??;
    transport.write(b"hello")?;
    scene.close()?;
    assert_eq!(transport.write(b"x")?, Flow::Closed);
    transport.close();
    transport.abort();
    link.transport.close();
    assert!(transport.is_closing());
    assert!(!transport.is_reading());
    drop(transport);
    is_let_go(link);
    Ok(())
}

fn an_upgrade_ends_with_its_loop(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let upgrade = upgrade(&scene);
    let link = scene.run_until_complete(upgrade.plain())??;
    let tls = upgrade.context(&upgrade.ours())?;
    let mut starting = upgrade.starting(&link, &*tls, upgrade.options());
    assert!(poll(&mut starting).is_pending());
    scene.run_until_complete(scene.turns(3))?;
    assert!(poll(&mut starting).is_pending());
    scene.close()?;
    let Poll::Ready(Err(error)) = poll(&mut starting) else {
        panic!("the upgrade goes on");
    };
    assert!(matches!(error, StartTlsError::Aborted), "{error}");
    drop(starting);
    is_let_go(link);
    Ok(())
}

fn a_file_ends_with_its_loop(context: &Context) -> Outcome {
    let scene = Scene::new(context)?;
    let (transport, link) = scene.run_until_complete(upgrade(&scene).secured())??;
    let origin = Origin::file(&files::content(3 * MUCH))?;
    let left = Rc::new(Cell::new(0));
    let told = Rc::clone(&left);
    let options = SendFileOptions::default().progress(move |sent, _| told.set(sent));
    let mut sending = FileJob::new(origin.source(), options).send(&transport);
    assert!(poll(&mut sending).is_pending());
    // Where the backend cannot read files it takes as long as another thread.
    while left.get() == 0 {
        scene.run_until_complete(scene.turns(1))?;
    }
    assert!(poll(&mut sending).is_pending());
    scene.close()?;
    let Poll::Ready(Err(error)) = poll(&mut sending) else {
        panic!("the file goes on");
    };
    assert!(
        matches!(error.kind(), SendFileErrorKind::LoopClosed),
        "{error}"
    );
    assert!(error.sent() > 0);
    assert_eq!(origin.position()?, error.sent());
    drop((sending, transport));
    is_let_go(link);
    Ok(())
}
