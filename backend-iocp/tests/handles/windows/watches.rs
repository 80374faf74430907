//! Watching leaves nothing.

use std::io::{self, Write};
use std::os::windows::io::AsSocket;

use loopline_backend_iocp::IocpBackend;
use loopline_core::backend::{Backend, Event, Events, Interest, Key, Source};

use super::{LONG, Test, leaves_no_handle, sockets};

pub(crate) const TESTS: &[Test] = &[("watches::a_thousand_sockets", a_thousand_sockets)];

const SOCKETS: u32 = 500;

fn a_thousand_sockets() {
    leaves_no_handle(|| {
        let mut backend = IocpBackend::new()?;
        let mut pairs = Vec::new();
        for slot in 0..SOCKETS {
            let (ours, theirs) = sockets::pair()?;
            theirs.set_nonblocking(true)?;
            let key = |side| Key::new(slot * 2 + side, 0);
            backend.watch(
                Source::from_socket(ours.as_socket()),
                key(0),
                Interest::READ,
            )?;
            backend.watch(
                Source::from_socket(theirs.as_socket()),
                key(1),
                Interest::all(),
            )?;
            pairs.push((ours, theirs));
        }
        for (_, theirs) in &mut pairs {
            theirs.write_all(b"x")?;
        }
        let mut events = Events::default();
        let mut ready = vec![0; SOCKETS as usize * 2];
        while ready.contains(&0) {
            backend.wait(Some(LONG), &mut events)?;
            assert!(!events.is_empty(), "not every socket became ready");
            while let Some(event) = events.pop() {
                if let Event::Ready { key, .. } = event {
                    ready[key.slot() as usize] += 1;
                }
            }
        }
        // A third of each is unwatched, closed under its watch, and left to the
        // backend.
        for (number, (ours, theirs)) in pairs.into_iter().enumerate() {
            match number % 3 {
                0 => {
                    for (side, stream) in [&ours, &theirs].into_iter().enumerate() {
                        let key = Key::new((number * 2 + side) as u32, 0);
                        backend.unwatch(Source::from_socket(stream.as_socket()), key)?;
                    }
                }
                1 => drop((ours, theirs)),
                _ => sockets::reset(theirs)?,
            }
        }
        backend.wait(Some(std::time::Duration::ZERO), &mut events)?;
        Ok::<_, io::Error>(())
    });
}
