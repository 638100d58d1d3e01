//! [`Tanh`]: hyperbolic tangent.

use super::activation::{self, Activation};
use super::settings::settings;
use super::{LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, math};
use crate::network::Placed;
use crate::plan::{Builder, Port};
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

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        x.iter().map(|&x| x.tanh()).collect()
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        activation::lower(builder, *self, at.output, x)
    }
}

impl Activation for Tanh {
    const SLOPE_FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        math::tanh(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, _: S::V, y: S::V, dy: S::V) -> S::V {
        dy * (s.splat(1.0) - y * y)
    }
}
