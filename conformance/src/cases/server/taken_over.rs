//! Sockets that were made elsewhere.

use std::io::{ErrorKind, Write};

use loopline_core::{
    BoxError, ConnectError, ConnectOptions, ConnectedSocket, EventLoop, EventLoopExt, ListenError,
    ServerOptions,
};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::harness::{os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E20,
        a_connected_socket_is_a_target,
        "`create_connection` takes a connected socket over, and makes it non-blocking."
    ),
    case!(
        E20,
        only_stream_sockets_are_taken,
        "A datagram socket is refused by every call, and what is no socket too."
    ),
    case!(
        E33,
        an_accepted_socket_becomes_a_connection,
        "A socket that was accepted elsewhere becomes a connection with both its addresses."
    ),
    case!(
        E33,
        a_socket_that_is_not_connected_is_refused,
        "A socket that is not connected is refused with an error of its own."
    ),
    case!(
        E33,
        a_watched_socket_leaves_its_watch_behind,
        "A socket that a user watched has only the connection's events once it was taken over."
    ),
    case!(
        E27,
        a_bound_socket_serves,
        "`create_server` listens on a ready-made socket, which may block, and closes it with the server."
    ),
];

fn a_connected_socket_is_a_target(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let (ours, mut theirs) = kind.sockets()?;
            ours.set_nonblocking(false)?;
            let log = Log::default();
            let recorder = log.recorder();
            let (_transport, _) = scene
                .create_connection(|| recorder, ours, ConnectOptions::default())
                .await?;
            assert_eq!(log.calls(), [Call::Made]);
            // A read that blocked would never come back to answer this.
            theirs.write_all(b"x")?;
            log.until_data(1).await;
            scene.turns(3).await;
            Ok(())
        })
        .await
    })
}

fn only_stream_sockets_are_taken(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let recorder = || Log::default().recorder();
        for (socket, is_socket) in os::not_streams()? {
            let answer = scene.connect_accepted_socket(recorder, socket).await.err();
            let answer = answer.ok_or_else(|| Stop::failed("it was taken"))?;
            assert_eq!(
                matches!(answer, ConnectError::NotStream),
                is_socket,
                "{answer}"
            );
            assert_eq!(
                matches!(answer, ConnectError::Socket(_)),
                !is_socket,
                "{answer}"
            );
        }
        for (socket, is_socket) in os::not_streams()? {
            let answer = scene
                .create_server(recorder, socket, ServerOptions::default())
                .await
                .err();
            let answer = answer.ok_or_else(|| Stop::failed("it was taken"))?;
            assert_eq!(
                matches!(answer, ListenError::NotStream),
                is_socket,
                "{answer}"
            );
            assert_eq!(
                matches!(answer, ListenError::Socket(_)),
                !is_socket,
                "{answer}"
            );
        }
        Ok(())
    })
}

fn an_accepted_socket_becomes_a_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener = sockets::server()?;
        let peer = std::net::TcpStream::connect(listener.local_addr()?)?;
        let (accepted, address) = listener.accept()?;
        let log = Log::default();
        let recorder = log.recorder();
        let (transport, protocol) = scene.connect_accepted_socket(|| recorder, accepted).await?;
        assert_eq!(
            transport.peername().and_then(|it| it.as_inet()),
            Some(address)
        );
        let own = transport.sockname().and_then(|it| it.as_inet());
        assert_eq!(own, Some(peer.peer_addr()?));
        drop(protocol);
        drop(peer);
        assert_eq!(log.until_lost().await, None);
        Ok(())
    })
}

fn a_socket_that_is_not_connected_is_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        let socket: ConnectedSocket = std::net::TcpStream::from(socket).into();
        let answer = scene
            .connect_accepted_socket(|| Log::default().recorder(), socket)
            .await
            .err();
        let answer = answer.ok_or_else(|| Stop::failed("it was taken"))?;
        assert!(matches!(answer, ConnectError::NotConnected), "{answer}");
        assert_eq!(answer.kind(), ErrorKind::NotConnected);
        Ok(())
    })
}

fn a_watched_socket_leaves_its_watch_behind(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = Kind::Tcp.sockets()?;
        scene.add_reader(&ours, || -> Result<(), BoxError> {
            Err("the old watch".into())
        })?;
        let log = Log::default();
        let recorder = log.recorder().reacting(|call, transport| {
            if *call == Call::Made {
                transport.pause_reading();
            }
            Ok(())
        });
        theirs.write_all(b"x")?;
        let (transport, _) = scene.connect_accepted_socket(|| recorder, ours).await?;
        scene.turns(5).await;
        let left = scene.snapshot();
        assert_eq!((left.readers, left.dead_events), (0, 0));
        transport.resume_reading();
        log.until_data(1).await;
        Ok(())
    })
}

fn a_bound_socket_serves(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener = sockets::server()?;
        let address = listener.local_addr()?;
        let log = Log::default();
        let mut recorder = Some(log.recorder());
        let factory = move || recorder.take().unwrap_or_else(|| Log::default().recorder());
        let server = scene
            .create_server(factory, listener, ServerOptions::default())
            .await?;
        assert_eq!(connections::address_of(&*server)?, address);
        let peer = std::net::TcpStream::connect(address)?;
        log.until(|calls, _| !calls.is_empty()).await;
        server.close();
        drop(peer);
        log.until_lost().await;
        assert!(std::net::TcpStream::connect(address).is_err());
        Ok(())
    })
}
