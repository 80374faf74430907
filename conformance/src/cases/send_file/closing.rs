//! Closing or losing a connection while a file is on its way.

use std::io::ErrorKind;
use std::rc::Rc;

use loopline_core::{FileSource, SendFileErrorKind as Kind, SendFileOptions, Transport};

use super::failure::{failure, is_of_the_connection};
use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::gated::Gate;
use crate::harness::recorder::Call;
use crate::harness::stage::{Carrier, Link, MUCH, Stage, Way, over, over_transports};
use crate::harness::{files, sockets};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A65,
        closing_ends_a_file_on_its_way,
        "Closing while a file is on its way ends the call, and nothing of the file follows."
    )
    .over_tls(),
    case!(
        A65,
        closing_ends_a_file_that_waits,
        "Closing while a file waits for what was written ends the call, and what was written arrives."
    )
    .over_tls(),
    case!(
        A65,
        closing_ends_a_file_that_is_read,
        "Closing while another thread reads ends the call at once."
    )
    .over_tls(),
    case!(
        A65,
        a_socket_stays_until_the_kernel_is_done,
        "A connection that is ended while a job is in flight is lost once that has ended."
    ),
    case!(
        A66,
        a_loss_before_the_file_is_an_error,
        "A connection that is lost before what was written has left ends the call with an error."
    )
    .over_tls(),
];

/// Ends a connection by closing or aborting it.
fn end(transport: &Rc<dyn Transport>, aborts: bool) {
    if aborts {
        transport.abort();
    } else {
        transport.close();
    }
}

/// Checks that what was taken has arrived, and no more. Over TLS an abort drops
/// what the coder had taken and the kernel had not (lines A39, B79).
pub(super) fn has_arrived(stage: &Stage<'_>, taken: &[u8], bytes: &[u8], aborted: bool) {
    let arrived = if aborted && stage.setting.carrier == Carrier::Tls {
        taken.starts_with(bytes)
    } else {
        taken == bytes
    };
    let (taken, bytes) = (taken.len(), bytes.len());
    assert!(arrived, "other bytes arrived: {bytes} of {taken}");
}

fn closing_ends_a_file_on_its_way(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        for aborts in [false, true] {
            for turns in [0, 1, 20] {
                let link = stage.link().await?;
                let transport = Rc::clone(link.transport()?);
                let content = files::content(MUCH);
                let origin = stage.origin(&content)?;
                let mut sending =
                    stage.send(&link.end, origin.source(), SendFileOptions::default());
                assert!(!stage.scene.ready_within(&mut sending, turns).await?);
                end(&transport, aborts);
                stage.doing("waiting for a file on a closed connection");
                let error = failure(sending.await);
                assert!(matches!(error.kind(), Kind::Aborted), "{error}");
                assert_eq!(error.io_kind(), ErrorKind::ConnectionAborted);
                stage.position_is(&origin, error.sent()).await?;
                let reader = link.reader()?;
                stage.doing("waiting for connection_lost");
                assert_eq!(link.log.until_lost().await, None);
                let sent = usize::try_from(error.sent())?;
                let bytes = reader.bytes()?;
                has_arrived(stage, &content[..sent], &bytes, aborts);
            }
        }
        Ok(())
    })
}

fn closing_ends_a_file_that_waits(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        for aborts in [false, true] {
            let link = stage.link().await?;
            let transport = Rc::clone(link.transport()?);
            let before = files::content(MUCH);
            transport.write(&before)?;
            let origin = stage.origin(b"content")?;
            let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
            assert!(!stage.scene.ready_within(&mut sending, 3).await?);
            end(&transport, aborts);
            let error = failure(sending.await);
            assert!(matches!(error.kind(), Kind::Aborted), "{error}");
            assert_eq!((error.sent(), origin.position()?), (0, 0));
            let reader = link.reader()?;
            assert_eq!(link.log.until_lost().await, None);
            let bytes = reader.bytes()?;
            if aborts {
                assert!(before.starts_with(&bytes), "other bytes arrived");
            } else {
                assert!(bytes == before, "other bytes arrived");
            }
        }
        Ok(())
    })
}

fn closing_ends_a_file_that_is_read(context: &Context) -> Outcome {
    let memory = |setting: &crate::harness::stage::Setting| {
        setting.way == Way::Memory && setting.has_transport()
    };
    over(context, memory, async |stage| {
        for aborts in [false, true] {
            let gate = Gate::default();
            let link = stage.link().await?;
            let transport = Rc::clone(link.transport()?);
            let source = FileSource::reader(gate.reader(b"content"));
            let options = SendFileOptions::default().offset(1);
            let mut sending = stage.send(&link.end, source, options);
            while !gate.is_reading() {
                assert!(!stage.scene.ready_within(&mut sending, 1).await?);
            }
            end(&transport, aborts);
            let error = failure(sending.await);
            assert!(matches!(error.kind(), Kind::Aborted), "{error}");
            assert_eq!(link.log.until_lost().await, None);
            gate.open();
            gate.await_position(1);
            stage.settled().await;
        }
        Ok(())
    })
}

fn a_socket_stays_until_the_kernel_is_done(context: &Context) -> Outcome {
    let completing = |setting: &crate::harness::stage::Setting| {
        setting.way == Way::Completing && setting.has_transport()
    };
    over(context, completing, async |stage| {
        for sends in [true, false] {
            for aborts in [false, true] {
                let link = stage.link().await?;
                let transport = Rc::clone(link.transport()?);
                let content = files::content(MUCH);
                let origin = stage.origin(&content)?;
                stage.hold.held.set(true);
                stage.hold.sends_when_cancelled.set(sends);
                let begun = stage.hold.begun.get();
                let mut sending =
                    stage.send(&link.end, origin.source(), SendFileOptions::default());
                assert!(!stage.scene.ready_within(&mut sending, 3).await?);
                end(&transport, aborts);
                assert_eq!(stage.hold.in_flight.get(), 1);
                assert_eq!(link.log.calls(), [Call::Made]);
                let error = failure(sending.await);
                assert!(matches!(error.kind(), Kind::Aborted), "{error}");
                assert_eq!(error.sent() > 0, sends);
                assert_eq!(link.log.until_lost().await, None);
                assert_eq!(stage.hold.in_flight.get(), 0);
                assert_eq!(stage.hold.begun.get(), begun + 1, "more was sent");
                assert_eq!(origin.position()?, error.sent());
                let sent = usize::try_from(error.sent())?;
                assert!(link.reader()?.bytes()? == content[..sent]);
                stage.hold.held.set(false);
            }
        }
        Ok(())
    })
}

async fn lost_while_flushing(stage: &Stage<'_>) -> Outcome {
    let link: Link = stage.link().await?;
    let transport = Rc::clone(link.transport()?);
    transport.write(&files::content(MUCH))?;
    let origin = stage.origin(b"content")?;
    let mut sending = stage.send(&link.end, origin.source(), SendFileOptions::default());
    assert!(!stage.scene.ready_within(&mut sending, 3).await?);
    sockets::reset(link.peer)?;
    let error = failure(sending.await);
    assert!(is_of_the_connection(&error), "{error}");
    assert_eq!((error.sent(), origin.position()?), (0, 0));
    assert_eq!(link.log.until_lost().await, Some(error.io_kind()));
    Ok(())
}

fn a_loss_before_the_file_is_an_error(context: &Context) -> Outcome {
    over_transports(context, lost_while_flushing)
}
