//! The system's allocator, with a count of what it is asked for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LIVE: Cell<u64> = const { Cell::new(0) };
}

/// How many allocations this thread has made until now; one that grows or
/// shrinks counts as another one.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// How many bytes this thread has allocated and not freed, as they were asked
/// for: what the allocator itself adds to each block is not in it. Wraps if it
/// has freed more, for other threads.
pub(crate) fn live_bytes() -> u64 {
    LIVE.get()
}

/// The system's allocator, counting: by thread, since atomic numbers would cost
/// as much as some allocations do.
pub(crate) struct Counting;

impl Counting {
    pub(super) fn allocated(bytes: usize) {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        LIVE.set(LIVE.get().wrapping_add(bytes as u64));
    }

    pub(super) fn freed(bytes: usize) {
        LIVE.set(LIVE.get().wrapping_sub(bytes as u64));
    }
}

// SAFETY: every call goes to the system's allocator as it came, and its answer
// comes back as it is. Counting neither allocates nor panics: the cells are
// constants with nothing to be dropped, so they are there for as long as the
// thread is.
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
