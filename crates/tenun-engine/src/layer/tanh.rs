//! [`Tanh`]: hyperbolic tangent.

use tenun_kernels::map::Map;

use super::settings::settings;
use super::{LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::activation;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Hyperbolic tangent.
    ///
    /// y = tanh x, element by element.
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    #[derive(Copy, Eq)]
    pub struct Tanh {}
}

impl LayerKind for Tanh {
    const STEM: &'static str = "tanh";
    const ROLE: Role = Role::Activation;

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        x.iter().map(|&x| x.tanh()).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        activation::lower(builder, Map::Tanh, 0.0, at.place.output, x)
    }
}
