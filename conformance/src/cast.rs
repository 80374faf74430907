//! Who takes part in a case.

use std::sync::Arc;

use crate::case::Per;
use crate::{Expectation, Subject, TlsCoder};

/// Who takes part in a case: a subject, coders, or both.
#[derive(Clone)]
pub(crate) struct Cast {
    pub(crate) subject: Option<Arc<dyn Subject>>,
    pub(crate) coders: Option<Coders>,
}

/// The coder that clients are made of, and the one of servers.
#[derive(Clone)]
pub(crate) struct Coders {
    pub(crate) client: TlsCoder,
    pub(crate) server: TlsCoder,
}

impl Cast {
    pub(crate) fn of_subject(subject: Arc<dyn Subject>) -> Self {
        Self {
            subject: Some(subject),
            coders: None,
        }
    }

    pub(crate) fn of_pair(client: &TlsCoder, server: &TlsCoder) -> Self {
        Self {
            subject: None,
            coders: Some(Coders {
                client: client.clone(),
                server: server.clone(),
            }),
        }
    }

    pub(crate) fn of_both(subject: &Arc<dyn Subject>, coder: &TlsCoder) -> Self {
        Self {
            subject: Some(Arc::clone(subject)),
            ..Self::of_pair(coder, coder)
        }
    }

    /// Every cast for which the cases of a layer run.
    pub(crate) fn all(per: Per, subjects: &[Arc<dyn Subject>], coders: &[TlsCoder]) -> Vec<Self> {
        match per {
            Per::Subject => subjects.iter().cloned().map(Self::of_subject).collect(),
            Per::Pair => coders
                .iter()
                .flat_map(|client| {
                    let servers = coders.iter();
                    servers.map(move |server| Self::of_pair(client, server))
                })
                .collect(),
            Per::SubjectAndCoder => subjects
                .iter()
                .flat_map(|subject| {
                    let coders = subject.coders().into_iter();
                    coders.map(move |coder| Self::of_both(subject, &coder))
                })
                .collect(),
        }
    }

    /// The first part of the names of its cases: `epoll`, `epoll+rustls`, or
    /// the client's and the server's coder.
    pub(crate) fn name(&self) -> String {
        match (&self.subject, &self.coders) {
            (Some(subject), Some(coders)) => {
                format!("{}+{}", subject.name(), coders.client.name())
            }
            (Some(subject), None) => subject.name().to_owned(),
            (None, Some(coders)) => {
                format!("{}+{}", coders.client.name(), coders.server.name())
            }
            (None, None) => String::new(),
        }
    }

    /// The subject, in reports.
    pub(crate) fn backend_name(&self) -> Option<String> {
        let subject = self.subject.as_ref();
        subject.map(|subject| subject.name().to_owned())
    }

    /// The coder in reports or, where there is no subject, the client's and the
    /// server's.
    pub(crate) fn coder_name(&self) -> Option<String> {
        let coders = self.coders.as_ref()?;
        let (client, server) = (coders.client.name(), coders.server.name());
        Some(match self.subject {
            Some(_) => client.to_owned(),
            None => format!("{client}+{server}"),
        })
    }

    /// What any of them declares.
    pub(crate) fn expectations(&self) -> Vec<Expectation> {
        let mut all = Vec::new();
        if let Some(subject) = &self.subject {
            all.extend(subject.expectations());
        }
        if let Some(coders) = &self.coders {
            all.extend_from_slice(coders.client.expectations());
            all.extend_from_slice(coders.server.expectations());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use loopline_core::tls::{TlsContext, TlsError, TlsErrorKind};

    use super::*;

    fn coder(name: &'static str) -> TlsCoder {
        struct Never;
        impl TlsContext for Never {
            fn client(
                &self,
                _: &loopline_core::tls::ServerName<'static>,
            ) -> Result<Box<dyn loopline_core::tls::Coder>, TlsError> {
                Err(TlsErrorKind::Library.into())
            }
            fn server(&self) -> Result<Box<dyn loopline_core::tls::Coder>, TlsError> {
                Err(TlsErrorKind::Library.into())
            }
        }
        TlsCoder::new(name, |_, _| Ok(Never))
    }

    #[test]
    fn every_ordered_pair_is_a_cast() {
        let casts = Cast::all(Per::Pair, &[], &[coder("one"), coder("two")]);
        let names: Vec<_> = casts.iter().map(Cast::name).collect();
        assert_eq!(names, ["one+one", "one+two", "two+one", "two+two"]);
    }

    #[test]
    fn a_coders_declarations_count_wherever_it_takes_part() {
        let known = Expectation::failure("coder::T1_early", "known");
        let (one, two) = (coder("one"), coder("two").expecting([known.clone()]));
        assert!(Cast::of_pair(&one, &one).expectations().is_empty());
        assert_eq!(Cast::of_pair(&one, &two).expectations(), [known]);
    }
}
