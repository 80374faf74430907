//! What takes unsafe code: closures that lie in place although their type is known
//! only where they are made, and callbacks that two threads share without a lock.

mod closure;
mod remote_call;

pub(crate) use closure::{Closure, SendClosure};
pub(crate) use remote_call::{Claim, Held, Queued, Running, Spare, share};
