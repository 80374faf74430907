//! Tests of the suite itself: backends with one fault each, and the cases that
//! have to find it.
//!
//! A case that no fault fails would be one that cannot fail.

mod completing;
mod fault;
mod faulty;

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use loopline_core::backend::Backend;

use self::completing::Completing;
use self::fault::Fault;
use self::faulty::Faulty;
use crate::Subject;
use crate::case::{Case, Layer};
use crate::cases::LAYERS;
use crate::options::Options;
use crate::runner::judge;
use crate::verdict::Verdict;

/// How a fault shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    /// What is promised does not hold.
    Failing,
    /// What is promised never comes.
    Hanging,
}
use Shows::{Failing, Hanging};

/// Which cases find which fault.
const FINDINGS: &[(Fault, Shows, &[&str])] = &[
    (
        Fault::ReportsNothing,
        Hanging,
        &[
            "B1_readable_while_anything_is_left",
            "B1_not_writable_while_it_is_full",
            "B1_a_waiting_connection_is_readable",
            "B1_a_connected_socket_is_writable",
            "B1_a_pipe_is_watched_at_both_ends",
            "B2_a_reset_ends_a_wait_to_read",
            "B2_a_reset_ends_a_wait_to_write",
            "B2_a_reset_is_both_to_whoever_wants_both",
            "B6_pipes_are_watched_or_unsupported",
            "B7_an_event_ends_a_long_wait",
            "B9_sources_are_reported_beside_it",
            "B12_sources_survive_their_backend",
            "B12_backends_do_not_share_sources",
        ],
    ),
    (
        Fault::ReportsTheFirstFew,
        Failing,
        &["B1_none_of_thousands_starves"],
    ),
    (
        Fault::ReportsOnce,
        Failing,
        &[
            "B1_readable_until_it_is_read",
            "B1_writable_on_every_wait",
            "B1_both_at_once",
            "B2_the_end_of_a_stream_is_readable",
        ],
    ),
    (
        Fault::ReportsTheIdle,
        Failing,
        &[
            "B1_an_idle_source_is_not_reported",
            "B1_not_writable_while_it_is_full",
            "B5_nothing_is_reported_afterwards",
            "B7_zero_only_looks",
            "B7_never_early_beside_an_idle_source",
        ],
    ),
    (
        Fault::ReportsBoth,
        Failing,
        &[
            "B2_a_reset_is_nothing_to_read_for_a_writer",
            "B2_a_reset_is_no_room_for_a_reader",
            "B2_a_refused_connection_is_writable",
            "B2_both_directions_shut_is_readable",
            "B2_a_pipe_without_a_writer_is_readable",
            "B2_a_full_pipe_without_a_reader_is_writable",
            "B4_rewatching_changes_the_interest",
            "B4_interests_are_added_and_taken_away",
        ],
    ),
    (
        Fault::CutsKeys,
        Hanging,
        &["B3_every_key_comes_back_as_it_was"],
    ),
    (
        Fault::KnowsOnlySlots,
        Hanging,
        &["B3_keys_of_one_slot_are_different_keys"],
    ),
    (
        Fault::KeepsTheFirstKey,
        Hanging,
        &["B3_the_newest_key_counts"],
    ),
    (
        Fault::TrustsItsBooks,
        Hanging,
        &[
            "B4_watching_twice_is_watching_anew",
            "B4_watching_a_number_that_was_closed",
            "B4_rewatching_a_number_that_was_closed",
            "B4_watching_a_number_whose_source_lives_on",
        ],
    ),
    (
        Fault::RefusesTheUnknown,
        Failing,
        &[
            "B4_rewatching_the_unknown_watches_it",
            "B4_rewatching_after_unwatching_watches_it",
            "B5_the_unknown_is_no_error",
            "B6_a_refusal_leaves_nothing_behind",
        ],
    ),
    (
        Fault::DoesNotUnwatch,
        Failing,
        &[
            "B5_nothing_is_reported_afterwards",
            "B5_what_was_about_to_be_reported_is_not",
            "B5_an_open_duplicate_reports_nothing",
            "B5_a_duplicate_is_a_source_of_its_own",
        ],
    ),
    (
        Fault::UnwatchesEverything,
        Hanging,
        &["B5_others_stay_watched", "B5_watching_again_works"],
    ),
    (
        Fault::TakesFiles,
        Failing,
        &[
            "B6_files_and_directories_are_unsupported",
            "B6_a_refusal_leaves_nothing_behind",
        ],
    ),
    (
        Fault::Mislabels,
        Failing,
        &[
            "B6_files_and_directories_are_unsupported",
            "B10_a_pipe_is_no_file",
        ],
    ),
    (
        Fault::RoundsDown,
        Failing,
        &["B7_never_early", "B7_never_early_beside_an_idle_source"],
    ),
    (Fault::ReadsZeroAsForever, Hanging, &["B7_zero_only_looks"]),
    (
        Fault::CutsTimeouts,
        Failing,
        &["B7_the_longest_timeout_is_no_error"],
    ),
    (
        Fault::GivesUpWaiting,
        Failing,
        &["B7_no_timeout_is_no_limit"],
    ),
    (
        Fault::ReportsInterruptions,
        Failing,
        &["B8_a_stopped_process_is_no_error"],
    ),
    (
        Fault::IsDeaf,
        Hanging,
        &[
            "B9_a_wake_up_before_the_wait_ends_it",
            "B9_every_waker_wakes",
        ],
    ),
    (Fault::HearsMostOfTheTime, Hanging, &["B9_none_is_lost"]),
    (
        Fault::ReportsWakeUps,
        Failing,
        &["B9_a_wake_up_is_no_event"],
    ),
    (
        Fault::HearsEchoes,
        Failing,
        &["B9_many_wake_ups_end_one_wait"],
    ),
    (
        Fault::PanicsOnceGone,
        Failing,
        &["B9_nothing_happens_once_the_backend_is_gone"],
    ),
    (
        Fault::DeniesWhatItCan,
        Failing,
        &[
            "B6_pipes_are_watched_or_unsupported",
            "B10_a_whole_file_arrives",
            "B14_what_is_in_memory_is_read",
        ],
    ),
    (
        Fault::SendsFromTheStart,
        Failing,
        &[
            "B10_a_whole_file_arrives",
            "B10_a_stretch_arrives_and_no_more",
            "B10_the_end_of_the_file_is_zero_bytes",
            "B10_one_file_goes_to_several_sockets",
        ],
    ),
    (
        Fault::SendsTooMuch,
        Failing,
        &["B10_a_stretch_arrives_and_no_more"],
    ),
    (
        Fault::RefusesLongStretches,
        Failing,
        &["B10_a_length_beyond_the_end_is_cut_there"],
    ),
    (
        Fault::BlocksOnFullSockets,
        Hanging,
        &["B10_a_full_socket_is_not_ready"],
    ),
    (
        Fault::MovesPositions,
        Failing,
        &[
            "B10_the_position_of_the_file_stays",
            "B14_the_position_stays_where_it_is",
        ],
    ),
    (
        Fault::SwallowsErrors,
        Failing,
        &[
            "B10_a_file_that_cannot_be_read_is_an_error",
            "B14_an_offset_beyond_all_files_is_no_position",
        ],
    ),
    (
        Fault::BlamesThePair,
        Failing,
        &[
            "B10_a_reset_connection_is_an_error_of_its_own",
            "B10_a_shut_connection_is_an_error_of_its_own",
        ],
    ),
    (
        Fault::InventsJobs,
        Failing,
        &[
            "B11_a_job_is_done_once",
            "B11_cancelling_nothing_does_nothing",
        ],
    ),
    (
        Fault::IsDoneTwice,
        Failing,
        &["B11_a_job_is_done_once", "B11_a_cancelled_job_is_done_once"],
    ),
    (
        Fault::Miscounts,
        Failing,
        &["B11_a_job_outlives_the_callers_handles"],
    ),
    (
        Fault::DropsForever,
        Hanging,
        &["B12_dropping_ends_with_a_job_in_flight"],
    ),
    (
        Fault::PassesDescriptorsOn,
        Failing,
        &["B13_children_inherit_none"],
    ),
    (
        Fault::LeaksDescriptors,
        Failing,
        &["B13_dropping_closes_them"],
    ),
    (
        Fault::ReadsFromTheStart,
        Failing,
        &["B14_what_is_in_memory_is_read"],
    ),
    (Fault::EndsEarly, Failing, &["B14_zero_bytes_are_the_end"]),
    (
        Fault::BlocksOnPipes,
        Hanging,
        &["B14_an_empty_pipe_does_not_block"],
    ),
];

/// A backend with a fault, or without.
struct Adversary(Option<Fault>);

impl Subject for Adversary {
    fn name(&self) -> &'static str {
        "adversary"
    }

    fn backend(&self) -> io::Result<Box<dyn Backend>> {
        Ok(match self.0 {
            Some(fault) if !fault.is_of_jobs() => Box::new(Faulty::new(fault)?),
            fault => Box::new(Completing::new(fault)?),
        })
    }
}

fn backend_cases() -> impl Iterator<Item = (String, &'static Case)> {
    let layer = LAYERS.iter().find(|layer| layer.name == "backend");
    let layer = layer.expect("there is a layer of backends");
    let cases = layer.cases();
    cases.map(|(name, case)| (name.trim_start_matches("backend::").to_owned(), case))
}

fn verdict(fault: Option<Fault>, case: &'static Case, limit: Duration) -> Verdict {
    let options = Options {
        limit,
        ..Options::DEFAULT
    };
    judge(Arc::new(Adversary(fault)), case.name, case, options)
}

fn finds(fault: Fault, shows: Shows, name: &str) {
    let (_, case) = backend_cases()
        .find(|(other, _)| other == name)
        .expect(name);
    // What hangs does so for any time; what fails is given enough of it.
    let limit = match shows {
        Hanging => Duration::from_secs(1),
        Failing => Options::DEFAULT.limit,
    };
    let Verdict::Failed(why) = verdict(Some(fault), case, limit) else {
        panic!("{name} does not find {fault:?}");
    };
    let shown = if why.starts_with("no end after") {
        Hanging
    } else {
        Failing
    };
    assert_eq!(shown, shows, "{name} on {fault:?}: {why}");
}

fn findings(shows: Shows) -> impl Iterator<Item = (Fault, &'static str)> {
    let findings = FINDINGS.iter().filter(move |(_, how, _)| *how == shows);
    findings.flat_map(|(fault, _, names)| names.iter().map(|name| (*fault, *name)))
}

#[test]
fn faults_that_break_a_promise_are_found() {
    for (fault, name) in findings(Failing) {
        finds(fault, Failing, name);
    }
}

#[test]
fn faults_that_keep_one_waiting_are_found() {
    // All at once: each waits out its limit.
    thread::scope(|scope| {
        for (fault, name) in findings(Hanging) {
            scope.spawn(move || finds(fault, Hanging, name));
        }
    });
}

#[test]
fn every_case_finds_a_fault() {
    let found: BTreeSet<_> = FINDINGS.iter().flat_map(|(_, _, names)| *names).collect();
    for (name, _) in backend_cases() {
        assert!(found.contains(&name.as_str()), "nothing fails {name}");
    }
}

#[test]
fn every_fault_is_looked_for() {
    for fault in Fault::ALL {
        assert!(
            FINDINGS.iter().any(|(other, _, _)| other == fault),
            "{fault:?}"
        );
    }
}

/// The cases for what completes run on no backend of this system: on this one.
#[test]
fn a_backend_that_completes_passes() {
    for (name, case) in LAYERS
        .iter()
        .filter(|layer| layer.name == "backend")
        .flat_map(Layer::cases)
    {
        let verdict = verdict(None, case, Options::DEFAULT.limit);
        assert!(matches!(verdict, Verdict::Passed), "{name}: {verdict:?}");
    }
}
