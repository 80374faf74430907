//! The side of the process that the case has for itself.

use std::collections::BTreeSet;
use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::DIARY;
use super::diary::Diary;
use super::still_open::{Origins, after, settled};
use crate::context::Progress;
use crate::harness::os;
use crate::run::Run;
use crate::verdict::Verdict;

/// The file for the diary, if this process is there for one case.
pub(crate) fn asked_for() -> Option<PathBuf> {
    env::var_os(DIARY).map(PathBuf::from)
}

/// Runs the case, and writes what came of it.
///
/// # Errors
///
/// That it cannot be written.
pub(crate) fn run(run: &Run, limit: Duration, diary: &Path) -> io::Result<()> {
    os::end_at_crashes();
    let diary = Arc::new(Diary::create(diary)?);
    let verdict = judged(run, limit, &diary);
    diary.ended(verdict)
}

/// Runs the case, and looks at what it has left open. What a process makes once
/// and keeps is made by the first run: if something is left, there is a second,
/// and what is left by that is a leak.
fn judged(run: &Run, limit: Duration, diary: &Arc<Diary>) -> Verdict {
    let before = os::open_descriptors().ok();
    let verdict = run.judged_here(limit, told(diary, |_| {}));
    let (Verdict::Passed, Some(before)) = (&verdict, before) else {
        return verdict;
    };
    match os::open_descriptors() {
        Ok(between) if !between.is_subset(&before) => again(run, limit, diary, between),
        _ => verdict,
    }
}

fn again(run: &Run, limit: Duration, diary: &Arc<Diary>, before: BTreeSet<String>) -> Verdict {
    let origins = Arc::new(Origins::new(before.clone()));
    let observer = Arc::clone(&origins);
    let progress = told(diary, move |step| observer.step(step));
    let verdict = run.judged_here(limit, progress.clone());
    if verdict != Verdict::Passed {
        return verdict;
    }
    origins.step("");
    let left = settled(|| after(&before));
    match origins.first_of(&left) {
        None => verdict,
        Some(step) => run.failed(&origins.described(&left), &step),
    }
}

/// Progress that goes to the diary, and to an observer.
fn told(diary: &Arc<Diary>, observer: impl Fn(&str) + Send + Sync + 'static) -> Progress {
    let diary = Arc::clone(diary);
    Progress::observed(move |step| {
        observer(step);
        // Without it the verdict is still told.
        let _ = diary.doing(step);
    })
}
