//! In place of `spans.rs` without the feature `tracing`.

use std::fmt::Display;
use std::io;

use crate::tls::Session;
use crate::transport::{Address, Names};

pub(crate) struct ConnectionSpan;

impl ConnectionSpan {
    #[inline]
    pub(crate) fn begin(_: &Names) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn enter(&self) -> impl Sized {}

    #[inline]
    pub(crate) fn received(&self, _: usize) {}

    #[inline]
    pub(crate) fn sent(&self, _: u64) {}

    #[inline]
    pub(crate) fn end(&self, _: Option<&io::Error>) {}
}

#[derive(Default)]
pub(crate) struct HandshakeSpan;

impl HandshakeSpan {
    #[inline]
    pub(crate) fn begin(_: impl FnOnce() -> Option<Address>) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn end<E: Display>(&mut self, _: Option<&E>, _: impl FnOnce() -> Option<Session>) {}
}

pub(crate) struct FileSpan;

impl FileSpan {
    #[inline]
    pub(crate) fn begin(_: u64, _: Option<u64>) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn goes_to(&self, _: impl FnOnce() -> Option<Address>) {}

    #[inline]
    pub(crate) fn goes(&self, _: &'static str) {}

    #[inline]
    pub(crate) fn end<E: Display>(&self, _: u64, _: Option<E>) {}
}
