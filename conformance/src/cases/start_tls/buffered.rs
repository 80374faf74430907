//! Protocols that bring their own buffer.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;

use loopline_core::{BoxError, BufferedProtocol, Protocol, SharedProtocol, Transport};

use super::Peer;
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::tls::peer::Greeting;
use crate::harness::tls::upgrade::{Link, Upgrade, over_cuts, over_sides};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        B31,
        buffered_protocols_are_upgraded_too,
        "A protocol with a buffer of its own gets the data of the upgraded connection in it, and its end."
    ),
    case!(
        B53,
        more_than_the_buffer_comes_in_parts,
        "Data that is longer than the buffer comes in several parts, each in the buffer, in order."
    ),
    case!(
        D30,
        a_buffer_is_asked_for_as_often_as_a_record_takes,
        "One record that is longer than the buffer is copied into it piece by piece, and the protocol is asked for the buffer before each."
    ),
    case!(
        B53,
        nothing_more_is_read_while_something_waits,
        "While a protocol has not taken what was decoded, no more is read from the peer."
    ),
    case!(
        B56,
        a_buffer_may_be_lent_with_a_pause,
        "A protocol that pauses reading, or closes, when it is asked for its buffer gets nothing in it."
    ),
    case!(
        B54,
        records_of_one_read_follow_each_other,
        "Several records that come with one read are filled in behind each other, and none overwrites another."
    ),
    case!(
        B55,
        an_empty_buffer_ends_the_connection,
        "A buffer without space is reported, and ends the connection with an error."
    ),
    case!(
        B61,
        the_kind_of_protocol_may_change,
        "A protocol with a buffer may be replaced by one without, and the other way round."
    ),
];

/// What a buffered protocol was told.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) data: RefCell<Vec<u8>>,
    /// How often the protocol was asked for its buffer.
    pub(super) asks: Cell<usize>,
    pub(super) updates: Cell<usize>,
    /// What the protocol does once, when it is asked for its buffer.
    pub(super) asked: Cell<Option<Box<dyn FnOnce()>>>,
    pub(super) eof: Cell<usize>,
    pub(super) lost: RefCell<Vec<Option<ErrorKind>>>,
}

struct Buffered {
    space: Vec<u8>,
    notes: Rc<Notes>,
}

pub(super) fn buffered(size: usize) -> (SharedProtocol, Rc<Notes>) {
    let notes = Rc::new(Notes::default());
    let protocol = Buffered {
        space: vec![0; size],
        notes: Rc::clone(&notes),
    };
    (Rc::new(RefCell::new(protocol)), notes)
}

impl Protocol for Buffered {
    fn data_received(&mut self, _: &[u8]) -> Result<(), BoxError> {
        Err("a buffered protocol was given data".into())
    }

    fn eof_received(&mut self) -> Result<bool, BoxError> {
        self.notes.eof.set(self.notes.eof.get() + 1);
        Ok(false)
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
        self.notes.asks.set(self.notes.asks.get() + 1);
        if let Some(act) = self.notes.asked.take() {
            act();
        }
        Ok(&mut self.space)
    }

    fn buffer_updated(&mut self, filled: usize) -> Result<(), BoxError> {
        assert!(filled > 0 && filled <= self.space.len());
        self.notes.updates.set(self.notes.updates.get() + 1);
        let filled = self.space.get(..filled).unwrap_or_default();
        self.notes.data.borrow_mut().extend_from_slice(filled);
        Ok(())
    }
}

/// An upgraded connection whose protocol is a buffered one, from before the
/// upgrade on.
async fn secured(
    upgrade: &Upgrade<'_>,
    size: usize,
) -> Result<(Rc<dyn Transport>, Link, Rc<Notes>), Stop> {
    let link = upgrade.plain().await?;
    secured_over(upgrade, link, size).await
}

/// The same over a connection that there is.
async fn secured_over(
    upgrade: &Upgrade<'_>,
    mut link: Link,
    size: usize,
) -> Result<(Rc<dyn Transport>, Link, Rc<Notes>), Stop> {
    let (protocol, notes) = buffered(size);
    link.transport.set_protocol(Rc::clone(&protocol));
    link.protocol = protocol;
    let transport = upgrade.secure(&mut link).await?;
    Ok((transport, link, notes))
}

async fn until_data(
    upgrade: &Upgrade<'_>,
    link: &mut Link,
    notes: &Notes,
    count: usize,
) -> Outcome {
    let enough = |_: &Peer| notes.data.borrow().len() >= count;
    link.peer.until(upgrade.scene, enough).await
}

fn buffered_protocols_are_upgraded_too(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        let mut link = upgrade.plain().await?;
        link.peer.greeting = Greeting::of(b"first");
        let (protocol, notes) = buffered(1000);
        link.transport.set_protocol(Rc::clone(&protocol));
        link.protocol = protocol;
        let transport = upgrade.secure(&mut link).await?;
        until_data(upgrade, &mut link, &notes, 5).await?;
        transport.write(b"hello")?;
        link.peer.until_plain(upgrade.scene, 5).await?;
        link.peer.send(b" and last")?;
        link.peer.close()?;
        link.peer
            .until(upgrade.scene, |_| !notes.lost.borrow().is_empty())
            .await?;
        assert_eq!(*notes.data.borrow(), b"first and last");
        assert_eq!(notes.eof.get(), 1);
        assert_eq!(*notes.lost.borrow(), [None]);
        Ok(())
    })
}

fn a_buffer_is_asked_for_as_often_as_a_record_takes(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link, notes) = secured(upgrade, 300).await?;
        let content = files::content(1000);
        link.peer.send(&content)?;
        until_data(upgrade, &mut link, &notes, content.len()).await?;
        assert!(*notes.data.borrow() == content, "other bytes came");
        assert_eq!(notes.updates.get(), 4);
        assert!(notes.asks.get() >= 4, "{} times", notes.asks.get());
        transport.abort();
        Ok(())
    })
}

fn more_than_the_buffer_comes_in_parts(context: &Context) -> Outcome {
    over_cuts(context, async |upgrade| {
        for size in [1, 7, 1000] {
            let (transport, mut link, notes) = secured(upgrade, size).await?;
            let content = upgrade.content(20_000);
            link.peer.send(&content)?;
            until_data(upgrade, &mut link, &notes, content.len()).await?;
            assert!(*notes.data.borrow() == content, "other bytes arrived");
            assert!(notes.updates.get() >= content.len().div_ceil(size));
            transport.abort();
        }
        Ok(())
    })
}

fn nothing_more_is_read_while_something_waits(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let link = upgrade.narrow().await?;
        let (transport, mut link, notes) = secured_over(upgrade, link, 1).await?;
        link.peer.send(&files::content(2_000_000))?;
        // A byte each turn.
        link.peer.steps(upgrade.scene, 300).await?;
        assert!(notes.updates.get() >= 100, "it has not begun");
        assert!(!link.peer.has_written(), "everything was read");
        transport.abort();
        Ok(())
    })
}

fn a_buffer_may_be_lent_with_a_pause(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        for closes in [false, true] {
            let (transport, mut link, notes) = secured(upgrade, 100).await?;
            let inside = Rc::clone(&transport);
            notes.asked.set(Some(Box::new(move || {
                if closes {
                    inside.close();
                } else {
                    inside.pause_reading();
                }
            })));
            link.peer.send(b"data")?;
            link.peer
                .until(upgrade.scene, |_| !transport.is_reading())
                .await?;
            link.peer.steps(upgrade.scene, 10).await?;
            assert_eq!(notes.updates.get(), 0, "closes: {closes}");
            if !closes {
                transport.resume_reading();
                until_data(upgrade, &mut link, &notes, 4).await?;
            }
            transport.abort();
        }
        Ok(())
    })
}

fn records_of_one_read_follow_each_other(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link, notes) = secured(upgrade, 64 * 1024).await?;
        for part in [&b"one"[..], b"two", b"three"] {
            link.peer.top()?.send(part)?;
        }
        let wire = link.peer.top()?.take_wire();
        link.peer.say_now(&wire)?;
        until_data(upgrade, &mut link, &notes, 11).await?;
        assert_eq!(*notes.data.borrow(), b"onetwothree");
        transport.abort();
        Ok(())
    })
}

fn an_empty_buffer_ends_the_connection(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link, notes) = secured(upgrade, 0).await?;
        link.peer.send(b"data")?;
        link.peer
            .until(upgrade.scene, |_| !notes.lost.borrow().is_empty())
            .await?;
        assert!(notes.lost.borrow()[0].is_some(), "it ended in order");
        assert_eq!(upgrade.scene.reports().len(), 1);
        assert!(transport.is_closing());
        Ok(())
    })
}

fn the_kind_of_protocol_may_change(context: &Context) -> Outcome {
    over_sides(context, async |upgrade| {
        let (transport, mut link) = upgrade.secured().await?;
        upgrade.talk(&mut link, &transport).await?;
        let plain = Rc::clone(&link.protocol);
        let (protocol, notes) = buffered(100);
        transport.set_protocol(protocol);
        link.peer.send(b"into the buffer")?;
        until_data(upgrade, &mut link, &notes, 15).await?;
        transport.set_protocol(plain);
        upgrade.talk(&mut link, &transport).await?;
        assert_eq!(*notes.data.borrow(), b"into the buffer");
        upgrade.close(link, &transport).await
    })
}
