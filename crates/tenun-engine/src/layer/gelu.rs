//! [`Gelu`]: x · Φ(x).

use tenun_kernels::map::Map;

use super::settings::settings;
use super::{Elsewhere, LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::activation;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Gaussian error linear unit (GELU).
    ///
    /// y = x · Φ(x) = x / 2 · (1 + erf(x / √2)), element by element, with the distribution function Φ of the standard normal
    /// distribution: Hendrycks and Gimpel, "Gaussian error linear units" (2016). This is PyTorch's and Keras's default; there
    /// is no approximation by a hyperbolic tangent.
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    #[derive(Copy, Eq)]
    pub struct Gelu {}
}

impl LayerKind for Gelu {
    const STEM: &'static str = "gelu";
    const ROLE: Role = Role::Activation;
    const NO_SETTING: Elsewhere = &[(&["approximate"], "leave it out: the error function is exact")];

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(input)
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        let half = R::from(0.5);
        let root = R::from(std::f64::consts::FRAC_1_SQRT_2);
        x.iter().map(|&x| x * (half + half * (x * root).erf())).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        activation::lower(builder, Map::Gelu, 0.0, at.place.output, x)
    }
}
