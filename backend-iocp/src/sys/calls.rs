//! How many system calls a thread has made: what a test of the costs counts, and
//! nothing else does.

#[cfg(test)]
thread_local! {
    static MADE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Says that the system is called. Every function of [`sys`](super) does.
#[inline]
pub(super) fn note() {
    #[cfg(test)]
    MADE.set(MADE.get() + 1);
}

/// How many calls this thread has made until now.
#[cfg(test)]
pub(crate) fn made() -> u64 {
    MADE.get()
}
