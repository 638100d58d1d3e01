//! SHA-256: of bytes that come in pieces, and of single images; and what keeps a hash once it is known.

use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use tenun_engine::Shape;

/// SHA-256 of bytes that come in pieces.
pub(crate) struct Hasher(Sha256);

impl Hasher {
    /// Starts with `first`.
    pub(crate) fn new(first: &[u8]) -> Self {
        Self(Sha256::new_with_prefix(first))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest.
    pub(crate) fn bytes(self) -> [u8; 32] {
        self.0.finalize().into()
    }

    /// The digest, as 64 lower-case hexadecimal digits.
    pub(crate) fn hex(self) -> String {
        self.bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What follows from a value and is worked out once for it and all of its clones. It is no part of what the value is.
#[derive(Clone, Debug, Default)]
pub(super) struct Once<T>(Arc<OnceLock<T>>);

impl<T> Once<T> {
    /// What is known already.
    pub(super) fn known(value: Option<T>) -> Self {
        Self(Arc::new(value.map_or_else(OnceLock::new, OnceLock::from)))
    }

    /// It, if it has been worked out.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// It; `work_out` may use the thread pool, as nobody waits for it meanwhile.
    pub(super) fn or(&self, work_out: impl FnOnce() -> T) -> &T {
        if let Some(known) = self.0.get() {
            return known;
        }
        let value = work_out();
        self.0.get_or_init(|| value)
    }
}

impl<T> PartialEq for Once<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> Eq for Once<T> {}

/// What an image is known by, whatever it is called and wherever it lies: the first 16 bytes of the SHA-256 of the text
/// `tenun image 1` followed by a line feed, then channels, height and width as 64-bit little-endian numbers, then the bytes
/// `[channel][row][column]`. Of a billion different images two are alike with a probability of 10⁻²¹.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageDigest([u8; Self::BYTES]);

impl ImageDigest {
    /// Bytes of a digest.
    pub const BYTES: usize = 16;

    /// Of bytes that were a digest's.
    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// That of an image of `shape`.
    pub(super) fn of(shape: Shape, pixels: &[u8]) -> Self {
        let mut hasher = Hasher::new(b"tenun image 1\n");
        for number in [shape.channels, shape.height, shape.width] {
            hasher.update(&(number as u64).to_le_bytes());
        }
        hasher.update(pixels);
        let whole = hasher.bytes();
        Self(std::array::from_fn(|at| whole[at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector of FIPS 180-4 for a 24-bit message.
    #[test]
    fn abc() {
        let mut hasher = Hasher::new(b"a");
        hasher.update(b"bc");
        assert_eq!(hasher.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
