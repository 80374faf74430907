//! Running code that may panic and may never end.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

thread_local! {
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// How watched code ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ended<T> {
    Returned(T),
    Panicked(String),
    /// It has not ended, and is left to itself.
    Late,
}

/// Runs `body` on a thread of its own, for at most `limit`.
///
/// # Errors
///
/// That no thread could be made.
pub(crate) fn watch<T: Send + 'static>(
    name: &str,
    limit: Duration,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<Ended<T>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::Builder::new().name(name.into()).spawn(move || {
        WATCHED.set(true);
        let ended = match panic::catch_unwind(AssertUnwindSafe(body)) {
            Ok(value) => Ended::Returned(value),
            Err(payload) => Ended::Panicked(message(payload.as_ref())),
        };
        // Nobody listens any more to one that is late.
        let _ = sender.send(ended);
    })?;
    Ok(match receiver.recv_timeout(limit) {
        Ok(ended) => ended,
        Err(RecvTimeoutError::Timeout) => Ended::Late,
        Err(RecvTimeoutError::Disconnected) => Ended::Panicked("the thread vanished".into()),
    })
}

/// Keeps the panics of watched threads for the report, where they belong to a
/// case, instead of printing them at once, between the cases.
pub(crate) fn collect_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if WATCHED.get() {
            PANIC.set(Some(info.to_string()));
        } else {
            print(info);
        }
    }));
}

fn message(payload: &(dyn Any + Send)) -> String {
    if let Some(collected) = PANIC.take() {
        return collected;
    }
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    format!("panicked: {}", text.unwrap_or("(no message)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[test]
    fn what_is_returned_comes_back() {
        let ended = watch("case", LONG, || 7).expect("a thread");
        assert_eq!(ended, Ended::Returned(7));
    }

    #[test]
    fn a_panic_comes_back_with_its_message() {
        let ended = watch("case", LONG, || panic!("broken {}", 1)).expect("a thread");
        let Ended::<()>::Panicked(message) = ended else {
            panic!("{ended:?}");
        };
        assert!(message.contains("broken 1"), "{message}");
    }

    #[test]
    fn a_hang_is_given_up() {
        let (_keep, never) = mpsc::channel::<()>();
        let ended = watch("case", Duration::from_millis(20), move || {
            never.recv().is_ok()
        });
        assert_eq!(ended.expect("a thread"), Ended::Late);
    }
}
