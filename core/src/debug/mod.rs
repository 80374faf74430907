//! What debug mode knows beyond how long callbacks take (line E16).
//!
//! Without the feature `debug` there is nothing of it; with it, and debug mode
//! off, a callback costs one branch.

mod open;
#[cfg(feature = "debug")]
mod site;
#[cfg(not(feature = "debug"))]
#[path = "no_site.rs"]
mod site;

pub(crate) use site::{Site, debug_mode_of_a_loop, forget, running};
