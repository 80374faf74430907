//! A descriptor that tokio watches.

use std::io;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::bells::Bell;

/// Has tokio tell when a bell has rung.
pub(crate) fn watch(bell: Bell) -> io::Result<AsyncFd<Bell>> {
    // SAFETY: a bell owns its descriptor, always lends the same one, and neither
    // replaces nor closes it.
    let watched = unsafe { AsyncFd::register_with_interest(bell, Interest::READABLE) };
    Ok(watched?)
}
