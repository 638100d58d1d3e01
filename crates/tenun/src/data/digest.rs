//! SHA-256 in hexadecimal.

use sha2::{Digest, Sha256};

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

    /// The digest, as 64 lower-case hexadecimal digits.
    pub(crate) fn hex(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
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
