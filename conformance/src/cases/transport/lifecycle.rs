//! Connections: callbacks, reading, writing, ending.

use std::io::Write;

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections;
use crate::harness::recorder::{Call, Log};
use crate::harness::scene::on_loop;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[case!(
    D1,
    callbacks_come_in_order,
    "The callbacks of a connection come in their order, each of the single ones once."
)];

fn callbacks_come_in_order(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (_transport, mut theirs) = connections::to_peer(scene, log.recorder()).await?;
        theirs.write_all(b"hello")?;
        log.until_data(5).await;
        drop(theirs);
        assert_eq!(log.until_lost().await, None);
        let calls = [Call::Made, Call::Data(5), Call::Eof, Call::Lost(None)];
        assert_eq!(log.calls(), calls);
        Ok(())
    })
}
