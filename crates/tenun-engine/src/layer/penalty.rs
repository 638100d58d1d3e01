//! [`Penalty`]: numbers that cost something, so that the code becomes sparse or small.

use super::settings::{choices, settings};
use super::{Elsewhere, LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::network::Placed;
use crate::plan::{Builder, Op, Port, Rows, TensorId, TermId, Tile, Uses};
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

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<Noise>) -> Vec<R> {
        x.to_vec()
    }

    fn penalty<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Noise) -> R {
        let total = x.iter().fold(R::from(0.0), |sum, &a| match self.norm {
            Norm::L1 => sum + a.abs(),
            Norm::L2 => sum + a * a * R::from(0.5),
        });
        total * R::from(f64::from(self.weight))
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        if !builder.is_training() {
            return x;
        }
        let term = builder.term(self.norm.name(), at);
        let (norm, weight) = (self.norm, self.weight);
        builder.push(move |grids| {
            let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
            Box::new(Cost { norm, weight, term, x: rows(x.value), dx: x.gradient.map(rows) })
        });
        // Read again on the way back, so nothing may overwrite it.
        Port { exclusive: false, ..x }
    }
}

/// The operation: on the way back it adds its slope to the gradient that is there.
struct Cost {
    norm: Norm,
    weight: f32,
    term: TermId,
    x: (TensorId, Rows),
    dx: Option<(TensorId, Rows)>,
}

impl<S: Simd> Op<S> for Cost {
    fn uses(&self) -> Uses {
        let back = self.dx.iter().flat_map(|dx| [self.x.0, dx.0]);
        Uses::forward([self.x.0]).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let x = tile.tensors.get(self.x.0);
        let total = s.enter(
            #[inline(always)]
            || {
                let mut total = s.zero();
                for row in self.x.1.iter() {
                    let mut sum = s.zero();
                    for a in x[row].chunks_exact(S::LANES) {
                        let a = s.load(a);
                        sum = match self.norm {
                            Norm::L1 => sum + a.abs(),
                            Norm::L2 => (a * s.splat(0.5)).mul_add(a, sum),
                        };
                    }
                    total = total + sum;
                }
                total
            },
        );
        total.store(tile.term_mut(self.term));
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some(dx) = &self.dx else { return };
        let weight = s.load(tile.weights) * s.splat(self.weight);
        let [x, d] = tile.tensors.many([self.x.0, dx.0]);
        s.enter(
            #[inline(always)]
            || {
                let (zero, one) = (s.zero(), s.splat(1.0));
                for (x_row, d_row) in self.x.1.iter().zip(dx.1.iter()) {
                    for (a, d) in x[x_row].chunks_exact(S::LANES).zip(d[d_row].chunks_exact_mut(S::LANES)) {
                        let a = s.load(a);
                        let slope = match self.norm {
                            Norm::L1 => {
                                let sign = S::V::select(a.less(zero), -one, one);
                                S::V::select(a.equal(zero), zero, sign)
                            }
                            Norm::L2 => a,
                        };
                        weight.mul_add(slope, s.load(d)).store(d);
                    }
                }
            },
        );
    }
}
