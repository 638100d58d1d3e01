//! [`Crop`]: rows and columns cut off.

use super::settings::settings;
use super::{Elsewhere, LayerKind, Mirror, Placed, RandomKey, Role, ZeroPad};
use crate::ops::Gather;
use crate::program::{Builder, Port};
use crate::reference::Real;
use crate::shape::{self, Shape};

settings! {
    /// Cropping: rows and columns cut off.
    ///
    /// # Shapes
    /// Input `[channels][height][width]`, output `[channels][height − top − bottom][width − left − right]`.
    #[derive(Eq)]
    pub struct Crop {
        /// Rows cut off above.
        pub top: usize = 0,
        /// Rows cut off below.
        pub bottom: usize = 0,
        /// Columns cut off on the left.
        pub left: usize = 0,
        /// Columns cut off on the right.
        pub right: usize = 0,
    }
}

impl Crop {
    /// The input position that each output position, in storage order, is a copy of; none for a zero.
    fn sources(&self, input: Shape, output: Shape) -> Vec<Option<usize>> {
        shape::positions(output)
            .map(|(c, row, column)| Some(shape::flat(input, (c, row + self.top, column + self.left))))
            .collect()
    }
}

impl LayerKind for Crop {
    const STEM: &'static str = "crop";
    const ROLE: Role = Role::Padding;
    const INSTEAD_OF: Elsewhere = &[(&["cropping2d", "centercrop"], "")];

    fn mirror(&self, _: Shape, _: Shape) -> Mirror {
        let Self { top, bottom, left, right } = *self;
        Mirror::Layers(vec![ZeroPad { top, bottom, left, right }.into()])
    }

    fn settings(&self) -> String {
        let Self { top, bottom, left, right } = self;
        format!("top {top}, bottom {bottom}, left {left}, right {right}")
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        let rest =
            |size: usize, a: usize, b: usize| size.checked_sub(a)?.checked_sub(b).filter(|&rest| rest > 0);
        match (rest(input.height, self.top, self.bottom), rest(input.width, self.left, self.right)) {
            (Some(height), Some(width)) => Ok(Shape::new(input.channels, height, width)),
            _ => Err(format!("nothing of {}×{} pixels would be left", input.height, input.width)),
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
