//! What only the system's own calls tell.

mod crashes;
mod inheritance;
mod list;

pub(super) use crashes::end_at_once;
pub(super) use inheritance::{have_inherited, is_inherited};
pub(super) use list::handles;
