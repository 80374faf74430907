//! What asks for `unsafe`: allocators that count, a call that rustix does not
//! have, and one of tokio's.

pub(crate) mod async_fd;
pub(crate) mod heap;
pub(crate) mod openssl_heap;
pub(crate) mod scheduler;
