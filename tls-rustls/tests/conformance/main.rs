//! The layer of the conformance suite that is for a coder alone.

mod coder;

use std::process::ExitCode;

use loopline_conformance::{Layer, Suite};

fn main() -> ExitCode {
    let suite = Suite::new().coder(coder::coder());
    suite.layers([Layer::Coder]).main()
}
