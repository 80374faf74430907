//! Listening, accepting, and ending a server.

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections;
use crate::harness::recorder::Log;
use crate::harness::scene::on_loop;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[case!(
    E29,
    closing_leaves_connections_alone,
    "Closing a server ends no connection."
)];

fn closing_leaves_connections_alone(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (ours, theirs) = (Log::default(), Log::default());
        let (client, server) =
            connections::within(scene, ours.recorder(), theirs.recorder()).await?;
        client.write(b"still here")?;
        theirs.until_data(10).await;
        assert!(!server.is_closing());
        Ok(())
    })
}
