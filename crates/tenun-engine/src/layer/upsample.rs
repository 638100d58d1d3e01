//! [`Upsample`]: nearest-neighbour enlargement.

use super::settings::settings;
use super::{AveragePool, Elsewhere, LayerKind, Mirror, Placed, RandomKey, Role, Rounding};
use crate::ops::Gather;
use crate::program::{Builder, Port};
use crate::reference::Real;
use crate::shape::{self, Shape};

settings! {
    /// Nearest-neighbour up-sampling.
    ///
    /// Every pixel becomes factor × factor equal ones.
    ///
    /// # Shapes
    /// Input `[channels][height][width]`, output `[channels][factor · height][factor · width]`.
    #[derive(Eq)]
    pub struct Upsample {
        /// Rows and columns that one pixel becomes: at least 2.
        #[also("scale_factor")]
        pub factor: usize = 2,
    }
}

impl Upsample {
    /// The input position that each output position, in storage order, is a copy of; none for a zero.
    fn sources(&self, input: Shape, output: Shape) -> Vec<Option<usize>> {
        shape::positions(output)
            .map(|(c, row, column)| Some(shape::flat(input, (c, row / self.factor, column / self.factor))))
            .collect()
    }
}

impl LayerKind for Upsample {
    const STEM: &'static str = "up";
    const ROLE: Role = Role::Upsampling;
    const INSTEAD_OF: Elsewhere = &[
        (&["upsampling2d", "upsampling", "upsamplingnearest2d", "interpolate"], ""),
        (
            &["convtranspose2d", "conv2dtranspose", "deconvolution", "deconv"],
            "there is no transposed convolution; `upsample` followed by `conv2d` enlarges without a checkerboard pattern",
        ),
    ];
    const NO_SETTING: Elsewhere = &[
        (&["size"], "`factor` is by what height and width are multiplied"),
        (&["mode", "interpolation"], "leave it out: up-sampling is that of the nearest neighbour"),
    ];

    fn mirror(&self, _: Shape, _: Shape) -> Mirror {
        Mirror::Layers(vec![AveragePool { size: self.factor, rounding: Rounding::Up }.into()])
    }

    fn settings(&self) -> String {
        format!("×{}", self.factor)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        if self.factor < 2 {
            return Err(format!("`factor` is {}; it has to be at least 2", self.factor));
        }
        let times =
            |size: usize| size.checked_mul(self.factor).ok_or("the image would be too large".to_owned());
        Ok(Shape::new(input.channels, times(input.height)?, times(input.width)?))
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
