//! [`Silu`]: x · sigmoid x.

use tenun_kernels::map::Map;

use super::settings::settings;
use super::{LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::activation;
use crate::program::{Builder, Port};
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

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        x.iter().map(|&x| x * x.sigmoid()).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        activation::lower(builder, Map::Silu, 0.0, at.place.output, x)
    }
}
