//! What a loop runs, and when.

use std::cell::RefCell;
use std::rc::Rc;

use loopline_core::EventLoopExt;

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::scene::on_loop;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[case!(
    E1,
    callbacks_run_in_the_order_of_their_calls,
    "Callbacks run in the order in which they were queued."
)];

fn callbacks_run_in_the_order_of_their_calls(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let order = Rc::new(RefCell::new(Vec::new()));
        for number in 0..3 {
            let order = Rc::clone(&order);
            scene.call_soon(move || order.borrow_mut().push(number))?;
        }
        scene.turns(1).await;
        assert_eq!(*order.borrow(), [0, 1, 2]);
        Ok(())
    })
}
