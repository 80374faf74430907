//! What can be watched.

use loopline_core::{EventLoop, EventLoopExt};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::trace::Trace;
use crate::harness::{os, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        C19,
        every_kind_that_becomes_ready_is_watched,
        "Pipes, FIFOs, terminals and sockets of all sorts call their readers once there is something."
    )
    .needs(Need::ANY_DESCRIPTOR),
    case!(
        C19,
        datagrams_and_listeners_are_watched,
        "A datagram socket and a listening socket call their readers."
    ),
];

fn every_kind_that_becomes_ready_is_watched(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for watchable in os::watchable()? {
            scene
                .context
                .doing(format!("watching a {}", watchable.kind));
            let source = &*watchable.source;
            let calls = Trace::new();
            scene.add_reader(source, calls.marking("read"))?;
            scene.turns(2).await;
            assert_eq!(calls.count("read"), 0, "{}", watchable.kind);
            let _peer = (watchable.make_ready)()?;
            calls.until("read", 2).await;
            assert!(scene.remove_reader(source)?);
        }
        Ok(())
    })
}

fn datagrams_and_listeners_are_watched(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let calls = Trace::new();
        let datagrams = sockets::echo()?;
        let listener = sockets::listener()?;
        scene.add_reader(&datagrams, calls.marking("datagram"))?;
        scene.add_reader(&listener, calls.marking("connection"))?;
        scene.turns(2).await;
        calls.stays_silent();
        datagrams.send(&[1])?;
        calls.until("datagram", 2).await;
        let _client = sockets::connecting(listener.local_addr()?)?;
        calls.until("connection", 2).await;
        assert!(scene.remove_reader(&datagrams)?);
        assert!(scene.remove_reader(&listener)?);
        Ok(())
    })
}
