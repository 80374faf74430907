//! What only the system's own calls tell.

mod inheritance;
mod list;

pub(super) use inheritance::{have_inherited, is_inherited};
pub(super) use list::handles;
