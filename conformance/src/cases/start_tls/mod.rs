//! A connection upgraded to TLS.

use crate::case::{Layer, Per};

pub(super) const LAYER: Layer = Layer {
    name: "start_tls",
    per: Per::SubjectAndCoder,
    tables: &[],
    left_out: &[],
};
