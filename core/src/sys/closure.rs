//! A closure of any type, in place.
//!
//! A queue of boxes spends more on allocating and freeing them than on all the
//! rest. Most callbacks hold a word or two.

use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr;

use crate::protocol::Outcome;

/// A part of a closure, whatever it is. As a pointer it keeps what a pointer may
/// be used for.
type Word = MaybeUninit<*mut ()>;

/// Where a closure lies. With the table beside it that is half a cache line.
type Room = [Word; 3];

/// What can be done with a closure whose type is not known any more. The words of
/// its room are arguments, and so stay in registers.
struct Table {
    call: unsafe fn(Word, Word, Word) -> Outcome,
    drop: unsafe fn(Word, Word, Word),
}

/// A closure that is called once. It may have to stay on its thread, as it does by
/// the pointers in it.
pub(crate) struct Closure {
    table: &'static Table,
    /// Holds a closure of the type that `table` is for.
    room: Room,
}

/// What is known of one type of closures.
struct Type<F>(PhantomData<F>);

impl<F: FnOnce() -> Outcome + 'static> Type<F> {
    const FITS: bool = size_of::<F>() <= size_of::<Room>() && align_of::<F>() <= align_of::<Room>();

    const TABLE: &'static Table = &Table {
        call: Self::call,
        drop: Self::drop,
    };

    /// # Safety
    ///
    /// The words are those of an `F` that fits, and that nobody uses afterwards.
    unsafe fn call(a: Word, b: Word, c: Word) -> Outcome {
        // SAFETY: as promised by the caller.
        let closure = unsafe { Self::take(&[a, b, c]) };
        closure()
    }

    /// # Safety
    ///
    /// As for `call`.
    unsafe fn drop(a: Word, b: Word, c: Word) {
        // SAFETY: as promised by the caller.
        drop(unsafe { Self::take(&[a, b, c]) });
    }

    /// # Safety
    ///
    /// The room holds an `F`, which fits, and nobody uses it afterwards.
    #[inline]
    unsafe fn take(room: &Room) -> F {
        // SAFETY: as promised by the caller; it is aligned, since it fits.
        unsafe { room.as_ptr().cast::<F>().read() }
    }
}

impl Closure {
    /// Takes a closure in, or a box with it if it does not fit.
    #[inline]
    pub(crate) fn new<F: FnOnce() -> Outcome + 'static>(closure: F) -> Self {
        if Type::<F>::FITS {
            // SAFETY: it fits.
            unsafe { Self::in_place(closure) }
        } else {
            let boxed: Box<dyn FnOnce() -> Outcome> = Box::new(closure);
            const { assert!(Type::<Box<dyn FnOnce() -> Outcome>>::FITS) };
            // SAFETY: it fits.
            unsafe { Self::in_place(boxed) }
        }
    }

    /// # Safety
    ///
    /// An `F` fits into a room.
    #[inline]
    unsafe fn in_place<F: FnOnce() -> Outcome + 'static>(closure: F) -> Self {
        let mut room: Room = [Word::uninit(); 3];
        // SAFETY: the room is large enough and aligned, as the caller promises.
        unsafe { room.as_mut_ptr().cast::<F>().write(closure) };
        Self {
            table: Type::<F>::TABLE,
            room,
        }
    }

    /// The same closure, read word by word: for who keeps one that was made right
    /// before. Its words are on their way to memory then, and can be had from there
    /// as they were written, but not several of them at once: a processor waits for
    /// them until they have arrived, which takes longer than all the rest of queueing.
    #[inline]
    pub(crate) fn word_by_word(self) -> Self {
        let this = ManuallyDrop::new(self);
        let read = |word: &Word| {
            // SAFETY: it is a reference. Reading is volatile so that the compiler does
            // not make one of several.
            unsafe { ptr::read_volatile(word) }
        };
        Self {
            table: this.table,
            room: [
                read(&this.room[0]),
                read(&this.room[1]),
                read(&this.room[2]),
            ],
        }
    }

    #[inline]
    pub(crate) fn call(self) -> Outcome {
        let this = ManuallyDrop::new(self);
        let [a, b, c] = this.room;
        // SAFETY: the room holds a closure of the table's type. It is not used
        // afterwards: `this` is not dropped.
        unsafe { (this.table.call)(a, b, c) }
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        let [a, b, c] = self.room;
        // SAFETY: the room holds a closure of the table's type, and a value that is
        // dropped is not used afterwards.
        unsafe { (self.table.drop)(a, b, c) }
    }
}

/// A closure that may go to another thread.
pub(crate) struct SendClosure(Closure);

// SAFETY: all that is in it is a closure that is `Send`, or a box with one: there is
// no other way to make it than `new`.
unsafe impl Send for SendClosure {}

impl SendClosure {
    #[inline]
    pub(crate) fn new(closure: impl FnOnce() -> Outcome + Send + 'static) -> Self {
        Self(Closure::new(closure))
    }

    /// As [`Closure::word_by_word`].
    #[inline]
    pub(crate) fn word_by_word(self) -> Self {
        Self(self.0.word_by_word())
    }

    #[inline]
    pub(crate) fn call(self) -> Outcome {
        self.0.call()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::rc::Rc;

    use super::*;

    /// Calls and drops closures that hold `extra`, and so are of any size.
    fn keeps_what_it_holds<T: Copy + PartialEq + std::fmt::Debug + 'static>(extra: T) {
        let held = Rc::new(());
        let inside = Rc::clone(&held);
        let closure = Closure::new(move || {
            assert_eq!(Rc::strong_count(&inside), 2);
            let _ = extra;
            Err(format!("{extra:?}").into())
        });
        assert_eq!(Rc::strong_count(&held), 2);
        let answer = closure.call().map_err(|error| error.to_string());
        assert_eq!(answer, Err(format!("{extra:?}")));
        assert_eq!(Rc::strong_count(&held), 1);

        let inside = Rc::clone(&held);
        let closure = Closure::new(move || {
            let _ = (&inside, extra);
            Ok(())
        });
        drop(closure);
        assert_eq!(Rc::strong_count(&held), 1);
    }

    #[test]
    fn closures_of_any_size_are_called_and_dropped_once() {
        keeps_what_it_holds(());
        keeps_what_it_holds(1_u8);
        keeps_what_it_holds([2_usize; 2]);
        keeps_what_it_holds([3_usize; 3]);
        keeps_what_it_holds([4_usize; 40]);
    }

    #[test]
    fn closures_of_any_alignment_are_called_and_dropped_once() {
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[repr(align(64))]
        struct Aligned(u8);
        keeps_what_it_holds(Aligned(5));
        keeps_what_it_holds(6_u128);
    }

    #[test]
    fn a_panic_drops_what_the_closure_holds_once() {
        let held = Rc::new(());
        let inside = Rc::clone(&held);
        let closure = Closure::new(move || {
            let _inside = inside;
            panic!("it panics")
        });
        let caught = catch_unwind(AssertUnwindSafe(|| closure.call()));
        assert!(caught.is_err());
        assert_eq!(Rc::strong_count(&held), 1);
    }
}
