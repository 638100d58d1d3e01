//! [`Variance`]: how far pixels are from a reconstruction, learned with the network.

use super::settings::settings;
use super::{Initial, LayerKind, ParameterSpec, Placed, RandomKey, Role};
use crate::Shape;
use crate::program::{Builder, Port};
use crate::reference::Real;

/// log σ² before training: σ is 0.22, about that of a first reconstruction of pixels from 0 to 1, so that training need
/// not first find the order of magnitude.
const FIRST: f32 = -3.0;

settings! {
    /// The variance of the pixels about their reconstruction, learned: for the loss `gaussian`.
    ///
    /// One number σ² for all pixels. [`crate::Loss::Gaussian`] learns its logarithm as it learns weights; numbers pass
    /// unchanged. With it a variational autoencoder balances reconstruction and divergence by itself: Rybkin, Daniilidis
    /// and Levine, "Simple and effective VAE training with calibrated decoders" (2021).
    ///
    /// # Shapes
    /// Any; the output is the input. Logarithm of the variance `[1]`.
    #[derive(Eq)]
    pub struct Variance {}
}

impl LayerKind for Variance {
    const STEM: &'static str = "variance";
    const ROLE: Role = Role::Variance;

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn parameters(&self, _: Shape) -> Vec<ParameterSpec> {
        vec![ParameterSpec { name: "log_variance", axes: vec![1], initial: Initial::Constant(FIRST) }]
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        x.to_vec()
    }

    fn lower(&self, _: &Placed, _: &mut Builder, x: Port) -> Port {
        x
    }
}
