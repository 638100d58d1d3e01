//! The nearest vector of a codebook for each pixel.

use crate::rows::{View, ViewMut};
use crate::simd::{Simd, Vector};
use crate::{Lanes, TILE};

/// A codebook, and what is worked out of it once a batch.
#[derive(Clone, Copy, Debug)]
pub struct Codebook<'a> {
    /// Numbers in a vector.
    pub channels: usize,
    /// The vectors, one after the other.
    pub vectors: &'a [f32],
    /// The same with the other sign.
    pub negated: &'a [f32],
    /// Half of each vector's squared length.
    pub halves: &'a [f32],
}

/// Vectors of the codebook that are compared with a pixel at a time.
const BLOCK: usize = 8;

/// |x − e|² / 2 is x² / 2 − x·e + e² / 2, and x² is the same for all.
#[inline(always)]
fn scores<S: Simd, const N: usize>(
    s: S,
    of: &Codebook<'_>,
    first: usize,
    x: View<'_>,
    row: usize,
    at: usize,
) -> [S::V; N] {
    let (codes, halves) = (&of.negated[first * of.channels..], &of.halves[first..]);
    let mut scores = [s.zero(); N];
    for (score, &half) in scores.iter_mut().zip(halves) {
        *score = s.splat(half);
    }
    for d in 0..of.channels {
        let x = s.load(&x.floats[x.rows.start(d, row) + at..]);
        for (k, score) in scores.iter_mut().enumerate() {
            *score = x.mul_add(s.splat(codes[k * of.channels + d]), *score);
        }
    }
    scores
}

/// Writes the number of each pixel's nearest vector to `chosen` and the vector to `y`, and gives Σ |x − e|² in each lane.
#[inline(always)]
pub(crate) fn nearest<S: Simd>(
    s: S,
    of: &Codebook<'_>,
    x: View<'_>,
    chosen: ViewMut<'_>,
    y: ViewMut<'_>,
) -> Lanes {
    let codes = of.halves.len();
    let mut total = s.zero();
    for (r, row) in chosen.rows.iter().enumerate() {
        for (column, chosen) in chosen.floats[row].chunks_exact_mut(S::LANES).enumerate() {
            let at = column * S::LANES;
            let mut best = s.splat(f32::INFINITY);
            let mut code = s.zero();
            let mut k = 0;
            while k < codes {
                let block = BLOCK.min(codes - k);
                let mut some = [s.splat(f32::INFINITY); BLOCK];
                if S::BLOCKS && block == BLOCK {
                    some = scores::<S, BLOCK>(s, of, k, x, r, at);
                } else {
                    for (i, score) in some.iter_mut().enumerate().take(block) {
                        *score = scores::<S, 1>(s, of, k + i, x, r, at)[0];
                    }
                }
                for (i, &score) in some.iter().enumerate().take(block) {
                    let nearer = score.less(best);
                    best = S::V::select(nearer, score, best);
                    #[allow(clippy::cast_precision_loss)] // at most 2^20
                    let number = s.splat((k + i) as f32);
                    code = S::V::select(nearer, number, code);
                }
                k += block;
            }
            code.store(chosen);
            let mut sum = s.zero();
            for d in 0..of.channels {
                let to = &mut y.floats[y.rows.start(d, r) + at..][..S::LANES];
                for (to, &k) in to.iter_mut().zip(&*chosen) {
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    let k = k as usize;
                    *to = of.vectors[k * of.channels + d];
                }
                let apart = s.load(&x.floats[x.rows.start(d, r) + at..]) - s.load(to);
                sum = apart.mul_add(apart, sum);
            }
            total = total + sum;
        }
    }
    let mut lanes = [0.0; TILE];
    total.store(&mut lanes);
    lanes
}

/// The tensors that the gradient through `nearest` is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Straight<'a> {
    /// The input.
    pub x: View<'a>,
    /// The output.
    pub y: View<'a>,
    /// The gradient of the output.
    pub dy: View<'a>,
}

/// Writes `dx` = dy + (x − y) · weight of the lane · `factor`.
#[inline(always)]
pub(crate) fn straight_through<S: Simd>(
    s: S,
    from: Straight<'_>,
    weights: &Lanes,
    factor: f32,
    dx: ViewMut<'_>,
) {
    let weight = s.load(weights) * s.splat(factor);
    let values = from.x.slices().zip(from.y.slices());
    for ((x, y), (dy, to)) in values.zip(from.dy.slices().zip(dx.rows.iter())) {
        let pairs = x.chunks_exact(S::LANES).zip(y.chunks_exact(S::LANES));
        let gradients = dy.chunks_exact(S::LANES).zip(dx.floats[to].chunks_exact_mut(S::LANES));
        for ((x, y), (dy, dx)) in pairs.zip(gradients) {
            weight.mul_add(s.load(x) - s.load(y), s.load(dy)).store(dx);
        }
    }
}

/// Where the sums of `chosen_sums` go.
#[derive(Debug)]
pub struct ChosenSums<'a> {
    /// Σ x of the pixels that chose each vector, `[vector][number]`.
    pub vectors: &'a mut [f32],
    /// How many these are.
    pub counts: &'a mut [f32],
    /// Room for as many numbers as both have.
    pub scratch: &'a mut [f32],
}

/// Writes the sums of what chose which vector, over the lanes whose weight is above zero.
#[inline(always)]
pub(crate) fn chosen_sums<S: Simd>(_: S, x: View<'_>, chosen: View<'_>, weights: &Lanes, to: ChosenSums<'_>) {
    let ChosenSums { vectors, counts, scratch } = to;
    let channels = vectors.len() / counts.len();
    let scratch = &mut scratch[..vectors.len() + counts.len()];
    let split = vectors.len();
    // Eight lanes first, then the two halves of sixteen, as every sum over lanes.
    for half in 0..S::LANES / (TILE / 2) {
        scratch.fill(0.0);
        for (r, row) in chosen.slices().enumerate() {
            for (column, chosen) in row.chunks_exact(S::LANES).enumerate() {
                for lane in (half * TILE / 2..(half + 1) * TILE / 2).filter(|&lane| weights[lane] > 0.0) {
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    let k = chosen[lane] as usize;
                    for (d, sum) in scratch[k * channels..(k + 1) * channels].iter_mut().enumerate() {
                        *sum += x.floats[x.rows.start(d, r) + column * S::LANES + lane];
                    }
                    scratch[split + k] += 1.0;
                }
            }
        }
        let sums = scratch.split_at(split);
        for (to, from) in [(&mut *vectors, sums.0), (&mut *counts, sums.1)] {
            for (to, from) in to.iter_mut().zip(from) {
                *to = if half == 0 { *from } else { *to + from };
            }
        }
    }
}
