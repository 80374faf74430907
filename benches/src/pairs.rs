//! Two subjects in turns, and the median of what the pairs say.

use std::time::Duration;

use crate::Fallible;
use crate::stage::{Stage, SubjectKind};
use crate::workload::{Effort, Workload};

/// How many pairs of turns are taken: many short ones, since what disturbs a
/// machine comes and goes more slowly than they do.
fn pairs(effort: Effort) -> usize {
    match effort {
        Effort::Full => 41,
        Effort::Quick => 3,
    }
}

/// What the pairs say of two subjects.
pub(crate) struct Comparison {
    /// CPU time a request, each the median of its turns.
    pub(crate) ours: Duration,
    pub(crate) peer: Duration,
    /// Ratios of the pairs, sorted.
    ratios: Vec<f64>,
}

impl Comparison {
    /// The median of the pairs' ratios, which is not quite the ratio of the
    /// medians.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratios[self.ratios.len() / 2]
    }

    /// Between which ratios the middle half of the pairs lies.
    pub(crate) fn middle_half(&self) -> (f64, f64) {
        let quarter = self.ratios.len() / 4;
        (
            self.ratios[quarter],
            self.ratios[self.ratios.len() - 1 - quarter],
        )
    }
}

/// Compares loopline with a peer over a workload.
pub(crate) fn compare(
    peer: SubjectKind,
    workload: Workload,
    effort: Effort,
) -> Fallible<Comparison> {
    let requests = workload.turn();
    let mut ours = Stage::set(SubjectKind::Ours, workload)?;
    let mut peer = Stage::set(peer, workload)?;
    // Windows of the connections, caches and branch predictors settle first.
    ours.serve(requests)?;
    peer.serve(requests)?;

    let mut times = (Vec::new(), Vec::new());
    let mut ratios = Vec::new();
    for pair in 0..pairs(effort) {
        let (mine, theirs) = if pair % 2 == 0 {
            let mine = ours.serve(requests)?;
            (mine, peer.serve(requests)?)
        } else {
            let theirs = peer.serve(requests)?;
            (ours.serve(requests)?, theirs)
        };
        ratios.push(mine.as_secs_f64() / theirs.as_secs_f64());
        times.0.push(mine);
        times.1.push(theirs);
    }
    ratios.sort_by(f64::total_cmp);
    Ok(Comparison {
        ours: median(times.0).div_f64(requests as f64),
        peer: median(times.1).div_f64(requests as f64),
        ratios,
    })
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
