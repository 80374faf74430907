//! Subjects in turns, A B C A B C, and what the rounds say of each.

use std::time::Duration;

use crate::Fallible;
use crate::process::Contestant;
use crate::stage::Taken;
use crate::subject::SubjectKind;
use crate::workload::Workload;

/// What the rounds say of one subject.
pub(crate) struct Figures {
    pub(crate) kind: SubjectKind,
    /// Of one request, the median of the turns.
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
    /// CPU time over that of the first subject in the same round, sorted.
    ratios: Vec<f64>,
}

impl Figures {
    /// The median of the rounds' ratios, which is not quite the ratio of the
    /// medians.
    pub(crate) fn ratio(&self) -> f64 {
        self.ratios[self.ratios.len() / 2]
    }

    /// Between which ratios the middle half of the rounds lies.
    pub(crate) fn middle_half(&self) -> (f64, f64) {
        let quarter = self.ratios.len() / 4;
        let last = self.ratios.len() - 1;
        (self.ratios[quarter], self.ratios[last - quarter])
    }
}

/// Who takes part: a subject, with its workload and the requests of a turn.
pub(crate) type Entry = (SubjectKind, Workload, u64);

/// Compares subjects with the first of them.
pub(crate) fn compare(entries: &[Entry], rounds: usize) -> Fallible<Vec<Figures>> {
    let mut contestants = Vec::new();
    for &(kind, workload, requests) in entries {
        contestants.push((Contestant::start(kind, workload)?, requests));
    }
    // Windows of the connections, caches and branch predictors settle first.
    for (contestant, requests) in &mut contestants {
        contestant.serve(*requests)?;
    }
    let mut turns: Vec<Vec<Taken>> = vec![Vec::new(); entries.len()];
    for _ in 0..rounds {
        for ((contestant, requests), turns) in contestants.iter_mut().zip(&mut turns) {
            turns.push(contestant.serve(*requests)?);
        }
    }
    let first = costs(&turns[0], entries[0].2);
    // Of the first, how its turns differ from their median.
    let own = vec![median(&first); rounds];
    let figures = entries.iter().zip(&turns).enumerate();
    Ok(figures
        .map(|(place, (&(kind, _, requests), turns))| {
            let base = if place == 0 { &own } else { &first };
            let costs = costs(turns, requests);
            let mut ratios: Vec<f64> = costs.iter().zip(base).map(|(a, b)| a / b).collect();
            ratios.sort_by(f64::total_cmp);
            let walls: Vec<f64> = turns
                .iter()
                .map(|turn| turn.wall.as_secs_f64() / requests as f64)
                .collect();
            Figures {
                kind,
                cpu: Duration::from_secs_f64(median(&costs)),
                wall: Duration::from_secs_f64(median(&walls)),
                ratios,
            }
        })
        .collect())
}

/// CPU time a request, in seconds.
fn costs(turns: &[Taken], requests: u64) -> Vec<f64> {
    let cost = |turn: &Taken| turn.cpu.as_secs_f64() / requests as f64;
    turns.iter().map(cost).collect()
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
