//! Which backend is native: the one table of systems and features.
//!
//! A feature adds a backend, the target decides whether it is the native one,
//! and [`Loop::with_backend`](crate::Loop::with_backend) takes any other.

use std::io;

use loopline_core::backend::Backend;

/// The backend of the system at hand, as [`Loop::new`](crate::Loop::new) uses
/// it; for loops that put something between it and the engine.
///
/// # Errors
///
/// [`Unsupported`](io::ErrorKind::Unsupported) if none was built for this
/// system; whatever the system answers otherwise.
pub fn native_backend() -> io::Result<Box<dyn Backend>> {
    #[cfg(all(feature = "epoll", target_os = "linux"))]
    return Ok(Box::new(loopline_backend_epoll::EpollBackend::new()?));

    #[cfg(all(feature = "iocp", windows))]
    return Ok(Box::new(loopline_backend_iocp::IocpBackend::new()?));

    #[cfg(all(
        feature = "kqueue",
        target_pointer_width = "64",
        any(
            target_os = "freebsd",
            target_os = "macos",
            target_os = "netbsd",
            target_os = "openbsd",
            target_os = "dragonfly",
        )
    ))]
    return Ok(Box::new(loopline_backend_kqueue::KqueueBackend::new()?));

    #[allow(unreachable_code, reason = "where a line of the table applies")]
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "loopline was built without a native backend for this system",
    ))
}
