//! B16: a network of the backend's own, while its connections last.

use std::io::{ErrorKind, IoSlice};

use loopline_core::Address;
use loopline_core::backend::{Interest, Key, NetworkStream, Readiness};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::network::{Networked, anywhere, drain, fill, send};
use crate::verdict::{Outcome, Stop};

/// A case for a network.
const fn on_network(case: Case) -> Case {
    case.anywhere().needs(Need::NETWORK)
}

pub(super) const CASES: &[Case] = &[
    on_network(case!(
        B16,
        bytes_arrive_once_and_in_order,
        "What one end sends the other receives: once, in order, both ways, whatever the pieces."
    )),
    on_network(case!(
        B16,
        the_end_comes_behind_the_data,
        "Ending one half tells the other end behind all data, and leaves the other half open."
    )),
    on_network(case!(
        B16,
        readiness_lasts,
        "Every wait reports what can be read until it was, under the key that was given last."
    )),
    on_network(case!(
        B16,
        a_full_stream_is_not_writable,
        "A stream takes no more than fits, is not writable then, and is when the peer has read."
    )),
    on_network(case!(
        B16,
        only_what_is_wanted_is_reported,
        "What was not asked for is not reported, and an empty interest ends the reports at once."
    )),
    on_network(case!(
        B16,
        both_ends_know_both_names,
        "The name of an end is the peer's name at the other end, and the listener's at the server's."
    )),
    on_network(case!(
        B16,
        connections_wait_to_be_accepted,
        "A listener is readable while connections wait, and gives them in the order of their coming."
    )),
    on_network(case!(
        B16,
        an_address_is_had_once,
        "An address that is taken cannot be bound, and can once it was given back."
    )),
];

const KEY: Key = Key::new(7, 3);
const OTHER: Key = Key::new(8, 5);

fn bytes_arrive_once_and_in_order(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let (client, server) = networked.pair()?;
    let content = files::content(20_000);
    for (from, to) in [(&client, &server), (&server, &client)] {
        for piece in content.chunks(999) {
            let (head, tail) = piece.split_at(piece.len() / 3);
            let empty = IoSlice::new(b"");
            let count = from.send(&[empty, IoSlice::new(head), empty, IoSlice::new(tail)])?;
            assert_eq!(count, piece.len());
        }
        assert_eq!(from.send(&[])?, 0);
        let (bytes, ended) = drain(&**to)?;
        assert!(bytes == content, "other bytes have arrived");
        assert!(!ended);
    }
    Ok(())
}

fn the_end_comes_behind_the_data(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let (client, server) = networked.pair()?;
    send(&*client, b"last words")?;
    client.shutdown_write()?;
    let refused = client.send(&[IoSlice::new(b"more")]);
    assert_eq!(
        refused.map_err(|error| error.kind()),
        Err(ErrorKind::BrokenPipe)
    );
    server.watch(KEY, Interest::READ);
    for _ in 0..2 {
        let (_, ended) = drain(&*server)?;
        assert!(ended);
        assert_eq!(networked.driver.poll()?.of(KEY), Readiness::READ);
    }
    send(&*server, b"heard you")?;
    assert_eq!(drain(&*client)?, (b"heard you".to_vec(), false));
    Ok(())
}

fn readiness_lasts(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let (client, server) = networked.pair()?;
    server.watch(KEY, Interest::READ);
    assert!(networked.driver.poll()?.is_empty());
    send(&*client, b"unread")?;
    for _ in 0..3 {
        assert_eq!(networked.driver.wait(None)?.of(KEY), Readiness::READ);
    }
    server.watch(OTHER, Interest::READ);
    let batch = networked.driver.poll()?;
    assert_eq!(
        (batch.of(KEY), batch.of(OTHER)),
        (Readiness::empty(), Readiness::READ)
    );
    assert_eq!(server.receive(&mut [0; 3])?, 3);
    assert_eq!(networked.driver.poll()?.of(OTHER), Readiness::READ);
    assert_eq!(drain(&*server)?, (b"ead".to_vec(), false));
    assert!(networked.driver.poll()?.is_empty());
    Ok(())
}

fn a_full_stream_is_not_writable(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let (client, server) = networked.pair()?;
    client.watch(KEY, Interest::WRITE);
    assert_eq!(networked.driver.poll()?.of(KEY), Readiness::WRITE);
    context.doing("sending until nothing more is taken");
    let sent = fill(&*client)?;
    assert!(networked.driver.poll()?.is_empty());
    assert_eq!(drain(&*server)?.0.len(), sent);
    assert_eq!(networked.driver.wait(None)?.of(KEY), Readiness::WRITE);
    send(&*client, b"more")?;
    assert_eq!(drain(&*server)?, (b"more".to_vec(), false));
    Ok(())
}

fn only_what_is_wanted_is_reported(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let (client, server) = networked.pair()?;
    send(&*client, b"unread")?;
    for want in [Interest::WRITE, Interest::READ, Interest::all()] {
        server.watch(KEY, want);
        assert_eq!(networked.driver.poll()?.of(KEY), want.into());
    }
    server.watch(KEY, Interest::empty());
    assert!(networked.driver.linger()?.is_empty());
    server.watch(KEY, Interest::READ);
    drop(server);
    assert!(networked.driver.linger()?.is_empty());
    Ok(())
}

fn names(stream: &dyn NetworkStream) -> Result<(Address, Address), Stop> {
    let names = stream.sockname().zip(stream.peername());
    names.ok_or_else(|| Stop::failed("an end has no name"))
}

fn both_ends_know_both_names(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let listener = networked.listener(1)?;
    let address = listener.sockname();
    assert!(address.as_inet().is_some_and(|address| address.port() != 0));
    let client = networked.connect(&address)?;
    let server = listener.accept()?;
    let (ours, peer) = names(&*client)?;
    assert_eq!(names(&*server)?, (peer.clone(), ours.clone()));
    assert_eq!(peer, address);
    assert_ne!(ours, address);
    Ok(())
}

fn connections_wait_to_be_accepted(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let listener = networked.listener(8)?;
    listener.watch(KEY, Interest::READ);
    assert!(networked.driver.poll()?.is_empty());
    let refused = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(refused, Err(ErrorKind::WouldBlock));
    let mut clients = Vec::new();
    for _ in 0..4 {
        clients.push(networked.connect(&listener.sockname())?);
    }
    for client in &clients {
        assert_eq!(networked.driver.wait(None)?.of(KEY), Readiness::READ);
        assert_eq!(listener.accept()?.peername(), client.sockname());
    }
    assert!(networked.driver.poll()?.is_empty());
    Ok(())
}

fn an_address_is_had_once(context: &Context) -> Outcome {
    let networked = Networked::new(context)?;
    let first = networked.network.bind(&anywhere())?;
    let again = networked.network.bind(&first.sockname());
    let refused = again.map(drop).map_err(|error| error.kind());
    assert_eq!(refused, Err(ErrorKind::AddrInUse));
    let other = networked.network.bind(&anywhere())?;
    assert_ne!(first.sockname(), other.sockname());
    let address = first.sockname();
    drop(first);
    assert_eq!(networked.network.bind(&address)?.sockname(), address);
    Ok(())
}
