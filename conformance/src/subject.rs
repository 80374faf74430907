//! What is put under the suite.

use std::io;

use loopline_core::backend::Backend;

use crate::Expectation;

/// An implementation under the suite.
///
/// Cases run on threads of their own and at the same time, each with backends
/// of its own, so a subject is shared and makes many.
pub trait Subject: Send + Sync + 'static {
    /// The first part of the names of its cases, such as `"epoll"`.
    fn name(&self) -> &'static str;

    /// Makes a backend.
    ///
    /// # Errors
    ///
    /// Whatever making one answers: the case that asked for it fails.
    fn backend(&self) -> io::Result<Box<dyn Backend>>;

    /// The cases that are known to fail.
    fn expectations(&self) -> Vec<Expectation> {
        Vec::new()
    }
}
