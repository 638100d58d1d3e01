//! [`Adam`] and, with a weight decay, AdamW.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{OutOfRange, flush, in_unit, not_negative, require};

/// Kingma and Ba, "Adam: a method for stochastic optimization" (2014); the decoupled weight decay is that of
/// Loshchilov and Hutter, "Decoupled weight decay regularization" (2017). In step t, with gradient g and rate η:
///
/// m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,
/// w ← w − η λ w − η m̂ / (√v̂ + ε),  where m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Adam {
    /// β₁, the memory of the mean: at least 0, below 1.
    pub beta1: f32,
    /// β₂, the memory of the square: at least 0, below 1.
    pub beta2: f32,
    /// ε, in the denominator: above 0.
    pub epsilon: f32,
    /// λ, the share of each weight that a step takes away, before the rate: 0 or more.
    #[serde(skip_serializing_if = "is_zero")]
    pub weight_decay: f32,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde asks for it
fn is_zero(x: &f32) -> bool {
    *x == 0.0
}

/// [`Adam`] under its name with a weight decay, and with the decay that is usual then (PyTorch's).
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AdamW {
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    weight_decay: f32,
}

impl Default for AdamW {
    fn default() -> Self {
        Adam { weight_decay: 0.01, ..Adam::default() }.into()
    }
}

impl From<Adam> for AdamW {
    fn from(Adam { beta1, beta2, epsilon, weight_decay }: Adam) -> Self {
        Self { beta1, beta2, epsilon, weight_decay }
    }
}

impl From<AdamW> for Adam {
    fn from(AdamW { beta1, beta2, epsilon, weight_decay }: AdamW) -> Self {
        Self { beta1, beta2, epsilon, weight_decay }
    }
}

/// Parameters and their gradient, and their moments.
type Chunk<'a> = ((&'a mut [f32], &'a [f32]), (&'a mut [f32], &'a mut [f32]));

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weight_decay: 0.0 }
    }
}

impl Adam {
    pub(super) fn check(&self) -> Result<(), OutOfRange> {
        in_unit("beta1", self.beta1)?;
        in_unit("beta2", self.beta2)?;
        not_negative("weight_decay", self.weight_decay)?;
        require("epsilon", self.epsilon > 0.0 && self.epsilon.is_finite(), "above 0", self.epsilon)
    }

    #[allow(clippy::cast_possible_truncation)] // corrections are computed in double precision
    pub(super) fn step(
        &self,
        t: u64,
        (parameters, gradient): (&mut [f32], &[f32]),
        (first, second): (&mut [f32], &mut [f32]),
        rate: f64,
        part: usize,
    ) {
        let size = (rate / (1.0 - power(f64::from(self.beta1), t))) as f32;
        let root = (1.0 - power(f64::from(self.beta2), t)).sqrt() as f32;
        let keep = (1.0 - rate * f64::from(self.weight_decay)) as f32;
        let Self { beta1, beta2, epsilon, .. } = *self;
        let step = |((w, &g), (m, v)): ((&mut f32, &f32), (&mut f32, &mut f32))| {
            *m = flush(beta1 * *m + (1.0 - beta1) * g);
            *v = flush(beta2 * *v + (1.0 - beta2) * (g * g));
            *w = keep * *w - size * (*m / (v.sqrt() / root + epsilon));
        };
        let moments = first.chunks_mut(part).zip(second.chunks_mut(part));
        let parts = parameters.chunks_mut(part).zip(gradient.chunks(part)).zip(moments);
        let run = |((parameters, gradient), (first, second)): Chunk<'_>| {
            parameters.iter_mut().zip(gradient).zip(first.iter_mut().zip(second)).for_each(step);
        };
        if part < gradient.len() {
            parts.par_bridge().for_each(run);
        } else {
            parts.for_each(run);
        }
    }
}

/// `base` to a whole power by squaring: `powi` may round differently on another platform.
fn power(base: f64, mut exponent: u64) -> f64 {
    let (mut result, mut square) = (1.0, base);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    result
}
