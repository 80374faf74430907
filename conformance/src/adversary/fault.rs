//! What can be wrong with a backend.

/// Makes the list of all faults with the faults.
macro_rules! faults {
    ($($(#[doc = $doc:literal])* $name:ident,)*) => {
        /// One thing that is wrong with an otherwise right backend.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::adversary) enum Fault {
            $($(#[doc = $doc])* $name,)*
        }

        impl Fault {
            pub(in crate::adversary) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What is wrong, in a sentence.
            pub(in crate::adversary) fn says(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),*),)*
                }
            }
        }
    };
}
pub(super) use faults;

faults! {
    /// No source is ever reported.
    ReportsNothing,
    /// Only the sources with the lowest keys are reported.
    ReportsTheFirstFew,
    /// Readiness is reported when it begins, and not while it lasts.
    ReportsOnce,
    /// Sources that are not ready are reported.
    ReportsTheIdle,
    /// What is ready is reported for both directions.
    ReportsBoth,
    /// A key comes back without its highest bit.
    CutsKeys,
    /// A key comes back with generation 1.
    KnowsOnlySlots,
    /// The first key of a source comes back for ever.
    KeepsTheFirstKey,
    /// A number that is registered is not registered again.
    TrustsItsBooks,
    /// Rewatching and unwatching what is not watched are errors.
    RefusesTheUnknown,
    /// Rewatching does not tell one source of a number from another.
    SeesNoDifference,
    /// Unwatching does nothing.
    DoesNotUnwatch,
    /// Unwatching one source unwatches all.
    UnwatchesEverything,
    /// Files are taken for sources.
    TakesFiles,
    /// What is not supported is reported as not permitted.
    Mislabels,
    /// Timeouts are rounded down.
    RoundsDown,
    /// A wait of no time is one without a limit.
    ReadsZeroAsForever,
    /// Of a timeout only the lowest bits count.
    CutsTimeouts,
    /// Waits without a limit have one.
    GivesUpWaiting,
    /// An interruption is an error.
    ReportsInterruptions,
    /// Wake-ups do nothing.
    IsDeaf,
    /// Some wake-ups do nothing.
    HearsMostOfTheTime,
    /// A wake-up is an event.
    ReportsWakeUps,
    /// A wake-up ends two waits.
    HearsEchoes,
    /// Wakers need the backend.
    PanicsOnceGone,
    /// The capabilities leave out what there is.
    DeniesWhatItCan,
    /// The offset of a stretch is ignored.
    SendsFromTheStart,
    /// The length of a stretch is ignored.
    SendsTooMuch,
    /// Lengths that do not fit 31 bits are errors.
    RefusesLongStretches,
    /// Sending waits for room.
    BlocksOnFullSockets,
    /// Sending and reading move the position of the file.
    MovesPositions,
    /// A failure to send or to read passes for something else.
    SwallowsErrors,
    /// Every failure to send is called Unsupported.
    BlamesThePair,
    /// There are jobs in flight that were not declared, or not started.
    InventsJobs,
    /// A job is done twice.
    IsDoneTwice,
    /// A job tells more bytes than have left.
    Miscounts,
    /// Dropping the backend does not end.
    DropsForever,
    /// A child process inherits a descriptor.
    PassesDescriptorsOn,
    /// Dropping the backend leaves a descriptor open.
    LeaksDescriptors,
    /// The offset of a read is ignored.
    ReadsFromTheStart,
    /// Reading tells of the end before it is there.
    EndsEarly,
    /// Reading waits for bytes.
    BlocksOnPipes,
    /// A virtual clock counts whole milliseconds.
    HasACoarseClock,
    /// A virtual clock goes on between waits.
    HasAClockThatRuns,
    /// A wake-up moves a virtual clock.
    ChargesForWakeUps,
    /// An event moves a virtual clock.
    ChargesForEvents,
    /// A virtual clock jumps while it is held.
    CannotBeHeld,
    /// Very long timeouts are errors.
    RefusesLongWaits,
    /// Slices leave in another order.
    SwapsSlices,
    /// The end of a stream is not told.
    HidesTheEnd,
    /// Readiness of a stream is reported when it begins, and not while it lasts.
    ReportsStreamsOnce,
    /// Streams are reported as writable although they are full.
    ReportsFullStreams,
    /// An empty interest in a stream changes nothing.
    WatchesStreamsOn,
    /// The names of an end and its peer are mixed up.
    MixesNamesUp,
    /// The connection that has come last is accepted first.
    AcceptsTheLast,
    /// An address that is taken is given again, as another one.
    GivesAddressesTwice,
    /// Dropping a stream does not close it.
    NeverCloses,
    /// A reset passes for an end.
    EndsInsteadOfResetting,
    /// What cannot be sent passes for sent.
    SwallowsBytes,
    /// A refusal is no refusal but a lack of an answer.
    MislabelsRefusals,
    /// Dropping a listener leaves alone who waits.
    KeepsWhoWaits,
    /// Dropping an attempt to connect leaves the connection open.
    KeepsAttempts,
}

impl Fault {
    /// Whether it is one of a backend that completes.
    pub(super) fn is_of_jobs(self) -> bool {
        matches!(
            self,
            Self::IsDoneTwice | Self::Miscounts | Self::DropsForever
        )
    }

    /// Whether it is one of a virtual clock.
    pub(super) fn is_of_clocks(self) -> bool {
        matches!(
            self,
            Self::HasACoarseClock
                | Self::HasAClockThatRuns
                | Self::ChargesForWakeUps
                | Self::ChargesForEvents
                | Self::CannotBeHeld
                | Self::RefusesLongWaits
        )
    }

    /// Whether it is one of a network of the backend's own.
    pub(super) fn is_of_networks(self) -> bool {
        matches!(
            self,
            Self::SwapsSlices
                | Self::HidesTheEnd
                | Self::ReportsStreamsOnce
                | Self::ReportsFullStreams
                | Self::WatchesStreamsOn
                | Self::MixesNamesUp
                | Self::AcceptsTheLast
                | Self::GivesAddressesTwice
                | Self::NeverCloses
                | Self::EndsInsteadOfResetting
                | Self::SwallowsBytes
                | Self::MislabelsRefusals
                | Self::KeepsWhoWaits
                | Self::KeepsAttempts
        )
    }
}
