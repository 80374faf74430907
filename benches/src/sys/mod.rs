//! What asks for `unsafe`: an allocator that counts, and a call that rustix does
//! not have.

pub(crate) mod heap;
pub(crate) mod scheduler;
