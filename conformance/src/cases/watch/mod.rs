//! Watching descriptors of the user.

mod level;

use crate::case::Layer;

pub(super) const LAYER: Layer = Layer {
    name: "watch",
    tables: &[level::CASES],
    left_out: &[],
};
