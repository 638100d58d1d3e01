//! How much a compressed file is believed to hold: some kilobytes may claim, and even hold, more than any memory or disk.

use std::io::{self, Read};

/// Deflate's longest match, 258 bytes, takes at least two bits: no stream grows by more than 8 × 258 / 2.
pub(crate) const DEFLATE_LIMIT: u64 = 1032;

/// Pictures compress by much less than this: a file that holds more and is not small is a bomb.
const MOST_COMPRESSED: u64 = 500;

/// So much is read however small the file is.
const SMALL: u64 = 256 << 20;

/// The most bytes of pictures that so many deflated ones are believed to be.
pub(crate) fn most_inflated(compressed: u64) -> u64 {
    let possible = compressed.saturating_mul(DEFLATE_LIMIT);
    possible.min(compressed.saturating_mul(MOST_COMPRESSED).max(SMALL))
}

/// What is decompressed, of which no more than `left` bytes are believed: more is an error.
pub(crate) struct Believed<R> {
    pub(crate) of: R,
    pub(crate) left: u64,
}

impl<R: Read> Read for Believed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.of.read(buffer)?;
        let too_much =
            || io::Error::new(io::ErrorKind::InvalidData, "it holds more than images are compressed to");
        self.left = self.left.checked_sub(count as u64).ok_or_else(too_much)?;
        Ok(count)
    }
}
