//! [`LeakyRelu`]: x, or a small multiple of it below zero.

use super::activation::{self, Activation};
use super::settings::settings;
use super::{Elsewhere, LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::network::Placed;
use crate::plan::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Leaky ReLU.
    ///
    /// y = x for x > 0, slope · x else, element by element: Maas, Hannun and Ng, "Rectifier nonlinearities improve neural
    /// network acoustic models" (2013).
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    #[derive(Copy)]
    pub struct LeakyRelu {
        /// The slope below zero: between 0 and 1, both excluded.
        #[also("negative_slope")]
        pub slope: f32 = 0.01,
    }
}

impl LayerKind for LeakyRelu {
    const STEM: &'static str = "leaky_relu";
    const ROLE: Role = Role::Activation;
    const NO_SETTING: Elsewhere = &[(&["alpha"], "`slope` is the slope below zero")];

    fn settings(&self) -> String {
        format!("slope {}", self.slope)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        if self.slope > 0.0 && self.slope < 1.0 {
            Ok(input)
        } else {
            Err(format!("`slope` is {}; it has to lie between 0 and 1", self.slope))
        }
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        x.iter().map(|&x| if x.value() > 0.0 { x } else { x * R::from(f64::from(self.slope)) }).collect()
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        activation::lower(builder, *self, at.output, x)
    }
}

impl Activation for LeakyRelu {
    const SLOPE_FROM_OUTPUT: bool = true;

    #[inline(always)]
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V {
        S::V::select(s.zero().less(x), x, x * s.splat(self.slope))
    }

    #[inline(always)]
    fn gradient<S: Simd>(self, s: S, _: S::V, y: S::V, dy: S::V) -> S::V {
        // The slope is positive, so the output has the sign of the input.
        S::V::select(s.zero().less(y), dy, dy * s.splat(self.slope))
    }
}
