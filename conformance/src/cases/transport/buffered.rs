//! Connections: protocols that bring their own buffer.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, Write};
use std::rc::Rc;

use loopline_core::{
    BoxError, BufferedProtocol, EventLoopExt, LoopHandle, Protocol, SharedProtocol, Transport,
};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, Kind, over_each};
use crate::harness::files;
use crate::harness::recorder::Log;
use crate::harness::scene::on_loop;
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        D21,
        one_readiness_is_one_read,
        "What was queued in a read's callback runs before the next read of that connection."
    )
    .anywhere(),
    case!(
        D29,
        data_is_read_into_the_protocols_own_buffer,
        "Each read asks for space once and fills some of it, in order and without loss."
    )
    .anywhere(),
    case!(
        D29,
        an_empty_buffer_ends_the_connection,
        "A buffer without space is reported, and ends the connection with an error."
    ),
    case!(
        D10,
        failing_buffers_end_the_connection,
        "An error of `buffer` or `buffer_updated` is reported, and `connection_lost` is told it."
    ),
    case!(
        D17,
        pausing_while_the_buffer_is_asked_for_keeps_data_back,
        "After a pause inside `buffer` nothing is read until reading is resumed."
    )
    .anywhere(),
    case!(
        D53,
        closing_while_the_buffer_is_asked_for_ends_reading,
        "After a close or an abort inside `buffer` nothing is read any more."
    )
    .anywhere(),
    case!(
        D31,
        the_kind_of_protocol_may_change_at_any_time,
        "After `set_protocol` the next read goes to the new protocol, whichever kind it is."
    )
    .anywhere(),
];

/// What goes wrong, and where.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    None,
    FailBuffer,
    FailUpdated,
    Pause,
    Close,
    Abort,
}

#[derive(Default)]
struct Notes {
    data: RefCell<Vec<u8>>,
    asked: Cell<usize>,
    filled: Cell<usize>,
    lost: RefCell<Vec<Option<ErrorKind>>>,
    /// Callbacks that ran between two reads.
    between: Cell<usize>,
}

struct Buffered {
    space: Vec<u8>,
    notes: Rc<Notes>,
    act: Act,
    transport: Option<Rc<dyn Transport>>,
    event_loop: Option<LoopHandle>,
}

fn buffered(size: usize, act: Act) -> (Buffered, Rc<Notes>) {
    let notes = Rc::new(Notes::default());
    let protocol = Buffered {
        space: vec![0; size],
        notes: Rc::clone(&notes),
        act,
        transport: None,
        event_loop: None,
    };
    (protocol, notes)
}

impl Protocol for Buffered {
    fn connection_made(&mut self, transport: &Rc<dyn Transport>) -> Result<(), BoxError> {
        self.transport = Some(Rc::clone(transport));
        Ok(())
    }

    fn data_received(&mut self, _: &[u8]) -> Result<(), BoxError> {
        Err("a buffered protocol was given data".into())
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) -> Result<(), BoxError> {
        let kind = error.map(io::Error::kind);
        self.notes.lost.borrow_mut().push(kind);
        Ok(())
    }

    fn as_buffered(&mut self) -> Option<&mut dyn BufferedProtocol> {
        Some(self)
    }
}

impl BufferedProtocol for Buffered {
    fn buffer(&mut self, _: Option<usize>) -> Result<&mut [u8], BoxError> {
        self.notes.asked.set(self.notes.asked.get() + 1);
        if let Some(transport) = &self.transport {
            match self.act {
                Act::Pause => transport.pause_reading(),
                Act::Close => transport.close(),
                Act::Abort => transport.abort(),
                Act::FailBuffer => return Err("broken".into()),
                Act::None | Act::FailUpdated => {}
            }
        }
        Ok(&mut self.space)
    }

    fn buffer_updated(&mut self, filled: usize) -> Result<(), BoxError> {
        assert!(filled > 0 && filled <= self.space.len());
        let notes = Rc::clone(&self.notes);
        notes.filled.set(notes.filled.get() + 1);
        let filled = self.space.get(..filled).unwrap_or_default();
        notes.data.borrow_mut().extend_from_slice(filled);
        if let Some(event_loop) = &self.event_loop {
            let seen = notes.between.get();
            assert_eq!(seen + 1, notes.filled.get(), "two reads of one readiness");
            event_loop.call_soon(move || notes.between.set(seen + 1))?;
        }
        if self.act == Act::FailUpdated {
            return Err("broken".into());
        }
        Ok(())
    }
}

fn one_readiness_is_one_read(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let (mut protocol, notes) = buffered(10, Act::None);
            protocol.event_loop = Some(scene.handle());
            let (ours, mut theirs) = kind.pair(scene).await?;
            theirs.write_all(&[7; 100])?;
            scene.connect_accepted_socket(|| protocol, ours).await?;
            while notes.data.borrow().len() < 100 {
                scene.turns(1).await;
            }
            assert_eq!(notes.filled.get(), 10);
            Ok(())
        })
        .await
    })
}

fn data_is_read_into_the_protocols_own_buffer(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let content = files::content(20_000);
            let (protocol, notes) = buffered(999, Act::None);
            let (_transport, mut theirs) = connections::peer_over(scene, kind, protocol).await?;
            theirs.write_all(&content)?;
            drop(theirs);
            while notes.lost.borrow().is_empty() {
                scene.turns(1).await;
            }
            assert!(*notes.data.borrow() == content);
            // The end was one more that was asked for.
            assert_eq!(notes.asked.get(), notes.filled.get() + 1);
            assert_eq!(*notes.lost.borrow(), [None]);
            Ok(())
        })
        .await
    })
}

async fn ends_with_one_report(
    scene: &crate::harness::scene::Scene<'_>,
    size: usize,
    act: Act,
) -> Outcome {
    let (protocol, notes) = buffered(size, act);
    let (transport, mut theirs) = connections::peer_over(scene, Kind::any(scene), protocol).await?;
    theirs.write_all(b"data")?;
    while notes.lost.borrow().is_empty() {
        scene.turns(1).await;
    }
    assert_eq!(*notes.lost.borrow(), [Some(ErrorKind::Other)]);
    assert!(transport.is_closing());
    assert_eq!(scene.reports().len(), 1);
    Ok(())
}

fn an_empty_buffer_ends_the_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        ends_with_one_report(scene, 0, Act::None).await
    })
}

fn failing_buffers_end_the_connection(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        ends_with_one_report(scene, 10, Act::FailBuffer).await?;
        ends_with_one_report(scene, 10, Act::FailUpdated).await
    })
}

fn pausing_while_the_buffer_is_asked_for_keeps_data_back(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (protocol, notes) = buffered(10, Act::Pause);
        let (transport, mut theirs) =
            connections::peer_over(scene, Kind::any(scene), protocol).await?;
        theirs.write_all(b"data")?;
        while notes.asked.get() == 0 {
            scene.turns(1).await;
        }
        scene.turns(3).await;
        assert_eq!(notes.filled.get(), 0);
        assert!(!transport.is_reading());
        Ok(())
    })
}

fn closing_while_the_buffer_is_asked_for_ends_reading(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        for act in [Act::Close, Act::Abort] {
            let (protocol, notes) = buffered(10, act);
            let (_transport, mut theirs) =
                connections::peer_over(scene, Kind::any(scene), protocol).await?;
            theirs.write_all(b"data")?;
            while notes.lost.borrow().is_empty() {
                scene.turns(1).await;
            }
            assert_eq!(notes.filled.get(), 0);
            assert_eq!(*notes.lost.borrow(), [None]);
        }
        Ok(())
    })
}

fn the_kind_of_protocol_may_change_at_any_time(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let first = Log::default();
            let (transport, mut theirs) =
                connections::peer_over(scene, kind, first.recorder()).await?;
            theirs.write_all(b"plain")?;
            first.until_data(5).await;

            let (protocol, notes) = buffered(100, Act::None);
            let protocol: SharedProtocol = Rc::new(RefCell::new(protocol));
            let before = transport.set_protocol(Rc::clone(&protocol));
            assert!(before.is_some());
            let now = transport.protocol();
            assert!(now.is_some_and(|now| Rc::ptr_eq(&now, &protocol)));
            theirs.write_all(b"buffered")?;
            while notes.data.borrow().len() < 8 {
                scene.turns(1).await;
            }

            let last = Log::default();
            transport.set_protocol(Rc::new(RefCell::new(last.recorder())));
            theirs.write_all(b"again")?;
            last.until_data(5).await;
            drop(theirs);
            while last.count(|call| matches!(call, crate::harness::recorder::Call::Lost(_))) == 0 {
                scene.turns(1).await;
            }
            assert!(notes.lost.borrow().is_empty());
            assert_eq!(first.data(), b"plain");
            let late: SharedProtocol = Rc::new(RefCell::new(Log::default().recorder()));
            if transport.set_protocol(late).is_some() || transport.protocol().is_some() {
                return Err(Stop::failed("a lost connection has a protocol"));
            }
            Ok(())
        })
        .await
    })
}
