//! A case for those who take part in it, and how it is run.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::case::{Body, Case, Layer, Need};
use crate::cast::Cast;
use crate::context::{Context, Progress};
use crate::isolated;
use crate::options::Options;
use crate::verdict::{Outcome, Stop, Verdict};
use crate::watchdog::{self, Ended};

/// Cases of one process share it, and one that is to be isolated and is not takes
/// it whole. Held by who waits for a case and not by the case, so that one that
/// hangs blocks nobody.
static ALONE: RwLock<()> = RwLock::new(());

/// A case, and for whom it is run.
#[derive(Clone)]
pub(crate) struct Run {
    /// Its whole name.
    pub(crate) name: String,
    pub(crate) cast: Cast,
    pub(crate) layer: &'static Layer,
    pub(crate) case: &'static Case,
}

impl Run {
    /// Runs the case where it belongs, and says what came of it.
    pub(crate) fn judged(&self, options: Options) -> Verdict {
        if self.case.isolated || options.isolate {
            return isolated::judged(self, options.limit);
        }
        self.judged_here(options.limit, Progress::default())
    }

    /// Runs the case in this process.
    pub(crate) fn judged_here(&self, limit: Duration, progress: Progress) -> Verdict {
        let (_alone, _shared);
        if self.case.isolated {
            _alone = ALONE.write().unwrap_or_else(PoisonError::into_inner);
        } else {
            _shared = ALONE.read().unwrap_or_else(PoisonError::into_inner);
        }
        let context = Context::new(self.cast.clone(), progress.clone());
        let (layer, case) = (self.layer, self.case);
        let ended = watchdog::watch(&self.name, limit, move || applied(&context, layer, case));
        let verdict = match ended {
            Err(error) => Verdict::Failed(format!("no thread for the case: {error}")),
            Ok(Ended::Returned(Ok(Applied::Ran(outcome)))) => outcome.into(),
            Ok(Ended::Returned(Ok(Applied::Lacks(lack)))) => Verdict::NotApplicable(lack.into()),
            Ok(Ended::Returned(Err(stop))) => Verdict::from(Err(stop)),
            Ok(Ended::Panicked(why)) => Verdict::Failed(why),
            Ok(Ended::Late) => Verdict::Failed(format!("no end after {limit:?}")),
        };
        match verdict {
            Verdict::Failed(why) => self.failed(&why, &progress.get()),
            other => other,
        }
    }

    /// A failure, with how far the case had come and what was promised.
    pub(crate) fn failed(&self, why: &str, step: &str) -> Verdict {
        let Case { line, says, .. } = self.case;
        Verdict::Failed(format!("{why}\n  while: {step}\n  {line}: {says}"))
    }
}

enum Applied {
    Ran(Outcome),
    Lacks(&'static str),
}

/// Runs the body of the case that applies to the subject, if there is one.
fn applied(context: &Context, layer: &Layer, case: &Case) -> Result<Applied, Stop> {
    let sockets = case.sockets.unwrap_or(layer.sockets);
    if let Some(need) = lacking(context, sockets.then_some(Need::SOCKETS))? {
        return Ok(Applied::Lacks(need.name));
    }
    let body: Body = match lacking(context, case.needs)? {
        None => case.body,
        Some(need) => match case.otherwise {
            Some(otherwise) => otherwise,
            None => return Ok(Applied::Lacks(need.name)),
        },
    };
    context.doing("beginning");
    Ok(Applied::Ran(body(context)))
}

/// What is needed, if the subject is not capable of it.
fn lacking(context: &Context, need: Option<Need>) -> Result<Option<Need>, Stop> {
    let Some(need) = need else {
        return Ok(None);
    };
    let capabilities = context.backend()?.capabilities();
    Ok((!(need.met)(&capabilities)).then_some(need))
}
