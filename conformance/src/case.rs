//! One promise, and the code that checks it.

use loopline_core::backend::Capabilities;

use crate::context::Context;
use crate::harness::os;
use crate::verdict::Outcome;

/// The code of a case.
pub(crate) type Body = fn(&Context) -> Outcome;

/// One promise that is checked. Made by [`case!`].
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// The clause of the contract, or the line of the behaviour: `"B4"`.
    pub(crate) line: &'static str,
    /// What is checked, in a few words with underscores.
    pub(crate) name: &'static str,
    /// What holds, in one sentence; shown when it does not.
    pub(crate) says: &'static str,
    /// What has to be possible.
    pub(crate) needs: Option<Need>,
    /// What is checked where it is not possible.
    pub(crate) otherwise: Option<Body>,
    /// Whether it runs in a process of its own.
    pub(crate) isolated: bool,
    /// Whether it runs over TLS too.
    pub(crate) over_tls: bool,
    /// Whether it uses sockets of the system, where that is not as in the rest
    /// of its layer.
    pub(crate) sockets: Option<bool>,
    /// What is checked.
    pub(crate) body: Body,
}

impl Case {
    pub(crate) const fn new(
        line: &'static str,
        name: &'static str,
        says: &'static str,
        body: Body,
    ) -> Self {
        Self {
            line,
            name,
            says,
            needs: None,
            otherwise: None,
            isolated: false,
            over_tls: false,
            sockets: None,
            body,
        }
    }

    /// Only for subjects with a capability.
    pub(crate) const fn needs(self, need: Need) -> Self {
        Self {
            needs: Some(need),
            ..self
        }
    }

    /// What is checked instead for subjects without the capability.
    pub(crate) const fn otherwise(self, body: Body) -> Self {
        Self {
            otherwise: Some(body),
            ..self
        }
    }

    /// The case holds over TLS as well: it runs once more for each coder.
    pub(crate) const fn over_tls(self) -> Self {
        Self {
            over_tls: true,
            ..self
        }
    }

    /// The case needs no socket of the system, unlike the rest of its layer: it
    /// uses a network of the backend's own where there is one, or none.
    pub(crate) const fn anywhere(self) -> Self {
        Self {
            sockets: Some(false),
            ..self
        }
    }

    /// The case uses sockets of the system, unlike the rest of its layer.
    pub(crate) const fn on_sockets(self) -> Self {
        Self {
            sockets: Some(true),
            ..self
        }
    }

    /// The case looks at, or changes, what belongs to the whole process:
    /// descriptors and their numbers, limits, children, signals. So it runs in
    /// one of its own, in which no other case does, and which must have as many
    /// descriptors open afterwards as before.
    pub(crate) const fn isolated(self) -> Self {
        Self {
            isolated: true,
            ..self
        }
    }
}

/// A case named after the function that is its body:
/// `case!(B4, watching_twice, "Watching a watched source is not an error.")`.
macro_rules! case {
    ($line:ident, $body:ident, $says:literal) => {
        $crate::case::Case::new(stringify!($line), stringify!($body), $says, $body)
    };
}
pub(crate) use case;

/// A capability that a case needs: of the subject or, where that has no say, of
/// the operating system.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Need {
    /// Its name in reports.
    pub(crate) name: &'static str,
    /// Whether a subject has it.
    pub(crate) met: fn(&Capabilities) -> bool,
}

impl Need {
    /// The backend sends files.
    pub(crate) const SEND_FILE: Self = Self {
        name: "send_file",
        met: |capabilities| capabilities.send_file,
    };
    /// The backend may answer `InFlight`.
    pub(crate) const COMPLETES: Self = Self {
        name: "completes",
        met: |capabilities| capabilities.completes,
    };
    /// The backend reads what is in memory.
    pub(crate) const READ_FILE: Self = Self {
        name: "read_file",
        met: |capabilities| capabilities.read_file,
    };
    /// The backend watches more than sockets.
    pub(crate) const ANY_DESCRIPTOR: Self = Self {
        name: "watches_any_descriptor",
        met: |capabilities| capabilities.watches_any_descriptor,
    };
    /// The backend watches sockets of the system.
    pub(crate) const SOCKETS: Self = Self {
        name: "sockets of the system",
        met: |capabilities| capabilities.watches_sockets,
    };
    /// The backend's clock jumps.
    pub(crate) const VIRTUAL_CLOCK: Self = Self {
        name: "virtual clock",
        met: |capabilities| capabilities.virtual_clock,
    };
    /// The backend's clock goes on by itself: whoever is outside of the loop
    /// keeps pace with it.
    pub(crate) const SYSTEM_CLOCK: Self = Self {
        name: "clock of the system",
        met: |capabilities| !capabilities.virtual_clock,
    };
    /// The backend brings a network of its own.
    pub(crate) const NETWORK: Self = Self {
        name: "network of its own",
        met: |capabilities| capabilities.network,
    };
    /// The system can name what has no readiness as a source.
    pub(crate) const REFUSABLE_SOURCES: Self = Self {
        name: "source that could be refused",
        met: |_| os::NAMES_ANY_DESCRIPTOR,
    };
    /// The system lists the open descriptors of a process.
    pub(crate) const DESCRIPTOR_LISTS: Self = Self {
        name: "list of descriptors",
        met: |_| os::LISTS_DESCRIPTORS,
    };
    /// There are files that do not tell their size.
    pub(crate) const SIZELESS_FILES: Self = Self {
        name: "file without a size",
        met: |_| os::HAS_SIZELESS_FILES,
    };
    /// The system has Unix sockets.
    pub(crate) const UNIX_SOCKETS: Self = Self {
        name: "Unix sockets",
        met: |_| os::UNIX_SOCKETS,
    };
    /// A process can be forbidden to open more.
    pub(crate) const DESCRIPTOR_LIMITS: Self = Self {
        name: "limit of descriptors",
        met: |_| os::LIMITS_DESCRIPTORS,
    };
    /// A listener's queue can be full.
    pub(crate) const FULL_LISTENERS: Self = Self {
        name: "listener that ever is full",
        met: |_| os::LISTENERS_FILL,
    };
    /// Several listeners can share an address.
    pub(crate) const SHARED_PORTS: Self = Self {
        name: "SO_REUSEPORT",
        met: |_| os::SHARES_PORTS,
    };
    /// The system has signals, and the backend watches what they come through.
    pub(crate) const SIGNALS: Self = Self {
        name: "signals",
        met: |capabilities| os::SIGNALS && capabilities.watches_sockets,
    };
    /// System calls are interrupted by signals.
    pub(crate) const INTERRUPTIONS: Self = Self {
        name: "interruption by signals",
        met: |_| os::INTERRUPTS,
    };
}

/// For what the cases of a layer run once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Per {
    /// For each subject.
    Subject,
    /// For each client and each server among all coders.
    Pair,
    /// For each subject and each of its coders.
    SubjectAndCoder,
}

/// The cases of one part of the project.
#[derive(Clone, Copy)]
pub(crate) struct Layer {
    /// The second part of the cases' names.
    pub(crate) name: &'static str,
    /// For what they run.
    pub(crate) per: Per,
    /// Whether its cases use sockets of the system, but for those that say
    /// otherwise.
    pub(crate) sockets: bool,
    /// Tables of cases, one for each file.
    pub(crate) tables: &'static [&'static [Case]],
    /// Lines of the behaviour that belong here and cannot be cases, each with
    /// the reason.
    #[cfg_attr(
        not(test),
        allow(dead_code, reason = "read by the tests of the tables")
    )]
    pub(crate) left_out: &'static [LeftOut],
}

/// A line of the behaviour that no case can check, and why: it says something
/// about values that the types rule out, say.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(test),
    allow(dead_code, reason = "read by the tests of the tables")
)]
pub(crate) struct LeftOut {
    pub(crate) line: &'static str,
    pub(crate) why: &'static str,
}

impl Layer {
    /// The cases with their names, which lack the subject's.
    pub(crate) fn cases(&self) -> impl Iterator<Item = (String, &'static Case)> + use<> {
        let layer = self.name;
        let cases = self.tables.iter().flat_map(|table| table.iter());
        cases.map(move |case| (format!("{layer}::{}_{}", case.line, case.name), case))
    }
}
