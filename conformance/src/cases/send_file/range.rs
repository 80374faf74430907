//! Sending files.

use std::sync::Arc;

use loopline_core::{EventLoop, SendFileOptions};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::recorder::Log;
use crate::harness::scene::on_loop;
use crate::harness::{connections, files, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[case!(
    A22,
    a_whole_file_from_its_beginning,
    "Without a range the whole file is sent, wherever its position is."
)];

fn a_whole_file_from_its_beginning(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let log = Log::default();
        let (transport, theirs) = connections::to_peer(scene, log.recorder()).await?;
        let peer = sockets::Reader::of(theirs);
        let content = files::content(100_000);
        let file = Arc::new(files::file(&content)?);
        let options = SendFileOptions::default();
        let sent = scene.sendfile(&transport, (&file).into(), options).await?;
        assert_eq!(sent, 100_000);
        transport.close();
        log.until_lost().await;
        assert_eq!(peer.bytes()?, content);
        Ok(())
    })
}
