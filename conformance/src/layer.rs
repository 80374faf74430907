//! The parts of the suite, for whoever runs only some of them.

/// A part of the suite: what lies between two seams of the project.
///
/// The crate of a backend runs [`Backend`](Self::Backend) by itself, the crate of
/// a TLS coder [`Coder`](Self::Coder); the other layers, which are for the loop
/// over them, run once for each backend, or each backend and coder, that the
/// project ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layer {
    /// The contract of a backend, clause by clause.
    Backend,
    /// What a loop runs, and when; tasks and timers.
    EventLoop,
    /// Watching descriptors of the user.
    Watch,
    /// Connections, and how their protocols are called.
    Transport,
    /// Listening.
    Server,
    /// Sending files.
    SendFile,
    /// A TLS coder alone, as a machine.
    Coder,
    /// A connection upgraded to TLS.
    StartTls,
}

impl Layer {
    /// The second part of the names of its cases.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::EventLoop => "event_loop",
            Self::Watch => "watch",
            Self::Transport => "transport",
            Self::Server => "server",
            Self::SendFile => "send_file",
            Self::Coder => "coder",
            Self::StartTls => "start_tls",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cases::LAYERS;

    #[test]
    fn every_layer_can_be_chosen() {
        let all = [
            Layer::Backend,
            Layer::EventLoop,
            Layer::Watch,
            Layer::Transport,
            Layer::Server,
            Layer::SendFile,
            Layer::Coder,
            Layer::StartTls,
        ];
        let names: BTreeSet<_> = all.map(Layer::name).into();
        let tables: BTreeSet<_> = LAYERS.iter().map(|layer| layer.name).collect();
        assert_eq!(names, tables);
    }
}
