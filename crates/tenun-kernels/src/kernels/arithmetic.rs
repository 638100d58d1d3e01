//! Sums and products of tensors, number by number, and sums over their lanes.

use crate::Lanes;
use crate::rows::{View, ViewMut};
use crate::simd::{Simd, Vector};

/// Writes `y` = `a` + `b`.
#[inline(always)]
pub(crate) fn add_views<S: Simd>(s: S, a: View<'_>, b: View<'_>, y: ViewMut<'_>) {
    y.map_pairs(
        s,
        a,
        b,
        #[inline(always)]
        |a, b| a + b,
    );
}

/// Adds `x` to `y`.
#[inline(always)]
pub(crate) fn accumulate<S: Simd>(s: S, x: View<'_>, y: ViewMut<'_>) {
    y.update_with(
        s,
        x,
        #[inline(always)]
        |x, y| y + x,
    );
}

/// Copies `x` to `y`.
pub fn copy(x: View<'_>, y: ViewMut<'_>) {
    for (x, to) in x.slices().zip(y.rows.iter()) {
        y.floats[to].copy_from_slice(x);
    }
}

/// `to` += `from`.
pub fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// Mean and standard deviation of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// The mean.
    pub mean: f32,
    /// The standard deviation.
    pub std: f32,
}

/// Writes `y` = (`x` − `shift` · mean) / std, with the mean and deviation of each channel.
#[inline(always)]
pub(crate) fn standardise<S: Simd>(s: S, channels: &[Moments], shift: f32, x: View<'_>, y: ViewMut<'_>) {
    for (channel, &Moments { mean, std }) in channels.iter().enumerate() {
        let (mean, std) = (s.splat(shift * mean), s.splat(std));
        for (a, b) in x.rows.channel(channel).zip(y.rows.channel(channel)) {
            let numbers = x.floats[a].chunks_exact(S::LANES);
            for (from, to) in numbers.zip(y.floats[b].chunks_exact_mut(S::LANES)) {
                ((s.load(from) - mean) / std).store(to);
            }
        }
    }
}

/// Writes `y` = `x` · `mask`; the mask has one channel for all of x.
#[inline(always)]
pub(crate) fn mask<S: Simd>(s: S, x: View<'_>, mask: View<'_>, y: ViewMut<'_>) {
    let height = mask.rows.height();
    for (r, (x, to)) in x.slices().zip(y.rows.iter()).enumerate() {
        let factors = mask.floats[mask.rows.nth_start(r % height)..].chunks_exact(S::LANES);
        let numbers = x.chunks_exact(S::LANES).zip(y.floats[to].chunks_exact_mut(S::LANES));
        for ((x, y), factor) in numbers.zip(factors) {
            (s.load(x) * s.load(factor)).store(y);
        }
    }
}

/// Which neighbours `blur` takes the mean with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Those on the left and right.
    Row,
    /// Those above and below.
    Column,
}

/// Writes ¼ before + ½ x + ¼ after along one axis of every channel; beyond the border is zero.
#[inline(always)]
pub(crate) fn blur<S: Simd>(s: S, axis: Axis, x: View<'_>, y: ViewMut<'_>) {
    let (height, width) = (x.rows.height(), x.rows.row_length() / S::LANES);
    for (r, to) in y.rows.iter().enumerate() {
        for (column, to) in y.floats[to].chunks_exact_mut(S::LANES).enumerate() {
            let at =
                |row: usize, column: usize| s.load(&x.floats[x.rows.nth_start(row) + column * S::LANES..]);
            let zero = s.zero();
            let (before, after) = match axis {
                Axis::Row => (
                    if column > 0 { at(r, column - 1) } else { zero },
                    if column + 1 < width { at(r, column + 1) } else { zero },
                ),
                Axis::Column => (
                    if r % height > 0 { at(r - 1, column) } else { zero },
                    if r % height + 1 < height { at(r + 1, column) } else { zero },
                ),
            };
            (before + after).mul_add(s.splat(0.25), at(r, column) * s.splat(0.5)).store(to);
        }
    }
}

/// Writes the sum of each channel over all pixels and lanes: the gradient of a bias.
#[inline(always)]
pub(crate) fn channel_sums<S: Simd>(s: S, x: View<'_>, to: &mut [f32]) {
    for (channel, to) in to.iter_mut().enumerate() {
        let mut sum = s.zero();
        for row in x.rows.channel(channel) {
            for x in x.floats[row].chunks_exact(S::LANES) {
                sum = sum + s.load(x);
            }
        }
        *to = sum.sum();
    }
}

/// Writes the sum of each number over the lanes whose weight is above zero.
#[inline(always)]
pub(crate) fn lane_sums<S: Simd>(s: S, x: View<'_>, weights: &Lanes, to: &mut [f32]) {
    let present = s.zero().less(s.load(weights));
    let mut to = to.iter_mut();
    for row in x.slices() {
        for (a, sum) in row.chunks_exact(S::LANES).zip(&mut to) {
            *sum = S::V::keep(present, s.load(a)).sum();
        }
    }
}

/// Adds to each number of `y` its own slope times the weight of the lane times `factor`.
#[inline(always)]
pub(crate) fn add_slopes<S: Simd>(s: S, slopes: &[f32], weights: &Lanes, factor: f32, y: ViewMut<'_>) {
    let weight = s.load(weights) * s.splat(factor);
    let mut slopes = slopes.iter();
    for row in y.rows.iter() {
        for (y, slope) in y.floats[row].chunks_exact_mut(S::LANES).zip(&mut slopes) {
            weight.mul_add(s.splat(*slope), s.load(y)).store(y);
        }
    }
}
