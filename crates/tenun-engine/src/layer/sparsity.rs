//! [`Sparsity`]: units that are to be active rarely.

use super::settings::settings;
use super::{BufferValues, Elsewhere, Initial, LayerKind, ParameterSpec, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::sparsity;
use crate::program::{Builder, Port};
use crate::random;
use crate::reference::Real;

/// Means closer to 0 or 1 count as this far away: the divergence has poles there.
const MARGIN: f64 = 1e-4;

settings! {
    /// Sparsity regularisation: the KL divergence of each unit's mean activation from a target.
    ///
    /// Numbers between 0 and 1 (put it after a sigmoid) pass unchanged, and while training the loss of each image is
    /// increased by weight · Σ KL(ρ ‖ ρ̂ᵢ) / numbers of the image, with the Bernoulli divergence
    /// KL(ρ ‖ ρ̂) = ρ log(ρ / ρ̂) + (1 − ρ) log((1 − ρ) / (1 − ρ̂)) of the mean activation ρ̂ᵢ of unit i from the target ρ:
    /// Ng, "Sparse autoencoder", CS294A lecture notes (2011).
    ///
    /// There ρ̂ is a mean over all images. Here it is a moving average over batches,
    /// ρ̂ ← decay · ρ̂ + (1 − decay) · mean of the batch, taken after each step; a step's gradient is that at the mean so
    /// far. It is kept with the parameters.
    ///
    /// # Shapes
    /// Any; the output is the input. Mean `[numbers]`.
    pub struct Sparsity {
        /// ρ, the target of the mean activation: between 0 and 1.
        pub target: f32 = 0.05,
        /// The factor of the divergence, beside the sum of the loss over an image: at least 0.
        pub weight: f32 = 1.0,
        /// Decay of the moving average of the mean activation: at least 0, below 1.
        pub decay: f32 = 0.9,
    }
}

impl Sparsity {
    /// The divergence of a mean from the target, and its slope by the mean.
    pub(crate) fn divergence(&self, mean: f32) -> (f64, f64) {
        let (wanted, mean) = (f64::from(self.target), f64::from(mean).clamp(MARGIN, 1.0 - MARGIN));
        let value =
            wanted * random::ln(wanted / mean) + (1.0 - wanted) * random::ln((1.0 - wanted) / (1.0 - mean));
        (value, (1.0 - wanted) / (1.0 - mean) - wanted / mean)
    }
}

impl LayerKind for Sparsity {
    const STEM: &'static str = "sparsity";
    const ROLE: Role = Role::Regulariser;
    const INSTEAD_OF: Elsewhere = &[(&["klsparsity", "kldivergence", "sparse"], "")];
    const NO_SETTING: Elsewhere =
        &[(&["rho"], "`target` is ρ"), (&["beta"], "`weight` is the factor of the divergence")];

    fn loss_weight(&self, _: u32) -> Option<f32> {
        Some(self.weight)
    }

    fn has_no_effect(&self) -> bool {
        self.weight == 0.0
    }

    fn settings(&self) -> String {
        format!("mean {}, weight {}", self.target, self.weight)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        let Self { target, weight, decay } = *self;
        if !(target > 0.0 && target < 1.0) {
            return Err(format!("`target` is {target}; it has to be a number between 0 and 1"));
        }
        if !(weight >= 0.0 && weight.is_finite()) {
            return Err(format!("`weight` is {weight}; it has to be a number of at least 0"));
        }
        if !(0.0..1.0).contains(&decay) {
            return Err(format!("`decay` is {decay}; it has to be at least 0 and below 1"));
        }
        Ok(input)
    }

    fn parameters(&self, input: Shape) -> Vec<ParameterSpec> {
        let initial = Initial::Constant(self.target);
        vec![ParameterSpec { name: "mean", axes: vec![input.len()], initial }]
    }

    fn reference<R: Real>(&self, _: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        x.to_vec()
    }

    fn penalty<R: Real>(&self, at: &Placed, parameters: &[R], x: &[R], _: RandomKey) -> R {
        // The value is that of the mean so far, the slope passes to every image of the batch.
        let means = at.place.parameter(parameters, 0);
        x.iter().zip(means).fold(R::from(0.0), |sum, (&a, mean)| {
            #[allow(clippy::cast_possible_truncation)]
            let (value, slope) = self.divergence(mean.value() as f32);
            sum + (R::from(value) + (a - R::from(a.value())) * R::from(slope))
                * R::from(f64::from(self.weight))
        })
    }

    fn statistics(&self, _: &Placed, _: &[f64], x: &[f64]) -> Option<Vec<f64>> {
        Some(x.to_vec())
    }

    fn follow(
        &self,
        at: &Placed,
        parameters: &[f32],
        sums: &[f32],
        images: usize,
        _: &dyn Fn(usize) -> f32,
    ) -> BufferValues {
        let range = at.place.parameters[0].range.clone();
        #[allow(clippy::cast_precision_loss)]
        let share = (1.0 - self.decay) / images as f32;
        let old = parameters[range.clone()].iter().zip(&sums[range.clone()]);
        vec![(range, old.map(|(mean, sum)| self.decay * mean + share * sum).collect())]
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        if !builder.is_training() {
            return x;
        }
        let divergence = {
            let layer = self.clone();
            move |mean| layer.divergence(mean)
        };
        sparsity::lower(builder, Box::new(divergence), self.weight, &at.place, x)
    }
}
