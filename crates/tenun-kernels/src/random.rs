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
    /// How images are corrupted for a denoising network.
    Corrupt = 6,
    /// Draws from the distribution of a variational code.
    Code = 7,
    /// Where the vectors of a codebook begin anew.
    Codebook = 8,
    /// How training images are moved, mirrored, turned and cropped.
    Augment = 9,
    /// Which settings a random search tries.
    Search = 64,
}

/// The generator Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
///
/// ```
/// use tenun_kernels::{Philox, Purpose};
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
    #[inline]
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

/// What the random numbers of one image depend on in one epoch of a run.
#[derive(Clone, Copy, Debug)]
pub struct RandomKey {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u32,
    /// The index of the image in its data set.
    pub image: u32,
}

impl RandomKey {
    /// Four random words for the positions 4 `block` … 4 `block` + 3 of the `layer`-th layer.
    #[inline]
    #[must_use]
    pub fn words(self, purpose: Purpose, layer: u32, block: u32) -> [u32; 4] {
        Philox::new(self.seed, purpose).words(self.epoch, self.image, layer, block)
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
pub fn unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// A number from the standard normal distribution: the quantile at (word + ½) / 2³², within 1e-7 of its size.
///
/// Algorithm AS 241, PPND7: Wichura, "The percentage points of the normal distribution" (1988). Written in
/// operations that IEEE 754 rounds the same way everywhere, with a logarithm of our own in the tails.
#[must_use]
#[allow(clippy::cast_possible_truncation)]
pub fn normal(word: u32) -> f32 {
    fn ratio(x: f64, above: &[f64], below: &[f64]) -> f64 {
        let polynomial = |c: &[f64]| c.iter().rev().fold(0.0, |sum, &c| sum * x + c);
        polynomial(above) / polynomial(below)
    }
    let p = (f64::from(word) + 0.5) / 4_294_967_296.0;
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        let above = [3.387_132_717_9, 5.043_427_193_8e1, 1.592_911_320_2e2, 5.910_937_472_0e1];
        let below = [1.0, 1.789_516_946_9e1, 7.875_775_766_4e1, 6.718_756_360_0e1];
        return (q * ratio(r, &above, &below)) as f32;
    }
    let r = (-ln(p.min(1.0 - p))).sqrt();
    let size = if r <= 5.0 {
        let above = [1.423_437_277_7, 2.756_815_390_0, 1.306_728_481_6, 1.702_382_110_3e-1];
        ratio(r - 1.6, &above, &[1.0, 7.370_016_425_0e-1, 1.202_113_297_5e-1])
    } else {
        let above = [6.657_905_115_0, 3.081_226_386_0, 4.286_829_433_7e-1, 1.733_720_399_7e-2];
        ratio(r - 5.0, &above, &[1.0, 2.419_789_422_5e-1, 1.225_820_263_5e-2])
    };
    (if q < 0.0 { -size } else { size }) as f32
}

/// The natural logarithm of a normal number above 0, within 1e-14: x = 2ⁿ m, and ln m = 2 artanh((m − 1) / (m + 1)).
#[must_use]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i32 - 1023;
    let m = f64::from_bits(bits & 0x000f_ffff_ffff_ffff | 0x3ff0_0000_0000_0000);
    let t = (m - 1.0) / (m + 1.0);
    let t2 = t * t;
    // |t| ≤ 1/3: the 15th term is below 1e-15.
    let series = (0..16).rev().fold(0.0, |sum, k| sum * t2 + 1.0 / f64::from(2 * k + 1));
    f64::from(exponent) * std::f64::consts::LN_2 + 2.0 * t * series
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
    fn logarithms_are_logarithms() {
        for i in 1..2000 {
            let x = f64::from(i) / 977.0 * 1e-3f64.powi(i % 4);
            assert!((ln(x) - x.ln()).abs() < 1e-14 * x.ln().abs().max(1.0), "{x}: {} {}", ln(x), x.ln());
        }
    }

    #[test]
    fn normal_numbers_are_the_quantiles_of_the_tables() {
        // Quantiles of the standard normal distribution, to six decimals.
        let table = [
            (0.5, 0.0),
            (0.841_344_746, 1.0),
            (0.975, 1.959_964),
            (0.001, -3.090_232),
            (0.999_999, 4.753_424),
        ];
        for (p, z) in table {
            let got = normal((p * 4_294_967_296.0f64) as u32);
            assert!((f64::from(got) - z).abs() < 2e-5 * z.abs().max(1e-3), "{p}: {got}, expected {z}");
        }
        assert_eq!(normal(0), -normal(u32::MAX));
        let draws: Vec<f64> =
            Philox::new(3, Purpose::Code).stream(0, 0).take(200_000).map(|w| f64::from(normal(w))).collect();
        let moment = |k: i32| draws.iter().map(|x| x.powi(k)).sum::<f64>() / draws.len() as f64;
        // Six standard deviations of each moment's estimate.
        assert!(
            moment(1).abs() < 0.0135 && (moment(2) - 1.0).abs() < 0.019 && (moment(4) - 3.0).abs() < 0.14
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
