//! Whether the bare loops are what they should be: a limit that is too slow
//! flatters everybody.

use crate::rounds::Figures;
use crate::rows::Row;
use crate::subject::SubjectKind;

/// User instructions and system calls of the bare echo on one connection, at
/// most.
const INSTRUCTIONS: f64 = 160.0;
const SYSTEM_CALLS: f64 = 3.0;

/// How far others may be from where they are known to be.
const CLOSE: f64 = 0.05;

/// What was found out.
#[derive(Default)]
pub(super) struct Conditions(Vec<(String, bool)>);

impl Conditions {
    pub(super) fn note_instructions(&mut self, found: f64) {
        let line = format!("user instructions of the bare echo: {found:.0} <= {INSTRUCTIONS}");
        self.0.push((line, found <= INSTRUCTIONS));
    }

    pub(super) fn note_system_calls(&mut self, found: f64) {
        let line = format!("system calls of the bare echo: {found:.2} <= {SYSTEM_CALLS}");
        // As exact as it is printed.
        self.0.push((line, found < SYSTEM_CALLS + 0.005));
    }

    pub(super) fn note_ratios(&mut self, row: &Row, figures: &[Figures]) {
        let found = |kind: SubjectKind| figures.iter().find(|figures| figures.kind == kind);
        for &(kind, known) in row.known {
            if let Some(found) = found(kind) {
                let ratio = found.ratio();
                let line = format!(
                    "{kind} at {}: {ratio:.2}, known as {known:.2}",
                    row.workload
                );
                self.0.push((line, (ratio - known).abs() <= CLOSE));
            }
        }
    }

    /// None of it is loopline's, so nothing of it is met or missed.
    pub(super) fn print(&self) {
        if self.0.is_empty() {
            return;
        }
        println!("\nThe bare loops:");
        println!();
        for (line, holds) in &self.0 {
            let word = if *holds { "holds" } else { "DOES NOT HOLD" };
            println!("- {line}: {word}");
        }
    }
}
