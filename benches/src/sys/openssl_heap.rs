//! OpenSSL's memory, counted with the rest.

use std::ffi::{c_char, c_int, c_void};

use libc::size_t;

use super::heap::Counting;

type Malloc = unsafe extern "C" fn(size_t, *const c_char, c_int) -> *mut c_void;
type Realloc = unsafe extern "C" fn(*mut c_void, size_t, *const c_char, c_int) -> *mut c_void;
type Free = unsafe extern "C" fn(*mut c_void, *const c_char, c_int);

unsafe extern "C" {
    /// CRYPTO_set_mem_functions(3).
    fn CRYPTO_set_mem_functions(malloc: Malloc, realloc: Realloc, free: Free) -> c_int;
}

/// Counts what OpenSSL allocates from here on, by the sizes that its blocks
/// really have. To be called before OpenSSL has allocated anything; false if it
/// is too late.
pub(crate) fn count() -> bool {
    // SAFETY: the three functions go together, and do what those of the C
    // library do.
    unsafe { CRYPTO_set_mem_functions(malloc, realloc, free) == 1 }
}

unsafe extern "C" fn malloc(size: size_t, _: *const c_char, _: c_int) -> *mut c_void {
    // SAFETY: any size may be asked for.
    let block = unsafe { libc::malloc(size) };
    Counting::allocated(usable(block));
    block
}

unsafe extern "C" fn realloc(
    block: *mut c_void,
    size: size_t,
    _: *const c_char,
    _: c_int,
) -> *mut c_void {
    let before = usable(block);
    // SAFETY: the block is one of `malloc`'s, or none.
    let after = unsafe { libc::realloc(block, size) };
    if !after.is_null() {
        Counting::freed(before);
        Counting::allocated(usable(after));
    }
    after
}

unsafe extern "C" fn free(block: *mut c_void, _: *const c_char, _: c_int) {
    Counting::freed(usable(block));
    // SAFETY: the block is one of `malloc`'s, or none.
    unsafe { libc::free(block) };
}

fn usable(block: *mut c_void) -> usize {
    // SAFETY: the block is one of `malloc`'s, or none, which has no size.
    unsafe { libc::malloc_usable_size(block) }
}
