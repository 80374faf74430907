//! A place for what has a box.

use std::cell::Cell;

/// A place for what has a box, no larger than a pointer: whoever uses it takes it
/// out meanwhile, so no flag is needed. Who comes in between finds the place empty.
pub(crate) struct BoxCell<T: ?Sized>(Cell<Option<Box<T>>>);

/// Puts it back, also if whoever uses it panics.
struct Taken<'a, T: ?Sized> {
    place: &'a BoxCell<T>,
    value: Option<Box<T>>,
}

impl<T: ?Sized> Drop for Taken<'_, T> {
    fn drop(&mut self) {
        let between = self.place.0.replace(self.value.take());
        debug_assert!(
            between.is_none() || std::thread::panicking(),
            "something was put into a place in use"
        );
    }
}

impl<T: ?Sized> BoxCell<T> {
    pub(crate) fn new(value: Box<T>) -> Self {
        Self(Cell::new(Some(value)))
    }

    /// Uses the place with what is in it.
    #[inline]
    pub(crate) fn with<R>(&self, use_place: impl FnOnce(&mut Option<Box<T>>) -> R) -> R {
        let mut taken = Taken {
            place: self,
            value: self.0.take(),
        };
        use_place(&mut taken.value)
    }

    pub(crate) fn take(&self) -> Option<Box<T>> {
        self.0.take()
    }
}

impl<T> Default for BoxCell<T> {
    fn default() -> Self {
        Self(Cell::default())
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn what_is_used_comes_back() {
        let cell = BoxCell::new(Box::new(1));
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            cell.with(|value| {
                **value.as_mut().expect("it is there") = 2;
                assert!(cell.with(|between| between.is_none()));
                panic!("while it is used");
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(cell.take(), Some(Box::new(2)));
        assert!(cell.with(|value| value.is_none()));
    }
}
