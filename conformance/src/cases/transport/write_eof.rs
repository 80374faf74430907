//! Connections: ending the sending half.

use std::io::{IoSlice, Write};

use loopline_core::{Flow, WriteError};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::connections::{self, over_each};
use crate::harness::recorder::Log;
use crate::harness::scene::on_loop;
use crate::harness::sockets::Reader;
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        D51,
        the_end_follows_what_is_queued,
        "`write_eof` ends the sending half behind everything that was written; twice is once."
    ),
    case!(
        D51,
        writing_after_the_end_is_refused,
        "After `write_eof` every write is refused, also an empty one, and nothing of it is sent."
    )
    .anywhere(),
    case!(
        D51,
        ending_a_closing_connection_does_nothing,
        "`write_eof` on a closing or lost connection is not an error, and changes nothing."
    )
    .anywhere(),
    case!(
        D52,
        sockets_can_end_their_sending_half,
        "`can_write_eof` is true for connections over sockets."
    )
    .anywhere(),
];

fn the_end_follows_what_is_queued(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for full in [false, true] {
                let log = Log::default();
                let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
                let theirs = theirs.into_socket()?;
                let mut written = 0;
                if full {
                    written = connections::stuff(&transport)?;
                }
                transport.write_eof()?;
                transport.write_eof()?;
                let reader = Reader::of(theirs.try_clone()?);
                while !reader.is_over() {
                    scene.turns(1).await;
                }
                assert_eq!(reader.bytes()?.len(), written);
                transport.write_eof()?;
                assert!(!transport.is_closing());
                (&theirs).write_all(b"heard you")?;
                log.until_data(9).await;
                transport.close();
                assert_eq!(log.until_lost().await, None);
            }
            Ok(())
        })
        .await
    })
}

fn writing_after_the_end_is_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            for full in [false, true] {
                let log = Log::default();
                let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
                let mut written = 0;
                if full {
                    written = connections::stuff(&transport)?;
                }
                transport.write_eof()?;
                assert_eq!(transport.write(b"x"), Err(WriteError::EofWritten));
                assert_eq!(transport.write(b""), Err(WriteError::EofWritten));
                let lines = [IoSlice::new(b"x")];
                assert_eq!(transport.writelines(&lines), Err(WriteError::EofWritten));
                assert_eq!(transport.writelines(&[]), Err(WriteError::EofWritten));
                let reader = theirs.reader();
                transport.close();
                assert_eq!(log.until_lost().await, None);
                assert_eq!(reader.bytes().await?.len(), written);
            }
            Ok(())
        })
        .await
    })
}

fn ending_a_closing_connection_does_nothing(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, theirs) = connections::narrow(scene, kind, log.recorder()).await?;
            let written = connections::stuff(&transport)?;
            transport.close();
            transport.write_eof()?;
            assert_eq!(transport.write(b"late")?, Flow::Closed);
            let reader = theirs.reader();
            assert_eq!(log.until_lost().await, None);
            transport.write_eof()?;
            assert_eq!(reader.bytes().await?.len(), written);
            Ok(())
        })
        .await
    })
}

fn sockets_can_end_their_sending_half(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        over_each(scene, async |scene, kind| {
            let log = Log::default();
            let (transport, _theirs) = connections::peer_over(scene, kind, log.recorder()).await?;
            assert!(transport.can_write_eof());
            Ok(())
        })
        .await
    })
}
