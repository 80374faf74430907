//! Files and their content.

use std::fs::File;
use std::io::{self, Write};
use std::sync::LazyLock;

/// So many bytes that tell any place from any other; fewer of them are the
/// beginning of more.
pub(crate) fn content(len: usize) -> Vec<u8> {
    // Made once: most cases ask for much.
    static MADE: LazyLock<Vec<u8>> = LazyLock::new(|| make(4 * 1024 * 1024));
    match MADE.get(..len) {
        Some(made) => made.to_vec(),
        None => make(len),
    }
}

fn make(len: usize) -> Vec<u8> {
    // A linear congruential generator modulo 2^32; the high byte of each state
    // repeats far too late to matter.
    let mut state = 0x2545_f491_u32;
    let mut bytes = Vec::with_capacity(len);
    for _ in 0..len {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        bytes.push((state >> 24) as u8);
    }
    bytes
}

/// A temporary file with this content; its position is at the end.
pub(crate) fn file(content: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    file.write_all(content)?;
    Ok(file)
}
