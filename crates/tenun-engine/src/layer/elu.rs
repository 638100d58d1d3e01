//! [`Elu`]: x, or α (exp x − 1) below zero.

use tenun_kernels::map::Map;

use super::settings::settings;
use super::{LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::activation;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Exponential linear unit (ELU).
    ///
    /// y = x for x > 0, α (exp x − 1) else, element by element: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep
    /// network learning by exponential linear units" (2015).
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    #[derive(Copy)]
    pub struct Elu {
        /// α: −α is the limit for very negative numbers; above 0.
        pub alpha: f32 = 1.0,
    }
}

impl LayerKind for Elu {
    const STEM: &'static str = "elu";
    const ROLE: Role = Role::Activation;

    fn settings(&self) -> String {
        format!("α {}", self.alpha)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        if self.alpha > 0.0 && self.alpha.is_finite() {
            Ok(input)
        } else {
            Err(format!("`alpha` is {}; it has to be above 0", self.alpha))
        }
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        let alpha = R::from(f64::from(self.alpha));
        x.iter()
            .map(|&x| if x.exceeds(R::from(0.0)) { x } else { alpha * (x.exp() - R::from(1.0)) })
            .collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        activation::lower(builder, Map::Elu, self.alpha, at.place.output, x)
    }
}
