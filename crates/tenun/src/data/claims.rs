//! How much a compressed file is believed to hold: some kilobytes may claim, and even hold, more than any memory or disk.

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
