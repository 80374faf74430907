//! Sending files.

mod range;

use crate::case::Layer;

pub(super) const LAYER: Layer = Layer {
    name: "send_file",
    tables: &[range::CASES],
    left_out: &[],
};
