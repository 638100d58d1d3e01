//! [`ZeroPad`]: rows and columns of zeros put around.

use super::settings::settings;
use super::{Crop, Elsewhere, LayerKind, Mirror, Placed, RandomKey, Role};
use crate::ops::Gather;
use crate::program::{Builder, Port};
use crate::reference::Real;
use crate::shape::{self, Shape};

settings! {
    /// Zero padding: rows and columns of zeros added.
    ///
    /// # Shapes
    /// Input `[channels][height][width]`, output `[channels][height + top + bottom][width + left + right]`.
    #[derive(Eq)]
    pub struct ZeroPad {
        /// Rows added above.
        pub top: usize = 0,
        /// Rows added below.
        pub bottom: usize = 0,
        /// Columns added on the left.
        pub left: usize = 0,
        /// Columns added on the right.
        pub right: usize = 0,
    }
}

impl ZeroPad {
    /// The input position that each output position, in storage order, is a copy of; none for a zero.
    fn sources(&self, input: Shape, output: Shape) -> Vec<Option<usize>> {
        shape::positions(output)
            .map(|(c, row, column)| {
                let (row, column) = (row.checked_sub(self.top)?, column.checked_sub(self.left)?);
                let inside = row < input.height && column < input.width;
                inside.then(|| shape::flat(input, (c, row, column)))
            })
            .collect()
    }
}

impl LayerKind for ZeroPad {
    const STEM: &'static str = "pad";
    const ROLE: Role = Role::Padding;
    const INSTEAD_OF: Elsewhere = &[(&["zeropadding2d", "zeropad2d", "pad", "padding"], "")];
    const NO_SETTING: Elsewhere = &[(&["padding"], "give `top`, `bottom`, `left` and `right`")];

    fn mirror(&self, _: Shape, _: Shape) -> Mirror {
        let Self { top, bottom, left, right } = *self;
        Mirror::Layers(vec![Crop { top, bottom, left, right }.into()])
    }

    fn settings(&self) -> String {
        let Self { top, bottom, left, right } = self;
        format!("top {top}, bottom {bottom}, left {left}, right {right}")
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        let sum = |size: usize, a: usize, b: usize| size.checked_add(a)?.checked_add(b);
        match (sum(input.height, self.top, self.bottom), sum(input.width, self.left, self.right)) {
            (Some(height), Some(width)) => Ok(Shape::new(input.channels, height, width)),
            _ => Err("the image would be too large".to_owned()),
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
