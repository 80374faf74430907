//! Descriptors that a case leaves open, and where they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::os;

/// How long what other threads have open may take to be closed.
const GRACE: Duration = Duration::from_secs(3);

/// What is open now and was not before, if there is more of it. Numbers alone say
/// little: a descriptor that was closed may have come back with another one.
pub(super) fn after(before: &BTreeSet<String>) -> BTreeSet<String> {
    match os::open_descriptors() {
        Ok(open) if open.len() > before.len() => open.difference(before).cloned().collect(),
        _ => BTreeSet::new(),
    }
}

/// Looks until nothing is left, or for as long as that may take.
pub(super) fn settled(left: impl Fn() -> BTreeSet<String>) -> BTreeSet<String> {
    let begin = Instant::now();
    loop {
        let left = left();
        if left.is_empty() || begin.elapsed() > GRACE {
            return left;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// In which step of the case each descriptor was opened.
pub(super) struct Origins(Mutex<Steps>);

struct Steps {
    current: String,
    /// Descriptors that are open, with the steps that opened them.
    opened: BTreeMap<String, String>,
}

impl Origins {
    /// With what is open already.
    pub(super) fn new(open: BTreeSet<String>) -> Self {
        let nobody = open.into_iter().map(|number| (number, String::new()));
        Self(Mutex::new(Steps {
            current: "beginning".to_owned(),
            opened: nobody.collect(),
        }))
    }

    /// The next step begins: what has come is the last one's.
    pub(super) fn step(&self, next: &str) {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let current = std::mem::replace(&mut steps.current, next.to_owned());
        let Ok(open) = os::open_descriptors() else {
            return;
        };
        steps.opened.retain(|number, _| open.contains(number));
        for number in open {
            steps
                .opened
                .entry(number)
                .or_insert_with(|| current.clone());
        }
    }

    /// The step that opened the first of these, if there is one.
    pub(super) fn first_of(&self, left: &BTreeSet<String>) -> Option<String> {
        left.first().map(|number| self.of(number))
    }

    /// What is left, in a sentence.
    pub(super) fn described(&self, left: &BTreeSet<String>) -> String {
        let each = left.iter().map(|number| {
            let what = os::describe_descriptor(number);
            let what = what.map_or_else(String::new, |what| format!(" ({what})"));
            format!("{number}{what}, opened while {}", self.of(number))
        });
        let each: Vec<_> = each.collect();
        format!("left open: {}", each.join("; "))
    }

    fn of(&self, number: &str) -> String {
        let steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = steps.opened.get(number).filter(|step| !step.is_empty());
        step.map_or_else(|| "ending".to_owned(), String::clone)
    }
}
