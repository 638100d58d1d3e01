//! [`Silu`]: x · sigmoid x.

use super::activation::{self, Activation};
use super::settings::settings;
use super::{LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, Vector, math};
use crate::network::Placed;
use crate::plan::{Builder, Port};
use crate::reference::Real;

settings! {
    /// SiLU, also called swish.
    ///
    /// y = x · sigmoid x, element by element: Hendrycks and Gimpel, "Gaussian error linear units" (2016); Elfwing, Uchibe and
    /// Doya (2017).
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    #[derive(Copy, Eq)]
    pub struct Silu {}
}

impl LayerKind for Silu {
    const STEM: &'static str = "silu";
    const ROLE: Role = Role::Activation;
    const ALIASES: &'static [&'static str] = &["swish"];

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        x.iter().map(|&x| x * x.sigmoid()).collect()
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        activation::lower(builder, *self, at.output, x)
    }
}

impl Activation for Silu {
    const SLOPE_FROM_OUTPUT: bool = false;

    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        x * math::sigmoid(s, x)
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, x: S::V, y: S::V, dy: S::V) -> S::V {
        let g = math::sigmoid(s, x);
        // Slope: g + x g (1 − g) = g + y (1 − g).
        dy * y.mul_add(s.splat(1.0) - g, g)
    }
}
