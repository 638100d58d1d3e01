//! [`AveragePool`]: the mean of each window.

use super::settings::settings;
use super::window::{self, Rounding};
use super::{Elsewhere, LayerKind, Mirror, Placed, RandomKey, Role};
use crate::ops::pooling::{self, Pooling};
use crate::program::{Builder, Port};
use crate::reference::Real;
use crate::shape::{self, Shape};

settings! {
    /// Average pooling.
    ///
    /// The mean of each window; windows lie side by side. A smaller window at the border is the mean of what it has
    /// (PyTorch's `count_include_pad=False`).
    ///
    /// # Shapes
    /// Input `[channels][height][width]`, output `[channels][height / size][width / size]`, rounded as
    /// [`Rounding`] says.
    ///
    /// ```
    /// use tenun_engine::{Layer, Shape, layer::{AveragePool, Rounding}};
    ///
    /// let layer = Layer::from(AveragePool { size: 3, rounding: Rounding::Down });
    /// assert_eq!(layer.infer(Shape::new(8, 7, 7)), Ok(Shape::new(8, 2, 2)));
    /// ```
    #[derive(Eq)]
    pub struct AveragePool {
        /// Rows and columns of a window, and the stride: at least 2.
        #[also("pool_size", "kernel_size")]
        pub size: usize = 2,
        /// What happens to pixels that fill no whole window.
        pub rounding: Rounding = Rounding::Up,
    }
}

impl LayerKind for AveragePool {
    const STEM: &'static str = "pool";
    const ROLE: Role = Role::Pooling;
    const INSTEAD_OF: Elsewhere = &[(
        &["avgpool2d", "averagepooling2d", "avgpool", "meanpool"],
        "it rounds sizes up unless it has `rounding = \"down\"`, the default of PyTorch and Keras",
    )];
    const NO_SETTING: Elsewhere = window::NO_SETTING;

    fn mirror(&self, _: Shape, _: Shape) -> Mirror {
        Mirror::Upsampling { factor: self.size }
    }

    fn settings(&self) -> String {
        format!("mean {}", window::settings(self.size, self.rounding))
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        window::infer(self.size, self.rounding, input)
    }

    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        shape::windows(self.size, at.place.input, at.place.output)
            .map(|window| {
                let count = R::from(window.len() as f64);
                let sum =
                    window.into_iter().fold(R::from(0.0), |sum, p| sum + x[shape::flat(at.place.input, p)]);
                sum / count
            })
            .collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        pooling::lower(builder, Pooling::Mean, self.size, &at.place, x)
    }
}
