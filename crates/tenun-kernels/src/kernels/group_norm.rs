//! Normalisation over groups of channels, and its gradient.

use std::ops::Range;

use crate::rows::{View, ViewMut};
use crate::simd::{Simd, Vector};

/// The groups of a normalisation.
#[derive(Clone, Debug)]
pub struct Groups {
    /// Channels in a group.
    pub channels: usize,
    /// Numbers in a group.
    pub numbers: f32,
    /// Added to the variance.
    pub epsilon: f32,
    /// Where the mean, and after it the scale, of each group stand, in floats.
    pub statistics: Vec<usize>,
}

impl Groups {
    #[inline(always)]
    fn count(&self) -> usize {
        self.statistics.len() / 2
    }

    #[inline(always)]
    fn channels(&self, group: usize) -> Range<usize> {
        group * self.channels..(group + 1) * self.channels
    }
}

/// Factor and summand of each channel.
#[derive(Clone, Copy, Debug)]
pub struct Affine<'a> {
    /// γ.
    pub gamma: &'a [f32],
    /// β.
    pub beta: &'a [f32],
}

/// Writes `y` = γ · (x − μ) / √(σ² + ε) + β, and mean and scale of each group to `statistics`.
#[inline(always)]
pub(crate) fn value<S: Simd>(
    s: S,
    groups: &Groups,
    affine: Affine<'_>,
    x: View<'_>,
    statistics: &mut [f32],
    y: ViewMut<'_>,
) {
    for group in 0..groups.count() {
        let mut sum = s.zero();
        for row in groups.channels(group).flat_map(|c| x.rows.channel(c)) {
            for x in x.floats[row].chunks_exact(S::LANES) {
                sum = sum + s.load(x);
            }
        }
        let mean = sum / s.splat(groups.numbers);
        let mut squares = s.zero();
        for row in groups.channels(group).flat_map(|c| x.rows.channel(c)) {
            for x in x.floats[row].chunks_exact(S::LANES) {
                let apart = s.load(x) - mean;
                squares = apart.mul_add(apart, squares);
            }
        }
        let variance = squares / s.splat(groups.numbers);
        let scale = s.splat(1.0) / (variance + s.splat(groups.epsilon)).sqrt();
        for c in groups.channels(group) {
            let (gamma, beta) = (s.splat(affine.gamma[c]), s.splat(affine.beta[c]));
            for (from, to) in x.rows.channel(c).zip(y.rows.channel(c)) {
                let x = x.floats[from].chunks_exact(S::LANES);
                for (x, y) in x.zip(y.floats[to].chunks_exact_mut(S::LANES)) {
                    ((s.load(x) - mean) * scale).mul_add(gamma, beta).store(y);
                }
            }
        }
        mean.store(&mut statistics[groups.statistics[2 * group]..]);
        scale.store(&mut statistics[groups.statistics[2 * group + 1]..]);
    }
}

/// What the gradient is computed from.
#[derive(Clone, Copy, Debug)]
pub struct NormGradient<'a> {
    /// The input.
    pub x: View<'a>,
    /// The gradient of the output.
    pub dy: View<'a>,
    /// Mean and scale of each group.
    pub statistics: &'a [f32],
    /// γ of each channel.
    pub gamma: &'a [f32],
}

/// Where the gradients of γ and β go.
#[derive(Debug)]
pub struct AffineGradient<'a> {
    /// That of γ.
    pub gamma: &'a mut [f32],
    /// That of β.
    pub beta: &'a mut [f32],
}

/// Writes the gradients of γ, β and, if it is wanted, the input.
///
/// With x̂ the normalised input and g = γ · dy: dx = scale · (g − mean g − x̂ · mean(g x̂)), dγ = Σ dy x̂, dβ = Σ dy.
#[inline(always)]
pub(crate) fn gradient<S: Simd>(
    s: S,
    groups: &Groups,
    from: NormGradient<'_>,
    to: AffineGradient<'_>,
    mut dx: Option<ViewMut<'_>>,
) {
    let NormGradient { x, dy, statistics, gamma } = from;
    for group in 0..groups.count() {
        let mean = s.load(&statistics[groups.statistics[2 * group]..]);
        let scale = s.load(&statistics[groups.statistics[2 * group + 1]..]);
        let (mut sum, mut product) = (s.zero(), s.zero());
        for c in groups.channels(group) {
            let (mut of_dy, mut of_product) = (s.zero(), s.zero());
            for (x_row, dy_row) in x.rows.channel(c).zip(dy.rows.channel(c)) {
                let dy = dy.floats[dy_row].chunks_exact(S::LANES);
                for (x, dy) in x.floats[x_row].chunks_exact(S::LANES).zip(dy) {
                    let dy = s.load(dy);
                    of_dy = of_dy + dy;
                    of_product = ((s.load(x) - mean) * scale).mul_add(dy, of_product);
                }
            }
            to.beta[c] = of_dy.sum();
            to.gamma[c] = of_product.sum();
            let gamma = s.splat(gamma[c]);
            sum = of_dy.mul_add(gamma, sum);
            product = of_product.mul_add(gamma, product);
        }
        let Some(dx) = &mut dx else { continue };
        let (sum, product) = (sum / s.splat(groups.numbers), product / s.splat(groups.numbers));
        for c in groups.channels(group) {
            let gamma = s.splat(gamma[c]);
            let rows = x.rows.channel(c).zip(dy.rows.channel(c)).zip(dx.rows.channel(c));
            for ((x_row, dy_row), dx_row) in rows {
                let dy = dy.floats[dy_row].chunks_exact(S::LANES);
                let inputs = x.floats[x_row].chunks_exact(S::LANES).zip(dy);
                for ((x, dy), dx) in inputs.zip(dx.floats[dx_row].chunks_exact_mut(S::LANES)) {
                    let normalised = (s.load(x) - mean) * scale;
                    let g = s.load(dy) * gamma - sum;
                    ((-product).mul_add(normalised, g) * scale).store(dx);
                }
            }
        }
    }
}
