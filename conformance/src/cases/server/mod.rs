//! Listening, accepting, and ending a server.

mod serving;

use crate::case::Layer;

pub(super) const LAYER: Layer = Layer {
    name: "server",
    tables: &[serving::CASES],
    left_out: &[],
};
