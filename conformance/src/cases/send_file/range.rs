//! Which part of a file is sent, and where its position is afterwards.

use loopline_core::{FilePosition, SendFileErrorKind as Kind, SendFileOptions};

use crate::case::{Case, case};
use crate::context::Context;
use crate::harness::files;
use crate::harness::stage::{MUCH, Stage, over, over_all};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        A22,
        a_whole_file_from_its_beginning,
        "Without a range the whole file is sent, wherever its position is."
    )
    .over_tls(),
    case!(
        A23,
        from_an_offset_to_the_end,
        "With an offset alone everything behind it is sent."
    )
    .over_tls(),
    case!(
        A24,
        exactly_as_much_as_was_asked_for,
        "With an offset and a count exactly that part is sent."
    )
    .over_tls(),
    case!(
        A25,
        no_more_than_the_count_at_any_size,
        "A count that no chunk divides is kept to the byte."
    )
    .over_tls(),
    case!(
        A26,
        a_count_beyond_the_end_stops_there,
        "A count beyond the end sends what there is, without an error."
    )
    .over_tls(),
    case!(
        A27,
        nothing_from_the_end_on,
        "From the end of a file or beyond nothing is sent, and the position is the offset."
    )
    .over_tls(),
    case!(
        A28,
        an_empty_file_is_nothing,
        "An empty file sends nothing, without an error."
    )
    .over_tls(),
    case!(
        A29,
        what_is_appended_meanwhile_is_sent,
        "Without a count the file is sent to where its end is by then."
    )
    .over_tls(),
    case!(
        A30,
        what_is_cut_off_meanwhile_is_not_sent,
        "A file that shrinks ends the transfer at its new end, and the connection goes on."
    )
    .over_tls(),
    case!(
        A31,
        only_bytes_of_the_file_count,
        "What was written before is not part of the answer."
    )
    .over_tls(),
    case!(
        A33,
        the_position_follows_what_was_sent,
        "The position afterwards is the offset and what was sent."
    )
    .over_tls(),
    case!(
        A33,
        the_position_can_be_left_alone,
        "A file whose position is to be kept has it afterwards."
    )
    .over_tls(),
    case!(
        A40,
        between_what_was_written_before_and_after,
        "The file comes after what was written before it and before what is written after it."
    )
    .over_tls(),
];

/// One part of a file, and how much of it there is.
async fn check(stage: &Stage<'_>, size: usize, offset: u64, count: Option<u64>) -> Outcome {
    stage.doing(&format!("{count:?} from {offset} of {size}"));
    let content = files::content(size);
    let origin = stage.origin(&content)?;
    // Anywhere but where it is to begin.
    origin.set_position(123)?;
    let start = usize::try_from(offset)?.min(size);
    let end = match count {
        Some(count) => usize::try_from(offset.saturating_add(count))?.min(size),
        None => size,
    };
    let expected = &content[start..end.max(start)];
    let link = stage.link().await?;
    let reader = link.reader()?;
    let mut options = SendFileOptions::default().offset(offset);
    if let Some(count) = count {
        options = options.count(count);
    }
    let sent = stage.send(&link.end, origin.source(), options).await?;
    assert_eq!(sent, expected.len() as u64);
    assert_eq!(origin.position()?, offset + sent);
    link.close().await;
    assert!(reader.bytes()? == expected, "other bytes arrived");
    Ok(())
}

fn a_whole_file_from_its_beginning(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        for size in [1, 100_000, 1024 * 1024, MUCH] {
            check(stage, size, 0, None).await?;
        }
        Ok(())
    })
}

fn from_an_offset_to_the_end(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        check(stage, 200_000, 1, None).await?;
        check(stage, 200_000, 199_999, None).await?;
        check(stage, 2_000_000, 1_000_001, None).await
    })
}

fn exactly_as_much_as_was_asked_for(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        check(stage, 200_000, 0, Some(1)).await?;
        check(stage, 200_000, 1_000, Some(150_000)).await?;
        check(stage, 200_000, 0, Some(200_000)).await?;
        check(stage, 200_000, 100_000, Some(100_000)).await
    })
}

fn no_more_than_the_count_at_any_size(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let chunk = 256 * 1024;
        for count in [chunk - 1, chunk, chunk + 1, 2 * chunk + 1] {
            check(stage, 1_000_000, 7, Some(count)).await?;
        }
        Ok(())
    })
}

fn a_count_beyond_the_end_stops_there(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        check(stage, 500, 0, Some(5_000)).await?;
        check(stage, 500, 499, Some(2)).await?;
        check(stage, 500, 10, Some(1 << 40)).await?;
        // No file has an end there, so every one ends before.
        check(stage, 500, 10, Some(u64::MAX - 10)).await?;
        check(stage, 500, 0, Some(u64::MAX)).await
    })
}

fn nothing_from_the_end_on(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        for offset in [500, 501, 1 << 40] {
            check(stage, 500, offset, None).await?;
            check(stage, 500, offset, Some(10)).await?;
        }
        Ok(())
    })
}

fn an_empty_file_is_nothing(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        check(stage, 0, 0, None).await?;
        check(stage, 0, 0, Some(1)).await?;
        check(stage, 0, 10, None).await
    })
}

/// Sends while the peer does not read, changes the file, and lets it read.
async fn changing(
    stage: &Stage<'_>,
    change: impl FnOnce(&crate::harness::origin::Origin) -> Outcome,
    expected: &[u8],
    options: SendFileOptions,
) -> Outcome {
    let origin = stage.origin(&files::content(MUCH))?;
    let link = stage.link().await?;
    let mut sending = stage.send(&link.end, origin.source(), options);
    stage.doing("sending to a peer that does not read");
    assert!(
        !stage.scene.ready_within(&mut sending, 50).await?,
        "it fits"
    );
    change(&origin)?;
    let reader = link.reader()?;
    stage.doing("sending the rest");
    let sent = sending.await?;
    assert_eq!(origin.position()?, sent);
    link.write(b"after")?;
    link.close().await;
    let bytes = reader.bytes()?;
    let arrived = bytes.strip_suffix(b"after");
    let arrived = arrived.ok_or_else(|| crate::verdict::Stop::failed("the connection is dead"))?;
    assert_eq!(arrived.len() as u64, sent);
    // What a reader had read already when it was changed may be there.
    assert!(arrived.len() >= expected.len(), "the file ends early");
    assert!(arrived[..expected.len()] == *expected, "other bytes");
    Ok(())
}

fn what_is_appended_meanwhile_is_sent(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let mut content = files::content(MUCH);
        content.extend_from_slice(&[7; 1000]);
        let append = |origin: &crate::harness::origin::Origin| Ok(origin.append(&[7; 1000])?);
        changing(stage, append, &content, SendFileOptions::default()).await
    })
}

fn what_is_cut_off_meanwhile_is_not_sent(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        for options in [
            SendFileOptions::default(),
            SendFileOptions::default().count(MUCH as u64),
        ] {
            // Beyond what has left, and in front of the end.
            let half = MUCH * 3 / 4;
            let content = files::content(half);
            let cut = |origin: &crate::harness::origin::Origin| Ok(origin.truncate(half)?);
            changing(stage, cut, &content, options).await?;
        }
        Ok(())
    })
}

fn only_bytes_of_the_file_count(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let link = stage.link().await?;
        let origin = stage.origin(b"content")?;
        link.write(b"before")?;
        let sent = stage.send(&link.end, origin.source(), SendFileOptions::default());
        assert_eq!(sent.await?, 7);
        link.close().await;
        Ok(())
    })
}

fn the_position_follows_what_was_sent(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let origin = stage.origin(&files::content(1_000))?;
        let link = stage.link().await?;
        for (offset, count, position) in [(0, 10, 10), (900, 500, 1_000), (100, 100, 200)] {
            let options = SendFileOptions::default().offset(offset).count(count);
            stage.send(&link.end, origin.source(), options).await?;
            assert_eq!(origin.position()?, position);
        }
        link.close().await;
        Ok(())
    })
}

fn the_position_can_be_left_alone(context: &Context) -> Outcome {
    // Reading a reader that is no file moves it.
    let files_only = |setting: &crate::harness::stage::Setting| {
        setting.way != crate::harness::stage::Way::Memory
    };
    over(context, files_only, async |stage| {
        let origin = stage.origin(&files::content(1_000))?;
        origin.set_position(77)?;
        let link = stage.link().await?;
        for offset in [0, 500, 1_000, 2_000] {
            let options = SendFileOptions::default()
                .offset(offset)
                .position(FilePosition::Keep);
            stage.send(&link.end, origin.source(), options).await?;
            assert_eq!(origin.position()?, 77);
        }
        let options = SendFileOptions::default()
            .count(0)
            .position(FilePosition::Keep);
        let refused = stage.send(&link.end, origin.source(), options).await;
        assert!(refused.is_err_and(|error| matches!(error.kind(), Kind::InvalidCount)));
        assert_eq!(origin.position()?, 77);
        link.close().await;
        Ok(())
    })
}

fn between_what_was_written_before_and_after(context: &Context) -> Outcome {
    over_all(context, async |stage| {
        let content = files::content(300_000);
        let origin = stage.origin(&content)?;
        let link = stage.link().await?;
        // As much as a queue holds, where there is a queue.
        let before = match &link.end {
            crate::harness::stage::End::Transport(_) => files::content(1_000_000),
            crate::harness::stage::End::Socket(_) => b"before".to_vec(),
        };
        let reader = link.reader()?;
        link.write(&before)?;
        for _ in 0..2 {
            let options = SendFileOptions::default();
            let sent = stage.send(&link.end, origin.source(), options).await?;
            assert_eq!(sent, 300_000);
            link.write(b"after")?;
        }
        link.close().await;
        let expected = [&*before, &content, b"after", &content, b"after"].concat();
        assert!(reader.bytes()? == expected, "other bytes arrived");
        Ok(())
    })
}
