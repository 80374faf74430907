//! Readiness that is none.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use loopline_core::backend::{Backend, Events, Interest, Key, Readiness};

use super::Alter;

/// Reports whatever is watched as ready for all that is wanted of it, so many
/// times; a read or a write then finds nothing, which a kernel may do to anybody.
pub(crate) struct Spurious {
    left: u32,
    wanted: BTreeMap<Key, Interest>,
}

impl Spurious {
    pub(crate) fn new(times: u32) -> Self {
        Self {
            left: times,
            wanted: BTreeMap::new(),
        }
    }
}

impl Alter for Spurious {
    fn watched(&mut self, key: Key, want: Interest) {
        self.wanted.insert(key, want);
    }

    fn unwatched(&mut self, key: Key) {
        self.wanted.remove(&key);
    }

    fn wait(
        &mut self,
        inner: &mut dyn Backend,
        timeout: Option<Duration>,
        events: &mut Events,
    ) -> io::Result<()> {
        if self.left == 0 || self.wanted.is_empty() {
            return inner.wait(timeout, events);
        }
        self.left -= 1;
        inner.wait(Some(Duration::ZERO), events)?;
        for (key, want) in &self.wanted {
            let mut ready = Readiness::empty();
            ready.set(Readiness::READ, want.contains(Interest::READ));
            ready.set(Readiness::WRITE, want.contains(Interest::WRITE));
            if !ready.is_empty() {
                events.push_ready(*key, ready);
            }
        }
        Ok(())
    }
}
