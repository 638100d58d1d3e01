//! [`Sgd`]: stochastic gradient descent with momentum.

use serde::{Deserialize, Serialize};

use super::{OutOfRange, flush, in_unit, not_negative};

/// Stochastic gradient descent, as PyTorch has it. With gradient g and rate η:
///
/// g ← g + λ w,  v ← μ v + g (v = g in the first step),  w ← w − η v.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sgd {
    /// μ, the momentum coefficient: at least 0, below 1.
    pub momentum: f32,
    /// λ, the weight of the squared weights in the loss (halved): 0 or more.
    pub weight_decay: f32,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { momentum: 0.9, weight_decay: 0.0 }
    }
}

impl Sgd {
    pub(super) fn check(&self) -> Result<(), OutOfRange> {
        in_unit("momentum", self.momentum)?;
        not_negative("weight_decay", self.weight_decay)
    }

    #[allow(clippy::cast_possible_truncation)] // the rate is kept in double precision
    pub(super) fn step(
        &self,
        t: u64,
        parameters: &mut [f32],
        gradient: &[f32],
        velocity: &mut [f32],
        rate: f64,
    ) {
        let rate = rate as f32;
        let momentum = if t == 1 { 0.0 } else { self.momentum };
        for ((w, &g), v) in parameters.iter_mut().zip(gradient).zip(velocity) {
            let g = g + self.weight_decay * *w;
            *v = flush(momentum * *v + g);
            *w -= rate * *v;
        }
    }
}
