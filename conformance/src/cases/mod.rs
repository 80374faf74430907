//! What is promised, layer by layer.
//!
//! A layer is a folder, a table of cases a file in it. A case knows no subject
//! by name, and asserts no upper bound of time.
//!
//! To add a case, write a function from [`Context`](crate::context::Context) to
//! [`Outcome`](crate::verdict::Outcome), and list it in the file's table:
//!
//! ```text
//! pub(super) const CASES: &[Case] = &[
//!     case!(B4, watching_twice, "Watching a watched source is not an error."),
//!     case!(B10, a_file_arrives, "A file arrives as it is.")
//!         .needs(Need::SEND_FILE)
//!         .otherwise(sending_is_unsupported),
//! ];
//! ```
//!
//! Errors fail a case with `?`, assertions with a panic. Say what is waited for
//! with [`Context::doing`](crate::context::Context::doing): it is all that is
//! known of a case that hangs. [`Stop::skipped`](crate::verdict::Stop::skipped)
//! is for what the machine lacks; what a subject may lack is a
//! [`Need`](crate::case::Need). A case that looks at what belongs to the whole
//! process, such as descriptor numbers, is
//! [`isolated`](crate::case::Case::isolated).
//!
//! To add a layer, add a folder with a `LAYER` and list that below.

mod backend;
mod coder;
mod event_loop;
mod send_file;
mod server;
mod start_tls;
mod transport;
mod watch;

use crate::case::Layer;

/// Every layer.
pub(crate) const LAYERS: &[Layer] = &[
    backend::LAYER,
    event_loop::LAYER,
    watch::LAYER,
    transport::LAYER,
    server::LAYER,
    send_file::LAYER,
    coder::LAYER,
    start_tls::LAYER,
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let mut seen = HashSet::new();
        for (name, _) in LAYERS.iter().flat_map(Layer::cases) {
            assert!(seen.insert(name.clone()), "two cases are called {name}");
        }
    }

    #[test]
    fn every_case_says_what_holds_in_a_sentence() {
        for (name, case) in LAYERS.iter().flat_map(Layer::cases) {
            assert!(case.says.ends_with('.'), "{name}: {}", case.says);
            let line = case
                .line
                .trim_start_matches(|c: char| c.is_ascii_uppercase());
            assert!(
                line.parse::<u16>().is_ok(),
                "{name}: {} is no line",
                case.line
            );
        }
    }

    #[test]
    fn what_is_left_out_has_a_reason_and_no_case() {
        for layer in LAYERS {
            for left_out in layer.left_out {
                assert!(left_out.why.ends_with('.'), "{}", left_out.line);
                let covered = layer.cases().any(|(_, case)| case.line == left_out.line);
                assert!(!covered, "{} has a case", left_out.line);
            }
        }
    }
}
