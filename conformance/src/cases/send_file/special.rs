//! What is no regular file.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use loopline_core::{FileSource, SendFileErrorKind as Kind, SendFileOptions};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::stage::{MUCH, Setting, Stage, Way, over};
use crate::harness::{files, os};
use crate::verdict::{Outcome, Stop};

pub(super) const CASES: &[Case] = &[
    case!(
        A12,
        what_is_no_file_is_read,
        "A reader that is no file is sent by reading it."
    ),
    case!(
        A13,
        the_reader_is_left_behind_what_was_sent,
        "Of bytes in memory the range is sent, and the cursor is left behind it."
    ),
    case!(
        A14,
        a_pipe_is_streamed_to_its_end,
        "A pipe that passes for a file is streamed, also what comes late, and never sent as nothing."
    ),
    case!(
        A14,
        a_pipe_has_no_offset,
        "A pipe with an offset is refused, and nothing is read from it."
    ),
    case!(
        A14,
        a_count_stops_a_pipe,
        "Of a pipe no more is read than the count, and what follows stays in it."
    ),
    case!(
        A14,
        a_file_without_a_size_is_read,
        "A file that the system makes up as it is read is sent whole."
    )
    .needs(Need::SIZELESS_FILES),
    case!(
        A15,
        a_directory_is_an_error,
        "A directory is an error of the file, nothing is sent, and the connection goes on."
    ),
    case!(
        A16,
        a_file_that_cannot_be_read_is_an_error,
        "A file that was not opened for reading is an error, nothing is sent, and the connection goes on."
    ),
    case!(
        A37,
        a_reader_that_fails_fails_the_call,
        "A reader that fails, panics or lies ends the call with an error of the file, and the connection goes on."
    ),
];

/// The error of a call, after which the connection still works.
async fn refused(
    stage: &Stage<'_>,
    source: FileSource,
    options: SendFileOptions,
) -> Result<loopline_core::SendFileError, Stop> {
    let link = stage.link().await?;
    let reader = link.reader()?;
    let answer = stage.send(&link.end, source, options).await;
    let error = answer.expect_err("it was sent");
    link.write(b"after")?;
    assert_eq!(link.close().await, None);
    assert_eq!(reader.bytes()?.len() as u64, error.sent() + 5);
    Ok(error)
}

fn what_is_no_file_is_read(context: &Context) -> Outcome {
    over(
        context,
        |setting| setting.way == Way::Memory,
        async |stage| {
            let link = stage.link().await?;
            let reader = link.reader()?;
            let source = FileSource::reader(Cursor::new(files::content(MUCH)));
            let sent = stage.send(&link.end, source, SendFileOptions::default());
            assert_eq!(sent.await?, MUCH as u64);
            link.close().await;
            assert!(reader.bytes()? == files::content(MUCH));
            Ok(())
        },
    )
}

fn the_reader_is_left_behind_what_was_sent(context: &Context) -> Outcome {
    over(
        context,
        |setting| setting.way == Way::Memory,
        async |stage| {
            let content = files::content(1_000_000);
            let origin = stage.origin(&content)?;
            let link = stage.link().await?;
            let reader = link.reader()?;
            let options = SendFileOptions::default().offset(300_000).count(400_000);
            assert_eq!(
                stage.send(&link.end, origin.source(), options).await?,
                400_000
            );
            assert_eq!(origin.position()?, 700_000);
            link.close().await;
            assert!(reader.bytes()? == content[300_000..700_000]);
            Ok(())
        },
    )
}

/// Pipes do not depend on how a file would be read.
fn over_backends(setting: &Setting) -> bool {
    setting.way != Way::Memory
}

fn a_pipe_is_streamed_to_its_end(context: &Context) -> Outcome {
    over(context, over_backends, async |stage| {
        let (pipe, mut writer) = os::pipe_as_file()?;
        let content = files::content(500_000);
        let written = content.clone();
        let writing = std::thread::spawn(move || writer.write_all(&written));
        let link = stage.link().await?;
        let reader = link.reader()?;
        let sent = stage.send(&link.end, pipe, SendFileOptions::default());
        assert_eq!(sent.await?, 500_000);
        writing.join().expect("the writer panicked")?;
        link.close().await;
        assert!(reader.bytes()? == content, "other bytes arrived");
        Ok(())
    })
}

fn a_pipe_has_no_offset(context: &Context) -> Outcome {
    over(context, over_backends, async |stage| {
        let (pipe, mut writer) = os::pipe_as_file()?;
        let pipe = Arc::new(pipe);
        writer.write_all(b"content")?;
        // Behind the largest offset the kernel is not asked.
        for offset in [1, i64::MAX as u64] {
            let options = SendFileOptions::default().offset(offset);
            let error = refused(stage, (&pipe).into(), options).await?;
            assert!(matches!(error.kind(), Kind::NotSeekable), "{error}");
            assert_eq!(error.io_kind(), io::ErrorKind::InvalidInput);
        }
        drop(writer);
        let mut left = Vec::new();
        (&*pipe).read_to_end(&mut left)?;
        assert_eq!(left, b"content");
        Ok(())
    })
}

fn a_count_stops_a_pipe(context: &Context) -> Outcome {
    over(context, over_backends, async |stage| {
        let (pipe, mut writer) = os::pipe_as_file()?;
        let pipe = Arc::new(pipe);
        writer.write_all(b"contents")?;
        let link = stage.link().await?;
        let reader = link.reader()?;
        for _ in 0..2 {
            let options = SendFileOptions::default().count(3);
            assert_eq!(stage.send(&link.end, &pipe, options).await?, 3);
        }
        link.close().await;
        assert_eq!(reader.bytes()?, b"conten");
        drop(writer);
        let mut left = Vec::new();
        (&*pipe).read_to_end(&mut left)?;
        assert_eq!(left, b"ts");
        Ok(())
    })
}

fn a_file_without_a_size_is_read(context: &Context) -> Outcome {
    over(context, over_backends, async |stage| {
        let Some((file, content)) = os::sizeless_file()? else {
            return Err(Stop::skipped("a file that tells no size"));
        };
        let link = stage.link().await?;
        let reader = link.reader()?;
        let sent = stage.send(&link.end, file, SendFileOptions::default());
        assert_eq!(sent.await?, content.len() as u64);
        link.close().await;
        assert_eq!(reader.bytes()?, content);
        Ok(())
    })
}

fn a_directory_is_an_error(context: &Context) -> Outcome {
    over(context, over_backends, async |stage| {
        let directory = os::directory()?;
        let error = refused(stage, directory.into(), SendFileOptions::default()).await?;
        assert!(matches!(error.kind(), Kind::File(_)), "{error}");
        assert_eq!(error.io_kind(), io::ErrorKind::IsADirectory);
        assert_eq!(error.sent(), 0);
        Ok(())
    })
}

fn a_file_that_cannot_be_read_is_an_error(context: &Context) -> Outcome {
    over(context, over_backends, async |stage| {
        let mut named = tempfile::NamedTempFile::new()?;
        named.write_all(b"content")?;
        let file = File::options().write(true).open(named.path())?;
        let error = refused(stage, file.into(), SendFileOptions::default()).await?;
        assert!(matches!(error.kind(), Kind::File(_)), "{error}");
        assert_eq!(error.sent(), 0);
        Ok(())
    })
}

/// What goes wrong in a reader after its first bytes.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Fails,
    Panics,
    Lies,
    CannotSeek,
    PanicsSeeking,
}

struct Faulty(Fault, bool);

impl Read for Faulty {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.1, true) {
            into[..10].fill(7);
            return Ok(10);
        }
        match self.0 {
            Fault::Panics => std::panic::resume_unwind(Box::new("a reader that panics")),
            Fault::Lies => Ok(into.len() + 1),
            _ => Err(io::Error::other("a reader that fails")),
        }
    }
}

impl Seek for Faulty {
    fn seek(&mut self, _to: SeekFrom) -> io::Result<u64> {
        match self.0 {
            Fault::CannotSeek => Err(io::Error::other("a reader without a position")),
            Fault::PanicsSeeking => std::panic::resume_unwind(Box::new("a reader that panics")),
            _ => Ok(0),
        }
    }
}

fn a_reader_that_fails_fails_the_call(context: &Context) -> Outcome {
    over(
        context,
        |setting| setting.way == Way::Memory,
        async |stage| {
            for fault in [
                Fault::Fails,
                Fault::Panics,
                Fault::Lies,
                Fault::CannotSeek,
                Fault::PanicsSeeking,
            ] {
                stage.doing(&format!("{fault:?}"));
                let source = FileSource::reader(Faulty(fault, false));
                let error = refused(stage, source, SendFileOptions::default()).await?;
                assert!(matches!(error.kind(), Kind::File(_)), "{error}");
                let first = match fault {
                    Fault::CannotSeek | Fault::PanicsSeeking => 0,
                    _ => 10,
                };
                assert_eq!(error.sent(), first, "{fault:?}");
            }
            Ok(())
        },
    )
}
