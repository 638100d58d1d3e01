//! [`Sigmoid`]: 1 / (1 + exp(−x)).

use super::activation::{self, Activation};
use super::settings::settings;
use super::{LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, math};
use crate::network::Placed;
use crate::plan::{Builder, Port};
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

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        x.iter().map(|&x| x.sigmoid()).collect()
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        activation::lower(builder, *self, at.output, x)
    }
}

impl Activation for Sigmoid {
    const SLOPE_FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::sigmoid(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, _: S::V, y: S::V, dy: S::V) -> S::V {
        dy * (y * (s.splat(1.0) - y))
    }
}
