//! [`Reshape`]: the same numbers in another shape.

use super::settings::settings;
use super::{Elsewhere, LayerKind, Mirror, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::Gather;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// The same numbers in another shape.
    ///
    /// They keep the order `[channel][row][column]`, and there have to be as many as before.
    ///
    /// # Shapes
    /// Input any with channels · height · width numbers, output `[channels][height][width]`.
    #[derive(Eq)]
    pub struct Reshape {
        /// The shape of the output.
        pub shape: Shape,
    }
}

impl Reshape {
    /// The input position that each output position, in storage order, is a copy of; none for a zero.
    fn sources(&self, input: Shape, output: Shape) -> Vec<Option<usize>> {
        (0..input.len().min(output.len())).map(Some).collect()
    }
}

impl LayerKind for Reshape {
    const STEM: &'static str = "reshape";
    const ROLE: Role = Role::Reshaping;
    const INSTEAD_OF: Elsewhere = &[(&["view", "unflatten"], "")];
    const NO_SETTING: Elsewhere = &[(&["target_shape"], "`shape = { channels = 8, height = 4, width = 4 }`")];

    fn mirror(&self, input: Shape, output: Shape) -> Mirror {
        let back = (input != output).then(|| Self { shape: input }.into());
        Mirror::Layers(back.into_iter().collect())
    }

    fn settings(&self) -> String {
        format!("to {}", self.shape)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        if self.shape.checked_len() == Some(input.len()) {
            Ok(self.shape)
        } else {
            Err(format!("{input} has {} numbers, which do not make {}", input.len(), self.shape))
        }
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
