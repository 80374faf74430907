//! A backend for loops of which no descriptor is ever ready, for tests of what
//! needs no more.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use loopline_core::backend::{
    Backend, Capabilities, Events, Interest, Key, Rewatched, Source, Wake, Waker,
};

/// Watches whatever it is told to, and reports nothing.
pub(crate) struct Idle;

impl Wake for Idle {
    fn wake(&self) {}
}

impl Backend for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    fn watch(&mut self, _: Source<'_>, _: Key, _: Interest) -> io::Result<()> {
        Ok(())
    }

    fn rewatch(&mut self, _: Source<'_>, _: Key, _: Interest) -> io::Result<Rewatched> {
        Ok(Rewatched::Changed)
    }

    fn unwatch(&mut self, _: Source<'_>, _: Key) -> io::Result<()> {
        Ok(())
    }

    fn wait(&mut self, timeout: Option<Duration>, _: &mut Events) -> io::Result<()> {
        std::thread::sleep(timeout.unwrap_or(Duration::from_millis(1)));
        Ok(())
    }

    fn waker(&self) -> Waker {
        Waker::new(Arc::new(Self))
    }
}
