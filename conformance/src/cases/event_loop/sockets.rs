//! Operations on sockets that no transport owns.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;

use loopline_core::{ConnectError, EventLoop, EventLoopExt, Resolution, Resolver, SockExt};
use socket2::{Domain, Socket, Type};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::Kind;
use crate::harness::elsewhere::elsewhere;
use crate::harness::scene::on_loop;
use crate::harness::{files, os, sockets};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        E34,
        a_socket_connects_to_an_address_or_a_name,
        "sock_connect connects to an address, and to the first one of a name that is of the socket's family."
    ),
    case!(
        E34,
        a_failed_connect_says_what_the_address_answered,
        "A refused sock_connect is an error with the address and its answer, and so is a name without an address of the family."
    ),
    case!(
        E34,
        a_cancelled_connect_disarms,
        "A sock_connect that is dropped leaves nothing in the loop, and the socket can be closed."
    ),
    case!(
        E35,
        much_is_sent_and_received,
        "sock_sendall and sock_recv_into carry any amount both ways at once."
    ),
    case!(
        E35,
        a_failed_send_says_how_much_had_left,
        "A sock_sendall to a peer that goes away is an error with the number of bytes that were sent."
    ),
    case!(
        E36,
        what_is_accepted_does_not_block,
        "sock_accept answers a socket that does not block, which the loop can use, and the name of its peer."
    ),
    case!(
        E36,
        a_cancelled_accept_leaves_the_listener,
        "After a sock_accept was dropped the next one gets the connection that came meanwhile."
    ),
];

fn socket() -> Result<Socket, Stop> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Answers the same addresses to any name.
struct Book(Vec<SocketAddr>);

impl Resolver for Book {
    fn resolve(&self, _: &str, _: u16) -> Resolution {
        let addresses = self.0.clone();
        Box::pin(async move { Ok(addresses) })
    }
}

fn a_socket_connects_to_an_address_or_a_name(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener = sockets::server()?;
        let address = listener.local_addr()?;
        let other = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port()));
        scene.set_resolver(Rc::new(Book(vec![other, address])));
        for by_name in [false, true] {
            let socket = socket()?;
            if by_name {
                scene
                    .sock_connect(&socket, ("a name", address.port()))
                    .await?;
            } else {
                scene.sock_connect(&socket, address).await?;
            }
            let (mut peer, _) = listener.accept()?;
            peer.write_all(b"data")?;
            assert_eq!(scene.sock_recv(&socket, 10).await?, b"data");
        }
        if os::UNIX_SOCKETS {
            let (ours, _theirs) = Kind::Unix.pair()?;
            let target = loopline_core::ConnectTarget::unix("/nowhere/at/all");
            let again = scene.sock_connect(&ours, target).await;
            assert!(matches!(again, Err(ConnectError::Attempts(_))), "{again:?}");
        }
        Ok(())
    })
}

fn a_failed_connect_says_what_the_address_answered(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let deserted = sockets::deserted()?;
        match scene.sock_connect(&socket()?, deserted).await {
            Err(ConnectError::Attempts(attempts)) => {
                assert_eq!(attempts.len(), 1);
                assert_eq!(attempts[0].address.as_inet(), Some(deserted));
                assert_eq!(attempts[0].error.kind(), ErrorKind::ConnectionRefused);
            }
            other => return Err(Stop::failed(format_args!("{other:?}"))),
        }
        let other = SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 9));
        scene.set_resolver(Rc::new(Book(vec![other])));
        let answer = scene.sock_connect(&socket()?, ("a name", 9)).await;
        assert!(
            matches!(answer, Err(ConnectError::NoAddress { .. })),
            "{answer:?}"
        );
        Ok(())
    })
}

fn a_cancelled_connect_disarms(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener = sockets::server()?;
        let address = listener.local_addr()?;
        let socket = socket()?;
        let mut connecting = Box::pin(scene.sock_connect(&socket, address));
        // Over at once, or in the background.
        let over = scene.ready_within(&mut connecting, 0).await?;
        assert!(over || scene.snapshot().waiters == 1);
        drop(connecting);
        assert_eq!(scene.snapshot().waiters, 0);
        scene.add_writer(&socket, || {})?;
        assert!(scene.remove_writer(&socket)?);
        Ok(())
    })
}

fn much_is_sent_and_received(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for &kind in Kind::ALL {
            let (ours, theirs) = kind.pair()?;
            let content = files::content(8 << 20);
            let (sent, expected) = (content.clone(), content.clone());
            let (ours, sender) = (Rc::new(ours.try_clone()?), Rc::new(ours));
            theirs.set_nonblocking(false)?;
            let mut from = theirs.try_clone()?;
            let reading = elsewhere(move || {
                let mut all = vec![0; expected.len()];
                from.read_exact(&mut all).map(|()| all == expected)
            });
            let mut to = theirs;
            let back = content.clone();
            let writing = elsewhere(move || to.write_all(&back));
            let handle = scene.handle();
            let sending = scene.spawn(async move { handle.sock_sendall(&*sender, &sent).await });
            let mut arrived = vec![0; content.len()];
            let mut count = 0;
            while count < arrived.len() {
                count += scene.sock_recv_into(&*ours, &mut arrived[count..]).await?;
            }
            assert!(arrived == content, "other bytes arrived");
            sending.await??;
            writing.await?;
            assert!(reading.await?, "other bytes were sent");
        }
        Ok(())
    })
}

fn a_failed_send_says_how_much_had_left(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let content = files::content(16 << 20);
        let mut sending = Box::pin(scene.sock_sendall(&ours, &content));
        let begun = scene.ready_within(&mut sending, 2).await?;
        assert!(!begun, "nobody reads");
        let mut some = vec![0; 1000];
        theirs.read_exact(&mut some)?;
        sockets::reset(theirs)?;
        let Err(error) = sending.await else {
            return Err(Stop::failed("everything was sent"));
        };
        assert!(error.sent >= 1000 && error.sent < content.len());
        assert!(matches!(
            error.error.kind(),
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted
        ));
        Ok(())
    })
}

fn what_is_accepted_does_not_block(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener = sockets::listener()?;
        let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
        let (socket, peer) = scene.sock_accept(&listener).await?;
        assert_eq!(
            peer.and_then(|peer| peer.as_inet()),
            Some(client.local_addr()?)
        );
        let Ok(socket) = os::OwnedSource::try_from(socket) else {
            return Err(Stop::failed("it is no socket of the system"));
        };
        let mut waiting = Box::pin(scene.sock_recv(&socket, 10));
        assert!(!scene.ready_within(&mut waiting, 2).await?);
        client.write_all(b"data")?;
        assert_eq!(waiting.await?, b"data");

        let client = std::net::TcpStream::connect(listener.local_addr()?)?;
        let (socket, _) = scene.sock_accept(&listener).await?;
        let options = loopline_core::ConnectOptions::default();
        let stream = scene.open_connection(socket, options).await?;
        assert_eq!(
            stream.peer_addr().and_then(|peer| peer.as_inet()),
            Some(client.local_addr()?)
        );
        stream.abort();
        Ok(())
    })
}

fn a_cancelled_accept_leaves_the_listener(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let listener: TcpListener = sockets::listener()?;
        let mut first = Box::pin(scene.sock_accept(&listener));
        assert!(!scene.ready_within(&mut first, 2).await?);
        let client = std::net::TcpStream::connect(listener.local_addr()?)?;
        scene.turns(3).await;
        drop(first);
        let (_socket, peer) = scene.sock_accept(&listener).await?;
        assert_eq!(
            peer.and_then(|peer| peer.as_inet()),
            Some(client.local_addr()?)
        );
        Ok(())
    })
}
