//! The order of what happens at one time.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use loopline_backend_sim::Simulation;
use loopline_core::{EventLoopExt, Outcome, Protocol, ServerOptions, Transport};

use crate::{Fallible, server, within};

/// Notes whose byte it gets.
struct Noting(Rc<RefCell<Vec<u8>>>);

impl Protocol for Noting {
    fn connection_made(&mut self, _: &Rc<dyn Transport>) -> Outcome {
        Ok(())
    }

    fn data_received(&mut self, data: &[u8]) -> Outcome {
        self.0.borrow_mut().extend_from_slice(data);
        Ok(())
    }
}

/// The order in which ten connections are served that all have something.
fn order(sim: &Simulation) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let noted = Rc::new(RefCell::new(Vec::new()));
    let notes = Rc::clone(&noted);
    within(sim, async move |sim, event_loop| {
        let options = ServerOptions::default();
        let factory = move || Noting(Rc::clone(&notes));
        let serving = event_loop.create_server(factory, server(), options).await?;
        let mut peers = Vec::new();
        for _ in 0..10 {
            peers.push(sim.connect(server()).await?);
        }
        event_loop.sleep(Duration::from_secs(1)).await;
        // Not in the order in which they connected.
        for number in [3, 1, 4, 0, 5, 9, 2, 6, 8, 7] {
            peers[usize::from(number)].write_all(&[number]).await?;
        }
        event_loop.sleep(Duration::from_secs(1)).await;
        serving.close();
        Ok(())
    })?;
    Ok(noted.take())
}

#[test]
fn without_a_seed_what_was_ready_first_comes_first() -> Fallible {
    assert_eq!(order(&Simulation::new())?, [3, 1, 4, 0, 5, 9, 2, 6, 8, 7]);
    Ok(())
}

#[test]
fn a_seed_is_an_order() -> Fallible {
    let mut orders = BTreeSet::new();
    for seed in 0..50 {
        let served = order(&Simulation::with_seed(seed))?;
        assert_eq!(order(&Simulation::with_seed(seed))?, served);
        let each: BTreeSet<_> = served.iter().copied().collect();
        assert!(
            served.len() == 10 && each.into_iter().eq(0..10),
            "{served:?}"
        );
        orders.insert(served);
    }
    assert!(orders.len() > 40, "{} orders", orders.len());
    Ok(())
}
