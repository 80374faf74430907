//! A place for a shared pointer.

use std::cell::Cell;
use std::rc::Rc;

/// A place for a shared pointer, no larger than that: what is read is a clone, so
/// nothing is ever borrowed and no flag is needed.
pub(crate) struct RcCell<T: ?Sized>(Cell<Option<Rc<T>>>);

impl<T: ?Sized> RcCell<T> {
    pub(crate) fn new(value: Rc<T>) -> Self {
        Self(Cell::new(Some(value)))
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<Rc<T>> {
        self.with(|value| value.cloned())
    }

    /// Runs `look` with what is there, without a clone; the place is empty
    /// meanwhile.
    #[inline]
    fn with<R>(&self, look: impl FnOnce(Option<&Rc<T>>) -> R) -> R {
        let value = self.0.take();
        let result = look(value.as_ref());
        self.0.set(value);
        result
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.with(|value| value.is_none())
    }

    /// Puts another one in, and takes the one before out.
    pub(crate) fn replace(&self, value: Rc<T>) -> Option<Rc<T>> {
        self.0.replace(Some(value))
    }

    pub(crate) fn take(&self) -> Option<Rc<T>> {
        self.0.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_stays_until_it_is_taken() {
        let cell = RcCell::new(Rc::new(1));
        assert_eq!(cell.get().as_deref(), Some(&1));
        assert_eq!(cell.replace(Rc::new(2)).as_deref(), Some(&1));
        assert!(!cell.is_empty());
        assert_eq!(cell.with(|value| value.map(Rc::strong_count)), Some(1));
        assert_eq!(cell.take().as_deref(), Some(&2));
        assert!(cell.is_empty() && cell.get().is_none());
    }
}
