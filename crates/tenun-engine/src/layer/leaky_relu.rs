//! [`LeakyRelu`]: x, or a small multiple of it below zero.

use tenun_kernels::map::Map;

use super::settings::settings;
use super::{Elsewhere, LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::activation;
use crate::program::{Builder, Port};
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

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        x.iter()
            .map(|&x| if x.exceeds(R::from(0.0)) { x } else { x * R::from(f64::from(self.slope)) })
            .collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        activation::lower(builder, Map::LeakyRelu, self.slope, at.place.output, x)
    }
}
