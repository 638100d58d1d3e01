//! [`Relu`]: max(x, 0).

use super::activation::{self, Activation};
use super::settings::settings;
use super::{LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::network::Placed;
use crate::plan::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Rectified linear unit (ReLU).
    ///
    /// y = max(x, 0), element by element; the slope at zero is zero. NaN stays NaN.
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    #[derive(Copy, Eq)]
    pub struct Relu {}
}

impl LayerKind for Relu {
    const STEM: &'static str = "relu";
    const ROLE: Role = Role::Activation;
    const RECTIFIES: bool = true;

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        x.iter().map(|&x| if x.value() > 0.0 { x } else { R::from(0.0) }).collect()
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        activation::lower(builder, *self, at.output, x)
    }
}

impl Activation for Relu {
    const SLOPE_FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        // In this order `max` lets NaN through: a network that diverges must not look healthy.
        s.zero().max(x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, _: S::V, y: S::V, dy: S::V) -> S::V {
        S::V::keep(s.zero().less(y), dy)
    }
}
