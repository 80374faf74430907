//! What of HTTP needs no connection: requests, ranges, preconditions and
//! response heads.

mod conditions;
mod framing;
mod head;
mod range;
mod request;
mod status;
mod target;
mod validators;

pub(crate) use conditions::{Conditions, Verdict};
pub(crate) use head::{Head, Manner};
pub(crate) use range::{Part, RangeSpec};
pub(crate) use request::{MAX_HEAD, Method, Request, parse};
pub(crate) use status::Status;
pub(crate) use target::Target;
pub(crate) use validators::Validators;
