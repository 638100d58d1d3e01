//! [`Rewrite`]: ways to compute layers otherwise than they are written, and [`PlanStep`], what became of them in a plan.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A rewrite of the plan: the same equations with fewer multiply-adds or less memory traffic.
///
/// Each is exact in real numbers; in floats the last bits of a result depend on which rewrites are on, and on nothing
/// else of the machine. All are on unless switched off ([`crate::Cpu::without`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rewrite {
    /// An up-sampling and the convolution after it, on the small map.
    Upsampled,
    /// A convolution, a rectifier if there is one, and max-pooling of 2×2, without the full map.
    Pooled,
    /// A 3×3 convolution of stride 1 by blocks of 2×2 outputs.
    Winograd,
}

impl Rewrite {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Upsampled, Self::Pooled, Self::Winograd];

    /// The name, as settings spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Upsampled => "upsampled",
            Self::Pooled => "pooled",
            Self::Winograd => "winograd",
        }
    }

    /// What it does, in a line.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::Upsampled => {
                "up-sampling and convolution on the small map: products that repeat are taken once"
            }
            Self::Pooled => {
                "convolution, rectifier and max-pooling of 2×2 as one step: the full map is never written"
            }
            Self::Winograd => "3×3 convolution of stride 1 by blocks of 2×2 outputs: 16 products for 36",
        }
    }
}

impl fmt::Display for Rewrite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A rewrite was named that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rewrite; expected one of: {names}", names = names())]
pub struct UnknownRewrite(String);

fn names() -> String {
    Rewrite::ALL.iter().map(|rewrite| rewrite.name()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Rewrite {
    type Err = UnknownRewrite;

    fn from_str(name: &str) -> Result<Self, UnknownRewrite> {
        let named = Self::ALL.iter().find(|rewrite| rewrite.name() == name);
        named.copied().ok_or_else(|| UnknownRewrite(name.to_owned()))
    }
}

/// A step of a plan: the layers it computes, how, and the memory that is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanStep {
    /// The names of the layers, in order.
    pub layers: Vec<String>,
    /// The rewrites at work; none where the layer is computed as written.
    pub rewrites: Vec<Rewrite>,
    /// Bytes of the buffers of this step for one thread: outputs, their gradients, what is remembered for the way back.
    pub memory: usize,
    /// Multiply-adds of its kernels for one image, forwards and, where gradients are wanted, backwards.
    pub multiply_adds: usize,
}
