//! [`Sigmoid`]: 1 / (1 + exp(−x)).

use tenun_kernels::map::Map;

use super::settings::settings;
use super::{LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::activation;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Logistic sigmoid.
    ///
    /// y = 1 / (1 + exp(−x)), element by element. As the last layer of a network it is not computed on its own: the loss works
    /// on the logits before it.
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    #[derive(Copy, Eq)]
    pub struct Sigmoid {}
}

impl LayerKind for Sigmoid {
    const STEM: &'static str = "sigmoid";
    const ROLE: Role = Role::Activation;
    const GIVES_PROBABILITIES: bool = true;

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        x.iter().map(|&x| x.sigmoid()).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        activation::lower(builder, Map::Sigmoid, 0.0, at.place.output, x)
    }
}
