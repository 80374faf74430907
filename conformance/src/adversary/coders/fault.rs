//! What can be wrong with a coder, and what each fault is found by.

use crate::adversary::fault::faults;
use crate::adversary::findings::Shows::{self, Failing, Hanging};

faults! {
    /// The peer's close_notify is not told.
    SwallowsTheEnd,
    /// There is plaintext before the end of the handshake.
    DeliversEarly,
    /// All input is said to be consumed.
    ConsumesEverything,
    /// The last byte of each record is not.
    ConsumesTooLittle,
    /// It does not stop where the handshake ends.
    GoesOnPastOpen,
    /// What it does not consume it overwrites.
    SpoilsTheRest,
    /// It keeps input that it cannot use yet.
    Hoards,
    /// After its own close it takes the peer's for granted.
    EndsWithItsOwnClose,
    /// It replaces what was in a buffer.
    ClearsBuffers,
    /// What was authenticated before a bad record is lost.
    LosesDataBeforeAnError,
    /// Alerts are not sent.
    DropsAlerts,
    /// It works again after an error.
    ForgetsItsFailure,
    /// What is no TLS is taken and ignored.
    TakesAnything,
    /// Every error is the library's.
    BlamesTheLibrary,
    /// A peer can make it panic.
    Panics,
    /// Each record is sent twice.
    SendsTwice,
    /// Data for which there is no room in memory is cut there.
    CutsAtTheRoom,
    /// Data goes into memory that is too small for all of it, and that is not told.
    HidesWhatItFilled,
    /// Memory is filled where nothing can be sent.
    FillsWhatItMayNot,
    /// Data that cannot be sent is dropped without a word.
    SwallowsRefusals,
    /// The peer is not told of new keys.
    HidesUpdates,
    /// Alerts are sent after its close_notify too.
    SpeaksAfterClosing,
    /// Closing again sends another close_notify.
    ClosesTwice,
    /// Closing sends nothing.
    ClosesSilently,
    /// There is a session before there is one.
    ClaimsASessionEarly,
    /// There never is one.
    ForgetsTheSession,
    /// What it says of the session is made up.
    InventsTheSession,
    /// The certificate may be for another name.
    IgnoresNames,
    /// Versions are not limited.
    IgnoresVersions,
    /// ALPN is not used.
    IgnoresProtocols,
    /// No session is resumed.
    ResumesNothing,
    /// A server never asks for a certificate.
    AsksForNothing,
}

/// Which cases find which fault.
pub(in crate::adversary) const FINDINGS: &[(Fault, Shows, &[&str])] = &[
    (
        Fault::SwallowsTheEnd,
        Failing,
        &[
            "coder::T4_data_comes_before_the_end",
            "coder::T6_closing_again_is_without_effect",
        ],
    ),
    (
        Fault::DeliversEarly,
        Failing,
        &["coder::T1_input_may_be_cut_anywhere"],
    ),
    (
        Fault::ConsumesEverything,
        Failing,
        &[
            "coder::T1_input_may_be_cut_anywhere",
            "coder::T3_what_follows_the_handshake_stays_the_callers",
            "coder::T4_nothing_behind_the_end_is_consumed",
        ],
    ),
    (
        Fault::ConsumesTooLittle,
        Failing,
        &["coder::T1_input_may_be_cut_anywhere"],
    ),
    (
        Fault::GoesOnPastOpen,
        Failing,
        &["coder::T3_what_follows_the_handshake_stays_the_callers"],
    ),
    (
        Fault::SpoilsTheRest,
        Failing,
        &[
            "coder::T1_input_may_be_cut_anywhere",
            "coder::T4_nothing_behind_the_end_is_consumed",
            "coder::T4_what_is_behind_the_end_is_left_as_it_came",
            "start_tls::B95_bytes_behind_the_end_are_for_the_next_protocol",
        ],
    ),
    (
        Fault::Hoards,
        Failing,
        &[
            "coder::T3_what_follows_the_handshake_stays_the_callers",
            "coder::T4_nothing_behind_the_end_is_consumed",
        ],
    ),
    (
        Fault::EndsWithItsOwnClose,
        Failing,
        &["coder::T6_after_closing_receiving_goes_on"],
    ),
    (
        Fault::ClearsBuffers,
        Failing,
        &["coder::T1_input_may_be_cut_anywhere"],
    ),
    (
        Fault::LosesDataBeforeAnError,
        Failing,
        &[
            "coder::T5_a_bad_record_comes_after_the_good_ones",
            "start_tls::B64_a_corrupt_record_ends_the_connection",
        ],
    ),
    (
        Fault::DropsAlerts,
        Failing,
        &[
            "coder::T5_a_bad_record_comes_after_the_good_ones",
            "coder::B43_a_bad_certificate_is_refused_with_its_reason",
            "start_tls::B46_the_alert_reaches_the_peer",
        ],
    ),
    (
        Fault::ForgetsItsFailure,
        Failing,
        &["coder::T6_an_error_is_the_end"],
    ),
    (
        Fault::TakesAnything,
        Failing,
        &[
            "coder::T8_other_protocols_are_refused",
            "coder::T8_empty_records_are_no_handshake",
        ],
    ),
    (
        Fault::BlamesTheLibrary,
        Failing,
        &[
            "coder::T8_other_protocols_are_refused",
            "start_tls::B44_what_is_no_tls_reaches_the_caller",
        ],
    ),
    (
        Fault::Panics,
        Failing,
        &["coder::T8_random_bytes_open_nothing"],
    ),
    (
        Fault::SendsTwice,
        Failing,
        &[
            "coder::T1_input_may_be_cut_anywhere",
            "coder::B51_any_size_arrives",
        ],
    ),
    (
        Fault::CutsAtTheRoom,
        Failing,
        &["coder::T9_memory_takes_all_of_the_data_or_none"],
    ),
    (
        Fault::HidesWhatItFilled,
        Failing,
        &["coder::T9_memory_takes_all_of_the_data_or_none"],
    ),
    (
        Fault::FillsWhatItMayNot,
        Failing,
        &["coder::T9_memory_stays_as_it_was_where_nothing_can_be_sent"],
    ),
    (
        Fault::SwallowsRefusals,
        Failing,
        &[
            "coder::T7_sending_before_the_end_of_the_handshake_is_refused",
            "coder::T6_after_closing_nothing_is_sent",
        ],
    ),
    (
        Fault::HidesUpdates,
        Failing,
        &["coder::B65_keys_are_updated_at_any_time"],
    ),
    (
        Fault::SpeaksAfterClosing,
        Failing,
        &["coder::T6_receiving_after_closing_writes_nothing"],
    ),
    (
        Fault::ClosesTwice,
        Failing,
        &["coder::T6_closing_again_is_without_effect"],
    ),
    (
        Fault::ClosesSilently,
        Hanging,
        &["start_tls::B71_closing_sends_everything_and_then_the_end"],
    ),
    (
        Fault::ClaimsASessionEarly,
        Failing,
        &["coder::T1_input_may_be_cut_anywhere"],
    ),
    (
        Fault::ForgetsTheSession,
        Failing,
        &[
            "coder::T1_input_may_be_cut_anywhere",
            "coder::B32_both_sides_say_the_same",
        ],
    ),
    (
        Fault::InventsTheSession,
        Failing,
        &["coder::B32_both_sides_say_the_same"],
    ),
    (
        Fault::IgnoresNames,
        Failing,
        &[
            "coder::B43_a_wrong_name_is_refused",
            "start_tls::B7_the_name_is_sent_and_checked",
        ],
    ),
    (
        Fault::IgnoresVersions,
        Failing,
        &[
            "coder::B32_both_sides_say_the_same",
            "coder::T8_versions_in_common_are_needed",
        ],
    ),
    (
        Fault::IgnoresProtocols,
        Failing,
        &[
            "coder::B36_a_protocol_is_chosen",
            "start_tls::B36_the_protocol_chosen_is_there_at_once",
        ],
    ),
    (
        Fault::ResumesNothing,
        Failing,
        &[
            "coder::B32_a_resumed_session_is_told",
            "start_tls::B65_tickets_are_not_seen",
        ],
    ),
    (
        Fault::AsksForNothing,
        Failing,
        &["coder::B43_a_server_may_require_a_certificate"],
    ),
];
