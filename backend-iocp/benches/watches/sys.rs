//! The system's allocator, with a count of the bytes that are in use.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
}

/// How many bytes this thread has allocated and not freed, as they were asked
/// for. Wraps if it has freed more, for other threads.
pub(crate) fn live_bytes() -> usize {
    LIVE.get()
}

/// The system's allocator, counting by thread.
pub(crate) struct Counting;

impl Counting {
    fn allocated(bytes: usize) {
        LIVE.set(LIVE.get().wrapping_add(bytes));
    }

    fn freed(bytes: usize) {
        LIVE.set(LIVE.get().wrapping_sub(bytes));
    }
}

// SAFETY: every call goes to the system's allocator as it came, and its answer
// comes back as it is. Counting neither allocates nor panics: the cell is a
// constant with nothing to be dropped.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::allocated(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::allocated(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        Self::freed(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::allocated(size);
        Self::freed(layout.size());
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(block, layout, size) }
    }
}
