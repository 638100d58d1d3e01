//! [`Flatten`]: all numbers as one vector.

use super::settings::settings;
use super::{LayerKind, Mirror, Placed, RandomKey, Reshape, Role};
use crate::Shape;
use crate::ops::Gather;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Flattens a feature map to a vector.
    ///
    /// The order is `[channel][row][column]`.
    ///
    /// # Shapes
    /// Input `[channels][height][width]`, output `[channels · height · width]`.
    #[derive(Copy, Eq)]
    pub struct Flatten {}
}

impl Flatten {
    /// The input position that each output position, in storage order, is a copy of; none for a zero.
    fn sources(&self, input: Shape, output: Shape) -> Vec<Option<usize>> {
        (0..input.len().min(output.len())).map(Some).collect()
    }
}

impl LayerKind for Flatten {
    const STEM: &'static str = "flatten";
    const ROLE: Role = Role::Reshaping;

    fn mirror(&self, input: Shape, output: Shape) -> Mirror {
        let back = (input != output).then(|| Reshape { shape: input }.into());
        Mirror::Layers(back.into_iter().collect())
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        Ok(Shape::vector(input.len()))
    }

    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        let sources = self.sources(at.place.input, at.place.output);
        sources.into_iter().map(|source| source.map_or(R::from(0.0), |i| x[i])).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        Gather::lower(
            builder,
            self.sources(at.place.input, at.place.output),
            at.place.input,
            at.place.output,
            x,
        )
    }
}
