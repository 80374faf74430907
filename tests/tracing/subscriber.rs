//! A subscriber that keeps what it is told.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// One span.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) name: &'static str,
    pub(crate) target: &'static str,
    fields: BTreeMap<&'static str, String>,
    /// What was told inside of it.
    pub(crate) events: Vec<String>,
    pub(crate) closed: bool,
    handles: usize,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

#[derive(Default)]
struct State {
    spans: Vec<Seen>,
    entered: Vec<u64>,
}

impl State {
    fn at(&mut self, id: &Id) -> &mut Seen {
        let index = usize::try_from(id.into_u64() - 1).expect("a small number");
        &mut self.spans[index]
    }
}

/// The spans of this project, in the order in which they began; shared.
#[derive(Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<State>>);

impl Spans {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.state().spans)
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "loopline" || metadata.is_event()
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut state = self.state();
        let mut fields = BTreeMap::new();
        attributes.record(&mut Fields(&mut fields));
        state.spans.push(Seen {
            name: attributes.metadata().name(),
            target: attributes.metadata().target(),
            fields,
            events: Vec::new(),
            closed: false,
            handles: 1,
        });
        Id::from_u64(state.spans.len() as u64)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.state().at(id).fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let mut state = self.state();
        if let (Some(id), Some(message)) = (state.entered.last().copied(), fields.remove("message"))
        {
            state.at(&Id::from_u64(id)).events.push(message);
        }
    }

    fn enter(&self, id: &Id) {
        self.state().entered.push(id.into_u64());
    }

    fn exit(&self, id: &Id) {
        let left = self.state().entered.pop();
        assert_eq!(left, Some(id.into_u64()));
    }

    fn clone_span(&self, id: &Id) -> Id {
        self.state().at(id).handles += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut state = self.state();
        let span = state.at(&id);
        span.handles -= 1;
        span.closed = span.handles == 0;
        span.closed
    }
}
