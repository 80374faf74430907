//! What is put under the suite.

use std::io;

use loopline_core::backend::Backend;

use crate::{Expectation, TlsCoder};

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

    /// The TLS coders that are run over its backends, each in a column of its
    /// own: the cases of [`Layer::StartTls`](crate::Layer::StartTls) are named
    /// `subject+coder::start_tls::...`.
    fn coders(&self) -> Vec<TlsCoder> {
        Vec::new()
    }

    /// The cases that are known to fail.
    fn expectations(&self) -> Vec<Expectation> {
        Vec::new()
    }
}
