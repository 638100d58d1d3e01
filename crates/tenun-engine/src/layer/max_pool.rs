//! [`MaxPool`]: the largest of each window.

use super::settings::settings;
use super::window::{self, Rounding};
use super::{Elsewhere, LayerKind, Mirror, Placed, RandomKey, Role};
use crate::ops::pooling::{self, Pooling};
use crate::program::{Builder, Port};
use crate::reference::Real;
use crate::shape::{self, Shape};

settings! {
    /// Max-pooling.
    ///
    /// The largest number of each window; windows lie side by side. The gradient goes to the first maximum of the
    /// window in row-major order, as in Keras and PyTorch. A window with a NaN gives NaN.
    ///
    /// # Shapes
    /// Input `[channels][height][width]`, output `[channels][height / size][width / size]`, rounded as
    /// [`Rounding`] says.
    ///
    /// ```
    /// use tenun_engine::{Layer, Shape, layer::MaxPool};
    ///
    /// let layer = Layer::from(MaxPool::default());
    /// assert_eq!(layer.infer(Shape::new(8, 7, 7)), Ok(Shape::new(8, 4, 4)));
    /// ```
    #[derive(Eq)]
    pub struct MaxPool {
        /// Rows and columns of a window, and the stride: at least 2.
        #[also("pool_size", "kernel_size")]
        pub size: usize = 2,
        /// What happens to pixels that fill no whole window.
        pub rounding: Rounding = Rounding::Up,
    }
}

impl LayerKind for MaxPool {
    const STEM: &'static str = "pool";
    const ROLE: Role = Role::Pooling;
    const INSTEAD_OF: Elsewhere = &[(
        &["maxpool2d", "maxpooling2d", "maxpooling"],
        "it rounds sizes up unless it has `rounding = \"down\"`, the default of PyTorch and Keras",
    )];
    const NO_SETTING: Elsewhere = window::NO_SETTING;

    fn mirror(&self, _: Shape, _: Shape) -> Mirror {
        Mirror::Upsampling { factor: self.size }
    }

    fn settings(&self) -> String {
        format!("max {}", window::settings(self.size, self.rounding))
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        window::infer(self.size, self.rounding, input)
    }

    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        shape::windows(self.size, at.place.input, at.place.output)
            .map(|window| {
                let mut values = window.into_iter().map(|p| x[shape::flat(at.place.input, p)]);
                let first = values.next().expect("windows are not empty");
                values.fold(first, |best, x| if x.exceeds(best) { x } else { best })
            })
            .collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        pooling::lower(builder, Pooling::Max, self.size, &at.place, x)
    }
}
