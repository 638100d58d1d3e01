//! Counter-based random numbers: [`Philox`].
//!
//! A number is a pure function of (seed, purpose, epoch, image, position), so it does not matter which thread asks
//! for it or when, and a checkpoint has no generator state to store.

/// What random numbers are for: each purpose has streams of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Purpose {
    /// Initial weights.
    Initialise = 1,
    /// The order of the images in an epoch.
    Shuffle = 2,
    /// Which activations dropout silences.
    Dropout = 3,
    /// Which images are held out for validation.
    Split = 4,
    /// Which images a picture shows.
    Sample = 5,
    /// Which settings a random search tries.
    Search = 64,
}

/// The generator Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
///
/// ```
/// use tenun_engine::{Philox, Purpose};
///
/// let generator = Philox::new(1, Purpose::Shuffle);
/// assert_eq!(generator.permutation(5, 0), generator.permutation(5, 0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Philox {
    key: [u32; 2],
    purpose: u32,
}

impl Philox {
    /// The generator of `seed` for one purpose.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)] // the two halves of the seed
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32], purpose: u32::from(purpose as u8) << 24 }
    }

    /// Four random words at a place: `position` in `stream` of `image` in `epoch`.
    ///
    /// Epochs beyond 2²⁴ repeat, which at a second each is after half a year.
    #[inline]
    #[must_use]
    pub fn words(&self, epoch: u32, image: u32, stream: u32, position: u32) -> [u32; 4] {
        philox4x32_10([position, stream, image, self.purpose | (epoch & 0x00ff_ffff)], self.key)
    }

    /// An endless row of random words: those of `stream` in `epoch`, all positions one after the other.
    pub fn stream(&self, epoch: u32, stream: u32) -> impl Iterator<Item = u32> + use<> {
        let generator = *self;
        (0u64..).flat_map(move |block| {
            // The image's place carries the high half of the position: a stream belongs to no image.
            #[allow(clippy::cast_possible_truncation)]
            generator.words(epoch, (block >> 32) as u32, stream, block as u32)
        })
    }

    /// The numbers 0 to `n` − 1 in random order (Fisher and Yates), a different order for each epoch.
    ///
    /// # Panics
    /// If `n` does not fit 32 bits.
    #[must_use]
    pub fn permutation(&self, n: usize, epoch: u32) -> Vec<u32> {
        let n = u32::try_from(n).expect("fewer than 2^32 images");
        let mut order: Vec<u32> = (0..n).collect();
        let mut words = self.stream(epoch, 0);
        for last in (1..n).rev() {
            order.swap(last as usize, below(&mut words, last + 1) as usize);
        }
        order
    }
}

/// A uniform number in 0..`n`, without bias (Lemire, "Fast random integer generation in an interval", 2019).
fn below(words: &mut impl Iterator<Item = u32>, n: u32) -> u32 {
    let threshold = n.wrapping_neg() % n;
    for word in words {
        let product = u64::from(word) * u64::from(n);
        #[allow(clippy::cast_possible_truncation)] // the low half decides, the high half is the answer
        if product as u32 >= threshold {
            return (product >> 32) as u32;
        }
    }
    unreachable!("streams are endless")
}

/// A uniform number in [0, 1) with 24 random bits: every value is exact in single precision.
#[inline]
#[must_use]
#[allow(clippy::cast_precision_loss)] // 24 bits fit
pub(crate) fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

#[inline(always)]
fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)]
    fn multiply(a: u32, b: u32) -> (u32, u32) {
        let product = u64::from(a) * u64::from(b);
        ((product >> 32) as u32, product as u32)
    }
    for _ in 0..10 {
        let (high0, low0) = multiply(0xD251_1F53, counter[0]);
        let (high1, low1) = multiply(0xCD9E_8D57, counter[2]);
        counter = [high1 ^ counter[1] ^ key[0], low1, high0 ^ counter[3] ^ key[1], low0];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that come with the authors' library Random123.
    #[test]
    fn philox_gives_the_published_answers() {
        assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox4x32_10([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32_10([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn permutations_are_permutations_and_differ() {
        let generator = Philox::new(7, Purpose::Shuffle);
        for n in [0, 1, 2, 3, 100, 1000] {
            let mut sorted = generator.permutation(n, 3);
            sorted.sort_unstable();
            assert!(sorted.iter().enumerate().all(|(i, &x)| i == x as usize) && sorted.len() == n);
        }
        assert_ne!(generator.permutation(100, 0), generator.permutation(100, 1));
        assert_ne!(generator.permutation(100, 0), Philox::new(8, Purpose::Shuffle).permutation(100, 0));
        assert_ne!(generator.permutation(100, 0), Philox::new(7, Purpose::Split).permutation(100, 0));
    }

    #[test]
    fn permutations_are_uniform() {
        // 3 items, 6 orders: over 6000 epochs each comes about 1000 times (standard deviation 29).
        let generator = Philox::new(1, Purpose::Shuffle);
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..6000 {
            *counts.entry(generator.permutation(3, epoch)).or_insert(0) += 1;
        }
        assert!(counts.len() == 6 && counts.values().all(|&c| (850..1150).contains(&c)), "{counts:?}");
    }
}
