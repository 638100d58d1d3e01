//! [`Mish`]: x · tanh(softplus x).

use tenun_kernels::map::Map;

use super::settings::settings;
use super::{LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::activation;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Mish.
    ///
    /// y = x · tanh(log(1 + exp x)), element by element: Misra, "Mish: a self regularized non-monotonic activation function"
    /// (2019).
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    #[derive(Copy, Eq)]
    pub struct Mish {}
}

impl LayerKind for Mish {
    const STEM: &'static str = "mish";
    const ROLE: Role = Role::Activation;

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        // Of a large number the exponential would be infinite.
        let softplus = |x: R| if x.value() > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() };
        x.iter().map(|&x| x * softplus(x).tanh()).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        activation::lower(builder, Map::Mish, 0.0, at.place.output, x)
    }
}
