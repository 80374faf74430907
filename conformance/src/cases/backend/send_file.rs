//! B10: one call sends one stretch of a file.

use std::io::{ErrorKind, Seek, SeekFrom};

use loopline_core::backend::{Key, Sent};

use crate::case::{Case, Need, case};
use crate::context::Context;
use crate::harness::driver::{Driver, Stretch};
use crate::harness::files;
use crate::harness::sockets::{self, Reader};
use crate::verdict::Outcome;

pub(super) const CASES: &[Case] = &[
    case!(
        B10,
        a_whole_file_arrives,
        "A file that is larger than any buffer arrives as it is."
    )
    .needs(Need::SEND_FILE)
    .otherwise(sending_is_unsupported),
    case!(
        B10,
        a_stretch_arrives_and_no_more,
        "Sending starts at the offset and ends with the length."
    )
    .needs(Need::SEND_FILE),
    case!(
        B10,
        the_end_of_the_file_is_zero_bytes,
        "From the end of the file or beyond, zero bytes leave."
    )
    .needs(Need::SEND_FILE),
    case!(
        B10,
        a_length_beyond_the_end_is_cut_there,
        "However great the length, what leaves ends with the file."
    )
    .needs(Need::SEND_FILE),
    case!(
        B10,
        a_full_socket_is_not_ready,
        "To a socket that takes nothing, a call neither blocks nor fails."
    )
    .needs(Need::SEND_FILE),
    case!(
        B10,
        the_position_of_the_file_stays,
        "Sending leaves the position of the file where it is."
    )
    .needs(Need::SEND_FILE),
    case!(
        B10,
        one_file_goes_to_several_sockets,
        "One file is sent to several sockets in turns."
    )
    .needs(Need::SEND_FILE),
];

const KEY: Key = Key::new(7, 3);

fn sending_is_unsupported(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    let file = files::file(b"stays here")?;
    let answer = driver.start_sending(KEY, &ours, &file, Stretch::new(0, 10));
    let answer = answer.map_err(|error| error.kind());
    assert_eq!(answer, Err(ErrorKind::Unsupported));
    drop(ours);
    assert!(Reader::of(theirs).bytes()?.is_empty());
    Ok(())
}

fn a_whole_file_arrives(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    let content = files::content(8 << 20);
    let file = files::file(&content)?;
    let reader = Reader::of(theirs);
    let size = content.len() as u64;
    let sent = driver.send_whole(KEY, &ours, &file, Stretch::new(0, size))?;
    assert_eq!(sent, size);
    drop(ours);
    assert!(
        reader.bytes()? == content,
        "other bytes than the file's arrived"
    );
    Ok(())
}

fn a_stretch_arrives_and_no_more(context: &Context) -> Outcome {
    let content = files::content(20_000);
    let file = files::file(&content)?;
    let mut driver = Driver::new(context)?;
    for (offset, len) in [(0, 1), (1, 4096), (4096, 4095), (12_345, 7655), (19_999, 1)] {
        let (ours, theirs) = sockets::pair()?;
        let reader = Reader::of(theirs);
        let stretch = Stretch::new(offset as u64, len as u64);
        assert_eq!(driver.send_whole(KEY, &ours, &file, stretch)?, len as u64);
        drop(ours);
        let arrived = reader.bytes()?;
        assert!(
            arrived == content[offset..offset + len],
            "{stretch:?} arrived otherwise"
        );
    }
    Ok(())
}

fn the_end_of_the_file_is_zero_bytes(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    let file = files::file(b"12345")?;
    let empty = files::file(b"")?;
    for (file, offset) in [(&file, 5), (&file, 6), (&file, 1 << 40), (&empty, 0)] {
        let answer = driver.send(KEY, &ours, file, Stretch::new(offset, 100))?;
        assert_eq!(answer, Sent::Bytes(0), "from {offset}");
    }
    drop(ours);
    assert!(Reader::of(theirs).bytes()?.is_empty());
    Ok(())
}

fn a_length_beyond_the_end_is_cut_there(context: &Context) -> Outcome {
    let content = files::content(1000);
    let file = files::file(&content)?;
    let mut driver = Driver::new(context)?;
    // What does not fit 31, 32 and 63 bits has been misread before.
    for len in [1001, 1 << 31, (1 << 32) + 1, 1 << 63, u64::MAX] {
        let (ours, theirs) = sockets::pair()?;
        let reader = Reader::of(theirs);
        let mut sent = 0;
        while let Sent::Bytes(count @ 1..) =
            driver.send(KEY, &ours, &file, Stretch::new(sent, len))?
        {
            sent += count;
        }
        drop(ours);
        assert_eq!(sent, 1000, "of {len}");
        assert!(
            reader.bytes()? == content,
            "other bytes than the file's arrived"
        );
    }
    Ok(())
}

fn a_full_socket_is_not_ready(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (mut ours, _theirs) = sockets::pair()?;
    let file = files::file(&files::content(1 << 20))?;
    sockets::fill(&mut ours)?;
    context.doing("sending to a socket that is full");
    // Room may still appear, but not without end: the peer does not read.
    loop {
        match driver.start_sending(KEY, &ours, &file, Stretch::new(0, 1 << 20))? {
            Sent::Bytes(0) => panic!("a full socket is taken for the end of the file"),
            Sent::Bytes(_) => {}
            Sent::NotReady | Sent::InFlight => return Ok(()),
        }
    }
}

fn the_position_of_the_file_stays(context: &Context) -> Outcome {
    let mut driver = Driver::new(context)?;
    let (ours, theirs) = sockets::pair()?;
    let mut file = files::file(&files::content(1000))?;
    let reader = Reader::of(theirs);
    for position in [0, 123, 1000, 5000] {
        file.seek(SeekFrom::Start(position))?;
        driver.send_whole(KEY, &ours, &file, Stretch::new(100, 300))?;
        assert_eq!(file.stream_position()?, position);
    }
    drop(ours);
    assert_eq!(reader.bytes()?.len(), 4 * 300);
    Ok(())
}

fn one_file_goes_to_several_sockets(context: &Context) -> Outcome {
    const TURN: u64 = 10_000;
    let content = files::content(100_000);
    let file = files::file(&content)?;
    let mut driver = Driver::new(context)?;
    let mut streams = Vec::new();
    for slot in 0..3 {
        let (ours, theirs) = sockets::pair()?;
        streams.push((Key::new(slot, 0), ours, Reader::of(theirs)));
    }
    for turn in 0..10 {
        for (key, ours, _) in &streams {
            driver.send_whole(*key, ours, &file, Stretch::new(turn * TURN, TURN))?;
        }
    }
    for (_, ours, reader) in streams {
        drop(ours);
        assert!(
            reader.bytes()? == content,
            "other bytes than the file's arrived"
        );
    }
    Ok(())
}
