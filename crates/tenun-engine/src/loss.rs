//! [`Loss`]: how far a reconstruction is from its image.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tenun_kernels::loss::{Distance, LN_TAU};

use crate::reference::Real;

/// How far a reconstruction is from its image: the mean over all numbers of all images of a batch.
///
/// With z the network's output before a final sigmoid, if it has one, p the output itself, and t the image:
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// Binary cross-entropy −t log p − (1 − t) log(1 − p), computed on the logits as
    /// max(z, 0) − z t + log(1 + exp(−|z|)), which cannot overflow. For images in 0–1 and networks that end in a
    /// sigmoid. Its least value is the entropy of the images themselves, not zero.
    Bce,
    /// Mean squared error (p − t)².
    Mse,
    /// Mean absolute error |p − t|; its slope at zero is taken as zero.
    Mae,
    /// Negative log-likelihood ½ ((p − t)² / σ² + log σ² + log 2π) of a normal distribution about the output, in nats,
    /// with the variance σ² that the decoder's layer [`Variance`](crate::layer::Variance) learns. A density's logarithm:
    /// it falls below zero as σ does.
    Gaussian,
}

impl Loss {
    /// All losses.
    pub const ALL: [Self; 4] = [Self::Bce, Self::Mse, Self::Mae, Self::Gaussian];

    /// What the kernels know it as.
    pub(crate) fn distance(self) -> Distance {
        match self {
            Self::Bce => Distance::CrossEntropy,
            Self::Mse => Distance::Squared,
            Self::Mae => Distance::Absolute,
            Self::Gaussian => Distance::Gaussian,
        }
    }

    /// The equation for one number, of which `z` is the logit if `sigmoid`, else the output; `log_variance` is log σ² of
    /// [`Self::Gaussian`].
    pub fn reference<R: Real>(self, sigmoid: bool, log_variance: R, z: R, t: R) -> R {
        let p = if sigmoid { z.sigmoid() } else { z };
        match self {
            Self::Bce => {
                let positive = if z.value() > 0.0 { z } else { R::from(0.0) };
                positive - z * t + (-z.abs()).exp().ln_1p()
            }
            Self::Mse => (p - t) * (p - t),
            Self::Mae => (p - t).abs(),
            Self::Gaussian => {
                let constant = log_variance + R::from(LN_TAU);
                ((p - t) * (p - t) * (-log_variance).exp() + constant) * R::from(0.5)
            }
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bce => "bce",
            Self::Mse => "mse",
            Self::Mae => "mae",
            Self::Gaussian => "gaussian",
        })
    }
}

/// No loss has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no loss; expected one of: bce, mse, mae, gaussian")]
pub struct UnknownLoss(String);

impl FromStr for Loss {
    type Err = UnknownLoss;

    fn from_str(name: &str) -> Result<Self, UnknownLoss> {
        Self::ALL
            .into_iter()
            .find(|loss| loss.to_string() == name)
            .ok_or_else(|| UnknownLoss(name.to_owned()))
    }
}
