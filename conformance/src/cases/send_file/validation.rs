//! What is refused before anything is touched.

use std::fs::File;
use std::rc::Rc;

use loopline_core::{
    EventLoop, FileJob, FileSource, SendFileError, SendFileErrorKind as Kind, SendFileOptions,
    SendFileSupport, Transport,
};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::mute::Mute;
use crate::harness::origin::Origin;
use crate::harness::scene::on_loop;
use crate::harness::stage::{Link, MUCH, Setting, Stage, over, over_all, over_transports};
use crate::harness::{connections, files, recorder::Log};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A1,
        a_closing_transport_is_refused,
        "On a transport that is closing, lost, or whose loop is closed nothing is sent, and the file is not touched."
    )
    .over_tls(),
    case!(
        A2,
        a_transport_that_cannot_is_refused,
        "A transport that does not send files says so, and the file is not touched."
    ),
    case!(
        A3,
        a_transport_says_how_it_sends,
        "A transport over a socket sends by the backend first where that can, and by reading else."
    ),
    case!(
        A4,
        other_errors_are_final,
        "After an error that is not a lack nothing is sent by reading."
    ),
    case!(
        A5,
        without_the_fallback_a_lack_is_an_error,
        "Where the backend cannot send, and the fallback is off, nothing is sent and the transport goes on."
    ),
    case!(
        A7,
        an_offset_beyond_all_files_is_refused,
        "An offset beyond what a file can have is refused, and the transport goes on."
    )
    .over_tls(),
    case!(
        A7,
        the_largest_offset_is_beyond_the_end,
        "The largest offset that a file can have is taken, and nothing is there."
    )
    .over_tls(),
    case!(
        A9,
        a_count_of_zero_is_refused_on_every_way,
        "A count of zero is refused, whatever the way, and the transport goes on."
    )
    .over_tls(),
    case!(
        A21,
        what_is_refused_changes_nothing,
        "A refused call leaves reading, the protocol, later writes and the file as they were."
    )
    .over_tls(),
    case!(
        A46,
        nothing_is_sent_after_write_eof,
        "After write_eof a file is refused, and what was written before still arrives."
    ),
];

/// What a call is refused with; the file must be as it was.
async fn refusal(stage: &Stage<'_>, link: &Link, options: SendFileOptions) -> SendFileError {
    let origin = Origin::file(b"content").expect("a file");
    origin.set_position(3).expect("a position");
    let answer = stage.send(&link.end, origin.source(), options).await;
    let error = answer.expect_err("the call was not refused");
    assert_eq!(error.sent(), 0);
    assert_eq!(origin.position().expect("a position"), 3, "{error}");
    error
}

/// The connection sends files and writes as if nothing had been.
async fn goes_on(stage: &Stage<'_>, link: Link) -> Outcome {
    let reader = link.reader()?;
    link.write(b"one ")?;
    let origin = stage.origin(b"two ")?;
    let options = SendFileOptions::default();
    assert_eq!(stage.send(&link.end, origin.source(), options).await?, 4);
    link.write(b"three")?;
    assert_eq!(link.close().await, None);
    assert_eq!(reader.bytes()?, b"one two three");
    Ok(())
}

fn a_closing_transport_is_refused(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        transport.write(&files::content(MUCH))?;
        transport.close();
        let error = refusal(stage, &link, SendFileOptions::default()).await;
        assert!(
            matches!(error.kind(), Kind::Closing),
            "while flushing: {error}"
        );
        transport.abort();
        let error = refusal(stage, &link, SendFileOptions::default()).await;
        assert!(matches!(error.kind(), Kind::Closing), "aborted: {error}");
        link.log.until_lost().await;
        let error = refusal(stage, &link, SendFileOptions::default()).await;
        assert!(matches!(error.kind(), Kind::Closing), "lost: {error}");
        Ok(())
    })
}

fn a_transport_that_cannot_is_refused(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let transport: Rc<dyn Transport> = Rc::new(Mute { is_closing: true });
        assert_eq!(transport.send_file_support(), SendFileSupport::Unsupported);
        for origin in [Origin::file(b"content")?, Origin::memory(b"content")] {
            origin.set_position(3)?;
            let options = SendFileOptions::default().fallback(true);
            let answer = scene.sendfile(&transport, origin.source(), options).await;
            assert!(answer.is_err_and(|error| matches!(error.kind(), Kind::Unsupported)));
            assert_eq!(origin.position()?, 3);
        }
        Ok(())
    })
}

fn a_transport_says_how_it_sends(context: &Context) -> Outcome {
    on_loop(context, async |scene| {
        let (transport, _peer) = connections::to_peer(scene, Log::default().recorder()).await?;
        let expected = if scene.capabilities().send_file {
            SendFileSupport::Native
        } else {
            SendFileSupport::Fallback
        };
        assert_eq!(transport.send_file_support(), expected);
        Ok(())
    })
}

fn other_errors_are_final(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        // What was never opened for reading cannot be read either.
        let file = tempfile::NamedTempFile::new()?;
        let file = File::options().write(true).open(file.path())?;
        let link = stage.link().await?;
        let answer = stage
            .send(&link.end, file, SendFileOptions::default())
            .await;
        let error = answer.expect_err("a file that cannot be read was sent");
        assert!(matches!(error.kind(), Kind::File(_)), "{error}");
        assert_eq!(error.sent(), 0);
        goes_on(stage, link).await
    })
}

fn without_the_fallback_a_lack_is_an_error(context: &Context) -> Outcome {
    let lacking = |setting: &Setting| !setting.way.is_native();
    over(context, lacking, async |stage| {
        let link = stage.link().await?;
        let origin = stage.origin(b"content")?;
        let options = SendFileOptions::default().fallback(false);
        let answer = stage.send(&link.end, origin.source(), options).await;
        let error = answer.expect_err("it was sent");
        assert!(matches!(error.kind(), Kind::NotAvailable), "{error}");
        assert_eq!((error.sent(), origin.position()?), (0, 0));
        goes_on(stage, link).await
    })
}

fn an_offset_beyond_all_files_is_refused(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let link = stage.link().await?;
        for offset in [1 << 63, u64::MAX] {
            for count in [None, Some(1), Some(u64::MAX)] {
                let mut options = SendFileOptions::default().offset(offset);
                if let Some(count) = count {
                    options = options.count(count);
                }
                let error = refusal(stage, &link, options).await;
                assert!(matches!(error.kind(), Kind::InvalidOffset), "{error}");
            }
        }
        goes_on(stage, link).await
    })
}

fn the_largest_offset_is_beyond_the_end(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let link = stage.link().await?;
        let origin = stage.origin(b"content")?;
        for offset in [(1 << 63) - 1, (1 << 63) - 2, (1 << 63) - 300_000] {
            // No file system has to take that as a position.
            let options = || {
                SendFileOptions::default()
                    .offset(offset)
                    .position(loopline_core::FilePosition::Keep)
            };
            let sent = stage.send(&link.end, origin.source(), options());
            assert_eq!(sent.await?, 0, "from {offset}");
            let sent = stage.send(&link.end, origin.source(), options().count(u64::MAX));
            assert_eq!(sent.await?, 0, "from {offset}");
        }
        goes_on(stage, link).await
    })
}

fn a_count_of_zero_is_refused_on_every_way(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let link = stage.link().await?;
        for fallback in [false, true] {
            let options = SendFileOptions::default().count(0).fallback(fallback);
            let error = refusal(stage, &link, options).await;
            assert!(matches!(error.kind(), Kind::InvalidCount), "{error}");
        }
        goes_on(stage, link).await
    })
}

fn what_is_refused_changes_nothing(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        let link = stage.link().await?;
        let transport = Rc::clone(link.transport()?);
        for paused in [true, false] {
            if paused {
                transport.pause_reading();
            } else {
                transport.resume_reading();
            }
            refusal(stage, &link, SendFileOptions::default().count(0)).await;
            assert_eq!(transport.is_reading(), !paused);
        }
        std::io::Write::write_all(&mut &link.peer, b"hello")?;
        link.log.until_data(5).await;
        let protocol = transport.protocol();
        assert!(protocol.is_some());
        // A job that was refused is over, and may be dropped at any time.
        let source = FileSource::reader(std::io::Cursor::new(b"content"));
        let mut job = FileJob::new(source, SendFileOptions::default().count(0));
        for expected in ["InvalidCount", "Finished"] {
            let poll = std::future::poll_fn(|cx| transport.poll_send_file(cx, &mut job)).await;
            let error = poll.expect_err("it was not refused");
            assert_eq!(format!("{:?}", error.kind()), expected);
        }
        drop(job);
        goes_on(stage, link).await
    })
}

fn nothing_is_sent_after_write_eof(context: &Context) -> Outcome {
    over_transports(context, async |stage| {
        for before in [7, MUCH] {
            let content = files::content(before);
            let log = Log::default();
            let link = stage
                .link_of(log.clone(), log.recorder().keep_open())
                .await?;
            let transport = Rc::clone(link.transport()?);
            transport.write(&content)?;
            transport.write_eof()?;
            let error = refusal(stage, &link, SendFileOptions::default()).await;
            assert!(matches!(error.kind(), Kind::EofWritten), "{error}");
            assert!(!transport.is_closing());
            // The half is closed once everything has left, and not before.
            let bytes = link.reader()?;
            link.close().await;
            assert!(bytes.bytes()? == content, "other bytes arrived");
        }
        Ok(())
    })
}
