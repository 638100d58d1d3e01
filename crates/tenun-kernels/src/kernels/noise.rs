//! What is random in training: dropout, noise on images, draws from the distribution of a code.
//!
//! A random number depends on the run, the epoch, the image and the position alone, so each lane draws its own.

use crate::random::{self, Purpose, RandomKey};
use crate::rows::{Rows, View, ViewMut};
use crate::simd::{Simd, Vector};
use crate::{Lanes, TILE, math};

/// Goes through the vectors of rows, with the numbers of four consecutive positions drawn together.
struct Draws<'a, T> {
    purpose: Purpose,
    layer: u32,
    /// What each lane's numbers depend on.
    keys: &'a [RandomKey],
    /// Those of four positions, lane by lane.
    four: [T; 4],
    position: u32,
}

impl<'a, T: Copy> Draws<'a, T> {
    #[inline(always)]
    fn new(purpose: Purpose, layer: u32, keys: &'a [RandomKey], zero: T) -> Self {
        Self { purpose, layer, keys, four: [zero; 4], position: 0 }
    }

    /// The numbers at the next position; `set` makes one of a lane from its random word.
    #[inline(always)]
    fn next(&mut self, set: impl Fn(&mut T, usize, u32)) -> &T {
        if self.position.is_multiple_of(4) {
            for (lane, key) in self.keys.iter().enumerate() {
                let words = key.words(self.purpose, self.layer, self.position / 4);
                for (numbers, word) in self.four.iter_mut().zip(words) {
                    set(numbers, lane, word);
                }
            }
        }
        self.position += 1;
        &self.four[(self.position.wrapping_sub(1) % 4) as usize]
    }
}

/// Writes x / (1 − rate), or 0 with probability `rate`. Forwards and backwards are the same.
#[inline(always)]
pub(crate) fn dropout<S: Simd>(s: S, rate: f32, layer: u32, keys: &[RandomKey], x: View<'_>, y: ViewMut<'_>) {
    let keep = 1.0 / (1.0 - rate);
    let mut draws = Draws::new(Purpose::Dropout, layer, keys, [0.0; TILE]);
    for (x, to) in x.slices().zip(y.rows.iter()) {
        for (x, y) in x.chunks_exact(S::LANES).zip(y.floats[to].chunks_exact_mut(S::LANES)) {
            let scales = draws.next(
                #[inline(always)]
                |scales, lane, word| scales[lane] = if random::unit(word) < rate { 0.0 } else { keep },
            );
            (s.load(x) * s.load(scales)).store(y);
        }
    }
}

/// Noise on single numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Noise {
    /// x + deviation · ε, with ε from the standard normal distribution.
    Gaussian {
        /// The standard deviation.
        deviation: f32,
    },
    /// 0 with probability `share`.
    Masking {
        /// The probability.
        share: f32,
    },
    /// 0 or 1, as likely the one as the other, with probability `share`.
    SaltAndPepper {
        /// The probability.
        share: f32,
    },
}

/// What a number is multiplied by, and what is added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// The factor.
    pub times: f32,
    /// The summand.
    pub plus: f32,
}

impl Noise {
    /// What one random word makes of a number.
    #[inline]
    #[must_use]
    pub fn line(self, word: u32) -> Line {
        match self {
            Self::Gaussian { deviation } => Line { times: 1.0, plus: deviation * random::normal(word) },
            Self::Masking { share } if random::unit(word) < share => Line { times: 0.0, plus: 0.0 },
            // The lowest bit is not among those that decide whether.
            Self::SaltAndPepper { share } if random::unit(word) < share => {
                Line { times: 0.0, plus: if word & 1 == 0 { 0.0 } else { 1.0 } }
            }
            _ => Line { times: 1.0, plus: 0.0 },
        }
    }
}

/// Writes `x` with noise; `backwards` the gradient of the input from that of the output, to which nothing is added.
#[inline(always)]
pub(crate) fn add_noise<S: Simd>(
    s: S,
    noise: Noise,
    layer: u32,
    keys: &[RandomKey],
    backwards: bool,
    x: View<'_>,
    y: ViewMut<'_>,
) {
    let mut draws = Draws::new(Purpose::Corrupt, layer, keys, ([0.0; TILE], [0.0; TILE]));
    for (x, to) in x.slices().zip(y.rows.iter()) {
        for (x, y) in x.chunks_exact(S::LANES).zip(y.floats[to].chunks_exact_mut(S::LANES)) {
            let (times, plus) = draws.next(
                #[inline(always)]
                |lines, lane, word| {
                    let Line { times, plus } = noise.line(word);
                    (lines.0[lane], lines.1[lane]) = (times, if backwards { 0.0 } else { plus });
                },
            );
            s.load(x).mul_add(s.load(times), s.load(plus)).store(y);
        }
    }
}

/// exp v, kept in the range of a float: v above 80 counts as 80.
#[inline(always)]
fn exp<S: Simd>(s: S, v: S::V) -> S::V {
    math::exp(s, -(-v).max(s.splat(-80.0)))
}

/// Rows of the first half of the channels, each with that of the second half.
#[inline(always)]
fn halves(rows: &Rows) -> impl Iterator<Item = (std::ops::Range<usize>, std::ops::Range<usize>)> {
    rows.iter().zip(rows.iter().skip(rows.count() / 2))
}

/// Draws z = μ + exp(v / 2) · ε: the first half of the channels of `x` is μ, the second half v = log σ². Writes z and ε, and
/// gives Σ max(KL, `free`) in each lane, with KL = ½ (μ² + exp v − 1 − v).
#[inline(always)]
pub(crate) fn sample<S: Simd>(
    s: S,
    free: f32,
    layer: u32,
    keys: &[RandomKey],
    x: View<'_>,
    z: ViewMut<'_>,
    drawn: ViewMut<'_>,
) -> Lanes {
    let mut sum = s.zero();
    let (half, one, free) = (s.splat(0.5), s.splat(1.0), s.splat(free));
    let mut draws = Draws::new(Purpose::Code, layer, keys, [0.0; TILE]);
    for ((means, logs), (z_row, drawn_row)) in halves(x.rows).zip(z.rows.iter().zip(drawn.rows.iter())) {
        let inputs = x.floats[means].chunks_exact(S::LANES).zip(x.floats[logs].chunks_exact(S::LANES));
        let drawn = drawn.floats[drawn_row].chunks_exact_mut(S::LANES);
        for ((mean, log), (z, drawn)) in inputs.zip(z.floats[z_row].chunks_exact_mut(S::LANES).zip(drawn)) {
            let draw = draws.next(
                #[inline(always)]
                |numbers, lane, word| numbers[lane] = random::normal(word),
            );
            let draw = s.load(draw);
            draw.store(drawn);
            let (mean, log) = (s.load(mean), s.load(log));
            exp(s, log * half).mul_add(draw, mean).store(z);
            let unit = (mean.mul_add(mean, exp(s, log)) - one - log) * half;
            sum = sum + unit.max(free);
        }
    }
    let mut lanes = [0.0; TILE];
    sum.store(&mut lanes);
    lanes
}

/// The tensors that the gradient through `sample` is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Sampled<'a> {
    /// μ and log σ².
    pub x: View<'a>,
    /// ε.
    pub drawn: View<'a>,
    /// The gradient of z.
    pub dz: View<'a>,
}

/// Writes the gradient of μ and log σ²: that of z, and that of what is above `free`, times the weight of the lane times
/// `factor`.
#[inline(always)]
pub(crate) fn sample_gradient<S: Simd>(
    s: S,
    free: f32,
    weights: &Lanes,
    factor: f32,
    from: Sampled<'_>,
    dx: ViewMut<'_>,
) {
    let Sampled { x, drawn, dz } = from;
    let weight = s.load(weights) * s.splat(factor);
    let (half, one, free) = (s.splat(0.5), s.splat(1.0), s.splat(free));
    let inputs = halves(x.rows).zip(halves(dx.rows));
    for (((means, logs), (d_means, d_logs)), (drawn, dz)) in inputs.zip(drawn.slices().zip(dz.slices())) {
        for at in (0..means.len()).step_by(S::LANES) {
            let mean = s.load(&x.floats[means.start + at..]);
            let log = s.load(&x.floats[logs.start + at..]);
            let draw = s.load(&drawn[at..]);
            let dz = s.load(&dz[at..]);
            let variance = exp(s, log);
            let unit = (mean.mul_add(mean, variance) - one - log) * half;
            let counts = S::V::select(free.less(unit), weight, s.zero());
            counts.mul_add(mean, dz).store(&mut dx.floats[d_means.start + at..]);
            let spread = dz * draw * exp(s, log * half);
            let d_log = counts.mul_add(variance - one, spread) * half;
            d_log.store(&mut dx.floats[d_logs.start + at..]);
        }
    }
}
