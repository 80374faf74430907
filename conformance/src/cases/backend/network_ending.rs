//! B16: a network of the backend's own, where connections end or do not begin.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use loopline_core::backend::{Interest, Key, NetworkStream, Readiness};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::network::{Networked, drain, send};
use crate::verdict::Outcome;

/// A case for a network.
const fn on_network(case: Case) -> Case {
    case.anywhere().needs(Need::NETWORK)
}

pub(super) const CASES: &[Case] = &[
    on_network(case!(
        B16,
        closing_ends_the_stream,
        "Dropping an end tells the other one the end of the stream, behind all data."
    )),
    on_network(case!(
        B16,
        closing_with_unread_data_is_a_reset,
        "Dropping an end that has not read everything resets the other one, which is ready for all."
    )),
    on_network(case!(
        B16,
        sending_to_nobody_is_an_error,
        "Sending to an end that was dropped is an error, at the latest with the next call."
    )),
    on_network(case!(
        B16,
        nobody_listens,
        "Connecting where nobody listens, or no longer, is refused."
    )),
    on_network(case!(
        B16,
        a_listener_that_goes_resets_who_waits,
        "A connection that was not accepted is reset when its listener is dropped."
    )),
    on_network(case!(
        B16,
        an_attempt_that_is_given_up_is_closed,
        "The server of an attempt that was dropped meets the end of the stream."
    )),
];

const KEY: Key = Key::new(7, 3);

fn closing_ends_the_stream(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let (client, server) = networked.pair()?;
    server.watch(KEY, Interest::READ);
    send(&*client, b"bye")?;
    drop(client);
    assert_eq!(networked.driver.wait(None)?.of(KEY), Readiness::READ);
    assert_eq!(drain(&*server)?, (b"bye".to_vec(), true));
    Ok(())
}

/// What a call answers at the latest when it is made so often.
fn failure(mut call: impl FnMut() -> io::Result<usize>) -> Option<ErrorKind> {
    (0..3).find_map(|_| call().err().map(|error| error.kind()))
}

fn closing_with_unread_data_is_a_reset(context: &Context) -> Outcome {
    for by_sending in [false, true] {
        let mut networked = Networked::new(context)?;
        let (client, server) = networked.pair()?;
        client.watch(KEY, Interest::all());
        send(&*client, b"nobody reads this")?;
        drop(server);
        let told = if by_sending {
            failure(|| client.send(&[IoSlice::new(b"x")]))
        } else {
            failure(|| client.receive(&mut [0; 10]))
        };
        assert_eq!(told, Some(ErrorKind::ConnectionReset));
        assert_eq!(networked.driver.wait(None)?.of(KEY), Readiness::all());
    }
    Ok(())
}

fn sending_to_nobody_is_an_error(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let (client, server) = networked.pair()?;
    drop(server);
    let told = failure(|| client.send(&[IoSlice::new(b"x")]));
    let gone = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    assert!(told.is_some_and(|kind| gone.contains(&kind)), "{told:?}");
    Ok(())
}

fn nobody_listens(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let listener = networked.listener(1)?;
    let address = listener.sockname();
    drop(networked.connect(&address)?);
    drop(listener);
    let bound = networked.network.bind(&address)?;
    for listening in [Some(&bound), None] {
        context.doing(format!(
            "connecting to nobody; bound: {}",
            listening.is_some()
        ));
        let refused = networked.connect(&address).map(drop);
        let refused = refused.map_err(|error| error.kind());
        assert_eq!(refused, Err(ErrorKind::ConnectionRefused));
    }
    Ok(())
}

fn a_listener_that_goes_resets_who_waits(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let listener = networked.listener(1)?;
    let client = networked.connect(&listener.sockname())?;
    drop(listener);
    let told = failure(|| client.receive(&mut [0; 10]));
    assert_eq!(told, Some(ErrorKind::ConnectionReset));
    Ok(())
}

fn an_attempt_that_is_given_up_is_closed(context: &Context) -> Outcome {
    let mut networked = Networked::new(context)?;
    let listener = networked.listener(8)?;
    listener.watch(KEY, Interest::READ);
    let mut task = TaskContext::from_waker(Waker::noop());
    for polls in [false, true] {
        let mut attempt = networked.network.connect(&listener.sockname(), None);
        if polls {
            let _: Poll<_> = pin!(&mut attempt).poll(&mut task);
        }
        drop(attempt);
        // It may not have got so far as to be seen.
        if networked.driver.poll()?.of(KEY) == Readiness::READ {
            let server: Box<dyn NetworkStream> = listener.accept()?;
            assert_eq!(drain(&*server)?, (Vec::new(), true));
        }
    }
    assert!(networked.driver.linger()?.is_empty());
    // The next one is a connection like any other.
    let client = networked.connect(&listener.sockname())?;
    let server = listener.accept()?;
    send(&*client, b"hello")?;
    assert_eq!(drain(&*server)?, (b"hello".to_vec(), false));
    Ok(())
}
