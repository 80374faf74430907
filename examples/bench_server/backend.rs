//! The backend that was asked for.

use loopline::backend::Backend;
use loopline::{Loop, native_backend};

use crate::exit::Failure;

/// A loop on the backend of a name, or on the system's.
pub(crate) fn make_loop(name: Option<&str>) -> Result<Loop, Failure> {
    #[cfg(unix)]
    if name == Some("poll") {
        let backend = crate::poll::PollBackend::new();
        return Ok(Loop::with_backend(Box::new(backend.map_err(no_loop)?)));
    }
    let native = native_backend().map_err(no_loop)?;
    match name {
        Some(name) if name != native.name() => Err(unknown(name, &*native)),
        _ => Ok(Loop::with_backend(native)),
    }
}

fn unknown(name: &str, native: &dyn Backend) -> Failure {
    let own = if cfg!(unix) { " and 'poll'" } else { "" };
    Failure::usage(format_args!(
        "there is no backend '{name}' here, but '{}'{own}",
        native.name()
    ))
}

fn no_loop(error: std::io::Error) -> Failure {
    Failure::job(format_args!("cannot make an event loop: {error}"))
}
