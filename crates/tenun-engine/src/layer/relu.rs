//! [`Relu`]: max(x, 0).

use tenun_kernels::map::Map;

use super::settings::settings;
use super::{LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::activation;
use crate::program::{Builder, Port};
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

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        x.iter().map(|&x| if x.exceeds(R::from(0.0)) { x } else { R::from(0.0) }).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        activation::lower(builder, Map::Relu, 0.0, at.place.output, x)
    }
}
