//! [`Penalty`]: numbers that cost something, so that the code becomes sparse or small.

use tenun_kernels::norm;

use super::settings::{choices, settings};
use super::{Elsewhere, LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::penalty;
use crate::program::{Builder, Port};
use crate::reference::Real;

choices! {
    /// What a [`Penalty`] makes of the numbers a that pass through it.
    pub enum Norm {
        /// Σ |a|, whose slope at zero is taken as zero: most numbers become small. Ranzato, Boureau and LeCun, "Sparse
        /// feature learning for deep belief networks" (2007).
        L1 = "l1",
        /// ½ Σ a²: the code of a regularised autoencoder stays near the origin. Ghosh et al., "From variational to
        /// deterministic autoencoders" (2019), with weight decay on the decoder.
        L2 = "l2",
    }
}

settings! {
    /// Activity regularisation: an L1 or L2 penalty on the activations.
    ///
    /// Numbers pass unchanged, and while training weight · norm / numbers of the image is added to the loss of an image.
    ///
    /// # Shapes
    /// Any; the output is the input.
    pub struct Penalty {
        /// The norm of the activations that is added to the loss.
        pub norm: Norm = Norm::L1,
        /// Its factor, beside the sum of the loss over an image: at least 0.
        pub weight: f32 = 1.0,
    }
}

impl LayerKind for Penalty {
    const STEM: &'static str = "penalty";
    const ROLE: Role = Role::Regulariser;
    const INSTEAD_OF: Elsewhere = &[
        (&["activityregularization", "activityregularizer", "regularizer"], "with `norm` and `weight`"),
        (&["l1"], "with `norm = \"l1\"`"),
        (&["l2"], "with `norm = \"l2\"`"),
    ];
    const NO_SETTING: Elsewhere = &[
        (&["l1"], "`norm = \"l1\"` and `weight`"),
        (&["l2"], "`norm = \"l2\"` and `weight`"),
        (&["lambda"], "`weight` is the factor"),
    ];

    fn loss_weight(&self, _: u32) -> Option<f32> {
        Some(self.weight)
    }

    fn has_no_effect(&self) -> bool {
        self.weight == 0.0
    }

    fn settings(&self) -> String {
        format!("{} of {}", self.weight, self.norm)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        if self.weight >= 0.0 && self.weight.is_finite() {
            Ok(input)
        } else {
            Err(format!("`weight` is {}; it has to be a number of at least 0", self.weight))
        }
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        x.to_vec()
    }

    fn penalty<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: RandomKey) -> R {
        let total = x.iter().fold(R::from(0.0), |sum, &a| match self.norm {
            Norm::L1 => sum + a.abs(),
            Norm::L2 => sum + a * a * R::from(0.5),
        });
        total * R::from(f64::from(self.weight))
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        if !builder.is_training() {
            return x;
        }
        let norm = match self.norm {
            Norm::L1 => norm::Norm::L1,
            Norm::L2 => norm::Norm::L2,
        };
        penalty::lower(builder, norm, self.weight, self.norm.name(), &at.place, x)
    }
}
