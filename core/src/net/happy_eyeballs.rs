//! Several addresses, one connection (RFC 8305).

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use super::StreamSocket;
use super::attempt;
use super::error::AttemptError;
use crate::engine::Engine;

/// Reorders addresses so that families alternate after the first `count` of
/// the first one's family; 0 changes nothing (RFC 8305, section 4).
pub(super) fn interleave(addresses: Vec<SocketAddr>, count: usize) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv4) else {
        return addresses;
    };
    if count == 0 {
        return addresses;
    }
    let (same, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv4() == first);
    let mut same = same.into_iter();
    let mut other = other.into_iter();
    // The first family's turn comes again with the loop, so one less here.
    let mut ordered: Vec<_> = same.by_ref().take(count - 1).collect();
    loop {
        let before = ordered.len();
        ordered.extend(same.next());
        ordered.extend(other.next());
        if ordered.len() == before {
            return ordered;
        }
    }
}

type Attempt<'a> = Pin<Box<dyn Future<Output = io::Result<StreamSocket>> + 'a>>;

/// Connects to the first address that answers. With a delay the next attempt
/// begins beside those under way; without one, after the last has failed.
pub(super) async fn first(
    engine: &Rc<Engine>,
    addresses: &[SocketAddr],
    local: Option<SocketAddr>,
    delay: Option<Duration>,
) -> Result<(StreamSocket, SocketAddr), Vec<AttemptError>> {
    let mut race = Race {
        running: Vec::new(),
        errors: Vec::new(),
    };
    for (at, &address) in addresses.iter().enumerate() {
        let attempt: Attempt<'_> = Box::pin(attempt::inet(engine, address, local));
        race.running.push((at, address, attempt));
        let last = at + 1 == addresses.len();
        let head_start = delay.filter(|_| !last).map(|delay| engine.sleep(delay));
        if let Some(won) = race.run(head_start).await {
            return Ok(won);
        }
    }
    race.errors.sort_by_key(|(at, _)| *at);
    Err(race.errors.into_iter().map(|(_, error)| error).collect())
}

/// Attempts under way, and what the others answered.
struct Race<'a> {
    running: Vec<(usize, SocketAddr, Attempt<'a>)>,
    errors: Vec<(usize, AttemptError)>,
}

impl Race<'_> {
    /// Goes on until one connects, one fails, or the head start is over.
    /// Without a head start, until all have failed.
    async fn run<S: Future<Output = ()>>(
        &mut self,
        head_start: Option<S>,
    ) -> Option<(StreamSocket, SocketAddr)> {
        let limited = head_start.is_some();
        let mut head_start = Box::pin(async move {
            match head_start {
                Some(sleep) => sleep.await,
                None => std::future::pending().await,
            }
        });
        poll_fn(|cx| {
            let failed_before = self.errors.len();
            let mut at = 0;
            while let Some((number, address, attempt)) = self.running.get_mut(at) {
                match attempt.as_mut().poll(cx) {
                    Poll::Pending => at += 1,
                    Poll::Ready(Ok(socket)) => return Poll::Ready(Some((socket, *address))),
                    Poll::Ready(Err(error)) => {
                        let address = (*address).into();
                        self.errors.push((*number, AttemptError { address, error }));
                        drop(self.running.remove(at));
                    }
                }
            }
            let failed = self.errors.len() > failed_before;
            if self.running.is_empty() || (limited && failed) {
                return Poll::Ready(None);
            }
            head_start.as_mut().poll(cx).map(|()| None)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8, v4: bool) -> SocketAddr {
        if v4 {
            SocketAddr::from(([127, 0, 0, last], 1))
        } else {
            SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, u16::from(last)], 1))
        }
    }

    fn order(families: &[bool], count: usize) -> Vec<u8> {
        let addresses = (1..).zip(families).map(|(at, v4)| address(at, *v4));
        interleave(addresses.collect(), count)
            .into_iter()
            .map(|address| match address {
                SocketAddr::V4(v4) => v4.ip().octets()[3],
                SocketAddr::V6(v6) => v6.ip().octets()[15],
            })
            .collect()
    }

    #[test]
    fn alternates_after_the_first_of_the_first_family() {
        let families = [false, false, false, true, true];
        assert_eq!(order(&families, 1), [1, 4, 2, 5, 3]);
        assert_eq!(order(&families, 2), [1, 2, 4, 3, 5]);
    }

    #[test]
    fn none_keeps_the_order() {
        assert_eq!(order(&[false, false, true], 0), [1, 2, 3]);
        assert!(order(&[], 1).is_empty());
    }
}
