//! Cases in processes of their own: this program once more, with the exact name
//! of the case, and a file in which it tells how far it is and what came of it.
//!
//! So a case may do what it likes to its process, and whatever that ends in is a
//! failure of this case: it can be killed if it hangs, and the others go on if it
//! crashes. No other case opens or closes anything there, so what is left open
//! can be counted.

mod child;
mod diary;
mod parent;
mod still_open;

pub(crate) use child::{asked_for, run};
pub(crate) use parent::judged;

/// Names the file for a program that is to run one case.
const DIARY: &str = "LOOPLINE_CONFORMANCE_DIARY";

#[cfg(test)]
mod tests;
