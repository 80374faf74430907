//! Ctrl-C and Ctrl-Break, which the console tells a thread of its own.

use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use super::{SignalError, SignalKind};
use crate::engine::{self, Engine, Remote};
use crate::event_loop::{EventLoop, LoopHandle};

/// What a program ends with that Ctrl-C has ended: `STATUS_CONTROL_C_EXIT`.
const CONTROL_C_EXIT: i32 = i32::from_ne_bytes(0xC000_013A_u32.to_ne_bytes());

static LISTENERS: Mutex<Listeners> = Mutex::new(Listeners {
    installed: false,
    next: 0,
    loops: Vec::new(),
});

struct Listeners {
    /// Whether the console's handler is ours; it cannot be removed again.
    installed: bool,
    next: u64,
    loops: Vec<(u64, Remote)>,
}

/// A loop listens, until this is dropped.
pub(super) struct Subscription(u64);

impl Subscription {
    pub(super) fn begin(engine: &Rc<Engine>, kind: SignalKind) -> Result<Self, SignalError> {
        if kind != SignalKind::interrupt() {
            return Err(SignalError::Unknown { kind });
        }
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        if !listeners.installed {
            ctrlc::set_handler(came).map_err(|error| SignalError::System {
                kind,
                source: std::io::Error::other(error),
            })?;
            listeners.installed = true;
        }
        let number = listeners.next;
        listeners.next += 1;
        let remote = LoopHandle::new(Rc::clone(engine)).remote();
        listeners.loops.push((number, remote));
        Ok(Self(number))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.loops.retain(|(number, _)| *number != self.0);
    }
}

/// Runs on the console's thread. Without a listener it does what happens by
/// default.
fn came() {
    let loops = {
        let listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.loops.clone()
    };
    if loops.is_empty() {
        std::process::exit(CONTROL_C_EXIT);
    }
    for (_, remote) in loops {
        // A loop that was closed meanwhile is told nothing.
        let _ = remote.call_soon_threadsafe(|| {
            if let Some(engine) = engine::running() {
                engine.signal_came(SignalKind::interrupt(), 1);
            }
        });
    }
}
