//! Requests of HTTP/1.1, one under way on each connection.

use std::io::{Read, Write};

use crate::Fallible;
use crate::http::{BODY, REQUEST};

/// Connections that stay, to a server that always answers the same.
pub(super) struct Browser<S> {
    streams: Vec<S>,
    answer: Vec<u8>,
}

impl<S: Read + Write> Browser<S> {
    pub(super) fn new(streams: Vec<S>) -> Fallible<Self> {
        Ok(Self {
            streams,
            answer: Vec::new(),
        })
    }

    pub(super) fn ask(&mut self, requests: u64) -> Fallible<()> {
        for _ in 0..requests / self.streams.len() as u64 {
            for stream in &mut self.streams {
                stream.write_all(REQUEST)?;
            }
            for stream in &mut self.streams {
                take(stream, &mut self.answer)?;
            }
        }
        Ok(())
    }
}

/// Takes an answer off a stream. Its length is that of the answer before, of
/// which nothing but the date changes.
fn take(stream: &mut impl Read, answer: &mut Vec<u8>) -> Fallible<()> {
    if answer.is_empty() {
        while !answer.ends_with(&BODY) {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            answer.extend(byte);
        }
    } else {
        stream.read_exact(answer)?;
    }
    if answer.starts_with(b"HTTP/1.1 200 OK\r\n") && answer.ends_with(&BODY) {
        return Ok(());
    }
    Err(format!("not the answer: {:?}", String::from_utf8_lossy(answer)).into())
}
