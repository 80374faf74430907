//! What a signal does while no loop listens to it.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::{flag, low_level};

use super::SignalKind;

/// How many loops listen to each signal that one has ever listened to.
static LISTENERS: Mutex<BTreeMap<SignalKind, Listeners>> = Mutex::new(BTreeMap::new());

struct Listeners {
    count: usize,
    /// Nobody listens: the handler does what the signal did before.
    unheard: Arc<AtomicBool>,
}

/// One more loop listens to a signal, until this is dropped.
pub(super) struct Listener(SignalKind);

impl Listener {
    /// Has to come before anything else is registered for the signal.
    ///
    /// A disposition that was ever changed cannot be changed back without unsafe
    /// code; the handler behaves as the one before instead. Where that was a
    /// function, signal-hook calls it anyway.
    pub(super) fn add(kind: SignalKind) -> io::Result<Self> {
        let mut all = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listeners) = all.get_mut(&kind) {
            listeners.count += 1;
            listeners.unheard.store(false, Ordering::SeqCst);
            return Ok(Self(kind));
        }
        let unheard = Arc::new(AtomicBool::new(false));
        if is_default(kind) {
            behave_by_default(kind, Arc::clone(&unheard))?;
        }
        all.insert(kind, Listeners { count: 1, unheard });
        Ok(Self(kind))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut all = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listeners) = all.get_mut(&self.0) {
            listeners.count -= 1;
            let unheard = listeners.count == 0;
            listeners.unheard.store(unheard, Ordering::SeqCst);
        }
    }
}

/// Has the handler do what the signal does by default, while `unheard` says so.
fn behave_by_default(kind: SignalKind, unheard: Arc<AtomicBool>) -> io::Result<()> {
    let number = kind.as_raw();
    if low_level::signal_name(number).is_some() {
        flag::register_conditional_default(number, unheard)?;
    } else {
        // A real-time signal ends the process; a shell reports that so.
        flag::register_conditional_shutdown(number, number.saturating_add(128), unheard)?;
    }
    Ok(())
}

/// Whether a signal that no loop has listened to is neither ignored nor handled.
/// Only Linux tells (proc_pid_status(5)); elsewhere it is taken to be so, but for
/// SIGPIPE, which Rust's runtime ignores.
fn is_default(kind: SignalKind) -> bool {
    if cfg!(any(target_os = "linux", target_os = "android")) {
        if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
            return !["SigIgn:", "SigCgt:"]
                .iter()
                .any(|mask| is_in(&status, mask, kind));
        }
    }
    kind != SignalKind::pipe()
}

/// Whether a signal is in a mask of a process's status.
fn is_in(status: &str, mask: &str, kind: SignalKind) -> bool {
    let bits = status.lines().find_map(|line| line.strip_prefix(mask));
    let bits = bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    let place = kind
        .as_raw()
        .checked_sub(1)
        .and_then(|bit| u32::try_from(bit).ok());
    match (bits, place.and_then(|place| 1_u64.checked_shl(place))) {
        (Some(bits), Some(bit)) => bits & bit != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\ta b\nSigBlk:\tffffffffffffffff\n\
                          SigIgn:\t0000000000001001\nSigCgt:\t8000000000000002\n";

    #[test]
    fn masks_begin_at_signal_1() {
        for (mask, number, expected) in [
            ("SigIgn:", 1, true),
            ("SigIgn:", 2, false),
            ("SigIgn:", 13, true),
            ("SigCgt:", 2, true),
            ("SigCgt:", 64, true),
            ("SigCgt:", 65, false),
            ("SigCgt:", 0, false),
            ("SigCgt:", i32::MIN, false),
            ("SigXxx:", 2, false),
        ] {
            let kind = SignalKind::from_raw(number);
            assert_eq!(is_in(STATUS, mask, kind), expected, "{mask} {number}");
        }
    }

    #[test]
    fn a_mask_that_is_no_number_holds_nothing() {
        assert!(!is_in("SigIgn:\tz\n", "SigIgn:", SignalKind::hangup()));
    }
}
