//! B14: reading a file where that cannot block.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom};

use loopline_core::backend::{Backend, BorrowedFile};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::{files, os};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B14,
        what_is_in_memory_is_read,
        "What was just written is read, from any offset, as it is."
    )
    .needs(Need::READ_FILE)
    .otherwise(reading_would_block),
    case!(
        B14,
        zero_bytes_are_the_end,
        "Zero bytes are read at the end of a file and beyond, and nowhere else."
    )
    .needs(Need::READ_FILE),
    case!(
        B14,
        the_position_stays_where_it_is,
        "Reading leaves the position of the file where it is."
    )
    .needs(Need::READ_FILE),
    case!(
        B14,
        an_empty_pipe_does_not_block,
        "Reading a file that is a pipe fails at once."
    )
    .needs(Need::READ_FILE),
    case!(
        B14,
        an_offset_beyond_all_files_is_no_position,
        "No offset stands for the position of the file."
    )
    .needs(Need::READ_FILE),
];

/// The answer of one read that may be refused.
fn read(backend: &mut dyn Backend, file: &File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    backend.read_file(BorrowedFile::from(file), offset, into)
}

/// The answer, or nothing where the backend cannot tell whether it would block.
fn unless_it_would_block(answer: io::Result<usize>) -> io::Result<Option<usize>> {
    match answer {
        Ok(count) => Ok(Some(count)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}

fn reading_would_block(context: &Context) -> Outcome {
    let mut backend = context.backend()?;
    let file = files::file(b"content")?;
    let answer = read(&mut *backend, &file, 0, &mut [0; 16]);
    assert_eq!(
        answer.map_err(|error| error.kind()),
        Err(ErrorKind::WouldBlock)
    );
    Ok(())
}

fn what_is_in_memory_is_read(context: &Context) -> Outcome {
    let mut backend = context.backend()?;
    let content = files::content(200_000);
    let file = files::file(&content)?;
    let mut buffer = vec![0; 4096];
    for offset in [0, 1, 4095, 4096, 123_456, 199_000, 199_999] {
        let answer = read(&mut *backend, &file, offset as u64, &mut buffer);
        // A system under pressure may have written the file out already.
        let Some(count) = unless_it_would_block(answer)? else {
            continue;
        };
        assert!(count > 0, "nothing was read at {offset}");
        assert!(
            buffer[..count] == content[offset..offset + count],
            "at {offset}"
        );
    }
    Ok(())
}

fn zero_bytes_are_the_end(context: &Context) -> Outcome {
    let mut backend = context.backend()?;
    let file = files::file(b"12345")?;
    let empty = files::file(b"")?;
    for (file, offset, end) in [
        (&file, 5, true),
        (&file, 6, true),
        (&file, 1 << 40, true),
        (&empty, 0, true),
        (&file, 4, false),
        (&file, 0, false),
    ] {
        let answer = read(&mut *backend, file, offset, &mut [0; 16]);
        if let Some(count) = unless_it_would_block(answer)? {
            assert_eq!(count == 0, end, "{count} bytes at {offset}");
        }
    }
    Ok(())
}

fn the_position_stays_where_it_is(context: &Context) -> Outcome {
    let mut backend = context.backend()?;
    let mut file = files::file(b"12345")?;
    for position in [0, 2, 5, 100] {
        file.seek(SeekFrom::Start(position))?;
        unless_it_would_block(read(&mut *backend, &file, 1, &mut [0; 3]))?;
        assert_eq!(file.stream_position()?, position);
    }
    Ok(())
}

fn an_empty_pipe_does_not_block(context: &Context) -> Outcome {
    let mut backend = context.backend()?;
    let (pipe, _writer) = os::pipe_as_file()?;
    context.doing("reading an empty pipe");
    let answer = read(&mut *backend, &pipe, 0, &mut [0; 16]);
    assert!(answer.is_err(), "{answer:?}");
    Ok(())
}

fn an_offset_beyond_all_files_is_no_position(context: &Context) -> Outcome {
    let mut backend = context.backend()?;
    let mut file = files::file(b"12345")?;
    file.seek(SeekFrom::Start(1))?;
    for offset in [u64::MAX, 1 << 63, i64::MAX as u64] {
        // An error or the end: what must not come is the file's content.
        if let Ok(count) = read(&mut *backend, &file, offset, &mut [0; 16]) {
            assert_eq!(count, 0, "at {offset}");
        }
        assert_eq!(file.stream_position()?, 1);
    }
    Ok(())
}
