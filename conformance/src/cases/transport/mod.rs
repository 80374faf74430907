//! Connections: callbacks, reading, writing, ending.

mod lifecycle;

use crate::case::Layer;

pub(super) const LAYER: Layer = Layer {
    name: "transport",
    tables: &[lifecycle::CASES],
    left_out: &[],
};
