//! What a loop runs, and when.

mod order;

use crate::case::Layer;

pub(super) const LAYER: Layer = Layer {
    name: "event_loop",
    tables: &[order::CASES],
    left_out: &[],
};
