//! Where and when subjects and clients run.
//!
//! Left to themselves, a subject and its client race: how far one has come when
//! the other is scheduled decides how many events the next wait returns, how
//! often each wakes the other, and which connections are still in the cache.
//! The race settles differently for loops whose costs differ by a tenth of a
//! microsecond, and moves the figures by a tenth.
//!
//! So both share one CPU, in the scheduling class whose threads never preempt
//! each other when they wake up: a client runs until it waits, then the subject
//! until it waits. A round over 64 connections is then one wait with 64 events,
//! for every subject alike.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::sys::scheduler::never_preempt;

/// Puts this process and the children to come onto one CPU, in lockstep.
pub(crate) fn lockstep() -> io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    // The first ones serve most interrupts.
    let last = (0..CpuSet::MAX_CPU).rev().find(|&cpu| allowed.is_set(cpu));
    let mut only = CpuSet::new();
    only.set(last.ok_or(io::ErrorKind::NotFound)?);
    sched_setaffinity(None, &only)?;
    never_preempt()
}

/// Lets this process and the children to come run on every CPU again.
pub(crate) fn anywhere() -> io::Result<()> {
    let mut all = CpuSet::new();
    // The kernel leaves out those that there are not.
    (0..CpuSet::MAX_CPU).for_each(|cpu| all.set(cpu));
    Ok(sched_setaffinity(None, &all)?)
}

/// Raises the limit of descriptors of this process and its children as far as it
/// goes, and says how many that are.
pub(crate) fn allow_descriptors() -> io::Result<u64> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised)?;
    Ok(maximum.unwrap_or(u64::MAX))
}
