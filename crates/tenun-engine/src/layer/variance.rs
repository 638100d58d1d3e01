//! [`Variance`]: how far pixels are from a reconstruction, learned with the network.

use serde::{Deserialize, Serialize};

use super::{Initial, LayerKind, Noise, Role, Wanted};
use crate::Shape;
use crate::lane::Simd;
use crate::network::Placed;
use crate::plan::{Builder, Port};
use crate::reference::Real;

/// log σ² before training: σ is 0.22, about that of a first reconstruction of pixels from 0 to 1, so that training need
/// not first find the order of magnitude.
const FIRST: f32 = -3.0;

/// The variance σ² of pixels about a reconstruction, one number for all of them: it belongs to [`crate::Loss::Gaussian`],
/// which learns its logarithm as it learns weights. Numbers pass unchanged.
///
/// With it a variational autoencoder balances reconstruction and divergence by itself: Rybkin, Daniilidis and Levine,
/// "Simple and effective VAE training with calibrated decoders" (2021).
///
/// # Shapes
/// Any; the output is the input. Logarithm of the variance `[1]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variance {}

impl LayerKind for Variance {
    const STEM: &'static str = "variance";
    const ROLE: Role = Role::Variance;

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn parameters(&self, _: Shape) -> Vec<Wanted> {
        vec![Wanted { name: "log_variance", axes: vec![1], initial: Initial::Constant(FIRST) }]
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        x.to_vec()
    }

    fn lower<S: Simd>(&self, _: &Placed, _: &mut Builder<S>, x: Port) -> Port {
        x
    }
}
