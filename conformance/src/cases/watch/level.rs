//! Watching descriptors of the user.

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

use loopline_core::backend::AsSource;
use loopline_core::{EventLoop, EventLoopExt};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::harness::sockets;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[case!(
    C1,
    a_reader_is_called_in_each_turn_until_it_is_read,
    "A reader is called in every turn in which there is something to read."
)];

fn a_reader_is_called_in_each_turn_until_it_is_read(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, mut theirs) = sockets::pair()?;
        let calls = Rc::new(Cell::new(0));
        let count = Rc::clone(&calls);
        scene.add_reader(&ours, move || count.set(count.get() + 1))?;
        scene.turns(2).await;
        assert_eq!(calls.get(), 0);
        theirs.write_all(b"unread")?;
        sockets::await_readable(&ours)?;
        scene.turns(3).await;
        assert!(calls.get() >= 2, "{} calls", calls.get());
        assert!(scene.remove_reader(ours.as_source())?);
        Ok(())
    })
}
