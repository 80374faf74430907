//! Connections: addresses and socket options.

use std::io::ErrorKind;

use loopline_core::Address;
use loopline_core::backend::Source;

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::recorder::Log;
use crate::harness::scene::on_loop;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        D58,
        both_addresses_are_known_and_stay_known,
        "`sockname` and `peername` are those of the socket, also after the connection was lost."
    ),
    case!(
        D58,
        a_socket_without_a_name_has_an_empty_one,
        "The addresses of a Unix socket without a name are empty paths."
    )
    .needs(Need::UNIX_SOCKETS),
    case!(
        D58,
        socket_options_can_be_read_and_set,
        "The socket's options can be read and set as long as the connection lives."
    ),
    case!(
        D59,
        small_segments_leave_at_once,
        "TCP connections have `TCP_NODELAY` on from the start: accepted, connected and taken over."
    ),
    case!(
        D59,
        other_sockets_are_left_alone,
        "A connection without `TCP_NODELAY` is made all the same."
    )
    .needs(Need::UNIX_SOCKETS),
];

fn both_addresses_are_known_and_stay_known(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, theirs) = connections::peer_over(scene, Kind::Tcp, log.recorder()).await?;
        let theirs = theirs.into_socket()?;
        let ours = Some(Address::from(theirs.peer_addr()?));
        let peer = Some(Address::from(theirs.local_addr()?));
        assert_eq!((transport.sockname(), transport.peername()), (ours, peer));
        let names = (transport.sockname(), transport.peername());
        transport.abort();
        log.until_lost().await;
        assert_eq!((transport.sockname(), transport.peername()), names);

        let (ours, theirs) = (Log::default(), Log::default());
        let (client, server) =
            connections::within(scene, ours.recorder(), theirs.recorder()).await?;
        assert_eq!(client.sockname(), server.peername());
        assert_eq!(client.peername(), server.sockname());
        assert!(client.sockname() != client.peername());
        Ok(())
    })
}

fn a_socket_without_a_name_has_an_empty_one(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, _theirs) =
            connections::peer_over(scene, Kind::Unix, log.recorder()).await?;
        for name in [transport.sockname(), transport.peername()] {
            let name = name.ok_or_else(|| Stop::failed("no address"))?;
            let path = name.as_unix().ok_or_else(|| Stop::failed("another kind"))?;
            assert!(path.as_os_str().is_empty());
            assert_eq!(name.as_inet(), None);
        }
        Ok(())
    })
}

fn socket_options_can_be_read_and_set(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            let socket = transport
                .socket()
                .ok_or_else(|| Stop::failed("no socket"))?;
            socket.set_keepalive(true)?;
            assert!(socket.keepalive()?);
            socket.set_send_buffer_size(20_000)?;
            assert!(socket.send_buffer_size()? >= 20_000);
            socket.set_recv_buffer_size(20_000)?;
            assert!(socket.recv_buffer_size()? >= 20_000);
            let mut lent = 0;
            socket.with_source(|_: Source<'_>| lent += 1)?;
            assert_eq!(lent, 1);
            transport.abort();
            log.until_lost().await;
            let answer = socket.keepalive().map_err(|error| error.kind());
            assert_eq!(answer, Err(ErrorKind::NotConnected));
            assert!(socket.with_source(|_| lent += 1).is_err());
            assert_eq!(lent, 1);
            Ok(())
        })
        .await
    })
}

fn small_segments_leave_at_once(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = (Log::default(), Log::default());
        let (client, server) =
            connections::within(scene, ours.recorder(), theirs.recorder()).await?;
        let log = Log::default();
        let (taken, _peer) =
            connections::peer_over(scene, Kind::any(scene), log.recorder()).await?;
        for transport in [client, server, taken] {
            let socket = transport
                .socket()
                .ok_or_else(|| Stop::failed("no socket"))?;
            assert!(socket.nodelay()?);
            socket.set_nodelay(false)?;
            assert!(!socket.nodelay()?);
        }
        Ok(())
    })
}

fn other_sockets_are_left_alone(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, _theirs) =
            connections::peer_over(scene, Kind::Unix, log.recorder()).await?;
        let socket = transport
            .socket()
            .ok_or_else(|| Stop::failed("no socket"))?;
        assert!(socket.nodelay().is_err());
        Ok(())
    })
}
