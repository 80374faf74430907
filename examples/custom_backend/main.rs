//! A backend as somebody outside this project would write it, on poll(2) and with
//! public items alone, and its verdict: the conformance suite is all that this
//! program does. `docs/backend-guide.md` walks through it.
//!
//! ```sh
//! cargo run --example custom_backend -- backend::B9
//! ```
#![forbid(unsafe_code)]

#[cfg(unix)]
mod poll;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    suite::main()
}

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
mod suite {
    use std::io;
    use std::process::ExitCode;

    use loopline_conformance::{Expectation, Subject, Suite};
    use loopline_core::backend::Backend;

    use crate::poll::PollBackend;

    /// What poll(2) cannot do, and why.
    const DEVIATIONS: [(&str, &[&str]); 2] = [
        (
            "poll(2) wants the descriptors at each call, and what a backend without unsafe can \
             keep of them until then is duplicates",
            &[
                "watch::C29_a_closed_descriptor_keeps_nobody_busy",
                "watch::C28_a_stale_callback_is_not_called_for_a_reused_number",
                "watch::C33_a_call_that_is_due_comes_though_its_descriptor_is_closed",
                "watch::C44_closing_a_watched_descriptor_closes_it",
            ],
        ),
        (
            "poll(2) refuses a list that is longer than the limit of descriptors, which is 0 here",
            &[
                "server::D64_running_out_of_descriptors_is_reported_once",
                "server::D64_closing_a_pausing_server_leaves_nothing",
                "server::D64_a_server_can_be_closed_when_it_runs_out",
            ],
        ),
    ];

    struct Poll;

    impl Subject for Poll {
        fn name(&self) -> &'static str {
            "poll"
        }

        fn backend(&self) -> io::Result<Box<dyn Backend>> {
            Ok(Box::new(PollBackend::new()?))
        }

        fn expectations(&self) -> Vec<Expectation> {
            let each = DEVIATIONS.iter().flat_map(|(reason, cases)| {
                let declared = |case: &&str| Expectation::failure(*case, *reason);
                cases.iter().map(declared)
            });
            each.collect()
        }
    }

    pub(crate) fn main() -> ExitCode {
        let suite = Suite::new().subject(Poll);
        // Above the backend, which cases fail was found out on Linux.
        #[cfg(not(target_os = "linux"))]
        let suite = suite.layers([loopline_conformance::Layer::Backend]);
        suite.main()
    }
}
