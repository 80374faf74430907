//! A callback between two threads: the loop, which is to run it, and whoever may
//! cancel it.
//!
//! Each of them has a half of one block of memory, and the last one frees it. All
//! they say to each other is bits of one word, each of which is set once. Whoever
//! sets `TAKEN` first, and nobody else, takes the callback out: the loop to run it,
//! the other half or a loop that is closed to drop it. A bit that says that a half
//! is gone is the last that is heard of that half, so that who finds it owns the
//! block alone.
//!
//! Bits are set with `AcqRel`, and so come in one order: what one half did before it
//! set a bit has happened for the other one that finds it.

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use bitflags::bitflags;

use super::SendClosure;

bitflags! {
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct State: u32 {
        /// The callback was taken out, or is about to be, by who has set this.
        const TAKEN = 1;
        /// The loop runs the callback. Unlike the others it is cleared again.
        const RUNNING = 1 << 1;
        /// Somebody waits for the end of that.
        const AWAITED = 1 << 2;
        /// Somebody has cancelled it, in time or not.
        const CANCELLED = 1 << 3;
        /// The queue's half is gone.
        const RELEASED = 1 << 4;
        /// The handle's half is gone.
        const DETACHED = 1 << 5;
    }
}

struct Block {
    state: AtomicU32,
    /// There until `TAKEN` is set.
    callback: UnsafeCell<MaybeUninit<SendClosure>>,
}

impl Block {
    #[inline]
    fn state(&self) -> State {
        State::from_bits_retain(self.state.load(Ordering::Acquire))
    }

    /// Sets bits, and answers what was there.
    #[inline]
    fn set(&self, bits: State) -> State {
        State::from_bits_retain(self.state.fetch_or(bits.bits(), Ordering::AcqRel))
    }

    /// # Safety
    ///
    /// The caller has set `TAKEN`, which was not set, or owns the block alone and
    /// found that it was not set; and does so once.
    #[inline]
    unsafe fn take(&self) -> SendClosure {
        // SAFETY: the callback is there until somebody has taken it, and whoever may
        // take it is the only one who uses the cell.
        unsafe { (*self.callback.get()).assume_init_read() }
    }
}

/// A block without a callback, to be used again.
pub(crate) struct Spare(Box<Block>);

// SAFETY: there is nothing in it.
unsafe impl Send for Spare {}

impl Spare {
    fn new() -> Self {
        Self(Box::new(Block {
            state: AtomicU32::new(0),
            callback: UnsafeCell::new(MaybeUninit::uninit()),
        }))
    }
}

/// The queue's half. Dropping it drops a callback that nobody has taken.
pub(crate) struct Queued(NonNull<Block>);

/// The handle's half. Dropping it leaves the callback alone.
pub(crate) struct Held(NonNull<Block>);

/// The queue's half while the callback runs. It has to be ended.
#[must_use]
pub(crate) struct Running(NonNull<Block>);

// SAFETY: what is in a block may go to another thread, and is taken out by one.
unsafe impl Send for Queued {}

// SAFETY: as for `Queued`.
unsafe impl Send for Held {}

// SAFETY: several threads may do through it what one may do: all of it is setting
// bits, and what follows from having been the first.
unsafe impl Sync for Held {}

/// What the loop may do with a callback whose turn has come.
pub(crate) enum Claim {
    /// Run it; nobody has a handle on it any more.
    Alone(SendClosure, Spare),
    /// Run it, and say when that is over.
    Shared(SendClosure, Running),
    /// Nothing: it was cancelled.
    Cancelled,
}

/// Shares a callback, in the memory of another one where there is some.
#[inline]
pub(crate) fn share(callback: SendClosure, spare: Option<Spare>) -> (Queued, Held) {
    let Spare(mut block) = spare.unwrap_or_else(Spare::new);
    *block.state.get_mut() = 0;
    block.callback.get_mut().write(callback.word_by_word());
    let block = NonNull::from(Box::leak(block));
    (Queued(block), Held(block))
}

/// # Safety
///
/// The block came from `share`, both halves of it are gone, and the callback was
/// taken.
#[inline]
unsafe fn whole(block: NonNull<Block>) -> Spare {
    // SAFETY: `share` took it out of a box, and nobody else knows of it any more.
    Spare(unsafe { Box::from_raw(block.as_ptr()) })
}

/// Gives the queue's half back, and frees the block if it is the last one.
///
/// # Safety
///
/// The block came from `share`, the queue's half is not used afterwards, and the
/// callback was taken.
unsafe fn release(block: NonNull<Block>) {
    // SAFETY: the queue's half was not given back before, so the block is there.
    let before = unsafe { block.as_ref() }.set(State::RELEASED);
    if before.contains(State::DETACHED) {
        // SAFETY: both are gone, and the handle's half went first; the caller says
        // the rest.
        drop(unsafe { whole(block) });
    }
}

impl Queued {
    fn block(&self) -> &Block {
        // SAFETY: the block is there for as long as one half of it.
        unsafe { self.0.as_ref() }
    }

    /// Takes the callback out to run it, unless it was cancelled.
    #[inline]
    pub(crate) fn claim(self) -> Claim {
        let state = self.block().state();
        if !state.contains(State::DETACHED) || state.contains(State::TAKEN) {
            return self.claim_shared();
        }
        // SAFETY: the handle's half is gone and has not taken the callback, and this
        // half has not either.
        let callback = unsafe { self.block().take() };
        let block = self.0;
        std::mem::forget(self);
        // SAFETY: the handle's half is gone, and this one is from here on.
        Claim::Alone(callback, unsafe { whole(block) })
    }

    fn claim_shared(self) -> Claim {
        let claimed =
            self.block()
                .state
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| {
                    let state = State::from_bits_retain(state);
                    let free = !state.contains(State::TAKEN);
                    free.then(|| (state | State::TAKEN | State::RUNNING).bits())
                });
        if claimed.is_err() {
            return Claim::Cancelled;
        }
        // SAFETY: this has just set `TAKEN`, which was not set.
        let callback = unsafe { self.block().take() };
        let running = Running(self.0);
        std::mem::forget(self);
        Claim::Shared(callback, running)
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        let before = self.block().set(State::TAKEN);
        let callback = (!before.contains(State::TAKEN)).then(|| {
            // SAFETY: this has just set `TAKEN`, which was not set.
            unsafe { self.block().take() }
        });
        // SAFETY: this half is being dropped, and the callback was taken, if not here
        // then by the other half.
        unsafe { release(self.0) };
        drop(callback);
    }
}

impl Running {
    /// Where the block lies, which no other call has until this one is over.
    pub(crate) fn address(&self) -> usize {
        self.0.as_ptr().addr()
    }

    /// The callback is over. Answers whether somebody waits for that.
    pub(crate) fn end(self) -> bool {
        let change = State::RUNNING | State::RELEASED;
        // SAFETY: the queue's half was not given back before, so the block is there.
        let block = unsafe { self.0.as_ref() };
        // The one is set since the callback was claimed, and the other one is not.
        let before = block.state.fetch_xor(change.bits(), Ordering::AcqRel);
        let before = State::from_bits_retain(before);
        if before.contains(State::DETACHED) {
            // SAFETY: the handle's half went first, this one is gone from here on, and
            // the callback was taken to be run.
            drop(unsafe { whole(self.0) });
        }
        before.contains(State::AWAITED)
    }
}

impl Held {
    fn block(&self) -> &Block {
        // SAFETY: the block is there for as long as one half of it.
        unsafe { self.0.as_ref() }
    }

    /// As [`Running::address`].
    pub(crate) fn address(&self) -> usize {
        self.0.as_ptr().addr()
    }

    /// Takes the callback out, if it has not begun. It counts as cancelled in any
    /// case.
    pub(crate) fn cancel(&self) -> Option<SendClosure> {
        let before = self.block().set(State::TAKEN | State::CANCELLED);
        (!before.contains(State::TAKEN)).then(|| {
            // SAFETY: this has just set `TAKEN`, which was not set.
            unsafe { self.block().take() }
        })
    }

    /// Whether it was cancelled, in time or not.
    pub(crate) fn cancelled(&self) -> bool {
        self.block().state().contains(State::CANCELLED)
    }

    /// Whether the loop runs the callback.
    pub(crate) fn is_running(&self) -> bool {
        self.block().state().contains(State::RUNNING)
    }

    /// Asks for word of the callback's end. Answers whether there is an end to come:
    /// whether the callback runs.
    pub(crate) fn await_end(&self) -> bool {
        self.block().set(State::AWAITED).contains(State::RUNNING)
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        let before = self.block().set(State::DETACHED);
        if before.contains(State::RELEASED) {
            // SAFETY: both are gone, and the queue's half went first, which it does
            // when the callback was taken.
            drop(unsafe { whole(self.0) });
        }
    }
}

#[cfg(test)]
mod tests;
