//! [`Standardise`]: inputs with mean 0 and standard deviation 1.

use tenun_kernels::arithmetic::Moments;

use super::settings::settings;
use super::{Elsewhere, LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::standardise;
use crate::program::{Builder, Port};
use crate::reference::Real;

settings! {
    /// Standardisation of the input by the training images.
    ///
    /// Numbers less their channel's mean, divided by its standard deviation: y = (x − μ) / σ. As a network's first layer
    /// it gives the others standardised inputs, while the targets of the loss stay from 0 to 1. μ and σ are part of the
    /// network, so that a trained one needs nothing else. LeCun et al., "Efficient backprop" (1998), section 4.3.
    ///
    /// # Shapes
    /// Any; the output has the shape of the input.
    pub struct Standardise {
        /// μ of each channel; the mean of the training images if there is none.
        pub mean: Vec<f32> = Vec::new(),
        /// σ of each channel, above 0; the standard deviation of the training images if there is none.
        pub std: Vec<f32> = Vec::new(),
    }
}

impl Standardise {
    /// μ and σ of each of `channels` channels.
    fn channels(&self, channels: usize) -> Vec<Moments> {
        let of =
            |numbers: &[f32], channel: usize, without: f32| numbers.get(channel).copied().unwrap_or(without);
        let moments =
            |channel| Moments { mean: of(&self.mean, channel, 0.0), std: of(&self.std, channel, 1.0) };
        (0..channels).map(moments).collect()
    }
}

impl LayerKind for Standardise {
    const STEM: &'static str = "standardise";
    const ROLE: Role = Role::Standardisation;
    const ALIASES: &'static [&'static str] = &["standardize"];
    const INSTEAD_OF: Elsewhere =
        &[(&["normalization", "normalize"], "it takes mean and standard deviation from the training images")];

    #[allow(clippy::cast_possible_truncation)] // measured in double precision
    fn adapt(&mut self, moments: &dyn Fn() -> Vec<(f64, f64)>) {
        if self.mean.is_empty() {
            // A channel that is the same everywhere has nothing to be scaled.
            let std = |std: f64| if std > 0.0 { std as f32 } else { 1.0 };
            (self.mean, self.std) = moments().into_iter().map(|(mean, dev)| (mean as f32, std(dev))).unzip();
        }
    }

    fn settings(&self) -> String {
        let words =
            |numbers: &[f32]| numbers.iter().map(|x| format!("{x:.3}")).collect::<Vec<_>>().join(", ");
        match self.mean.is_empty() {
            true => "to be measured".to_owned(),
            false => format!("mean {}, deviation {}", words(&self.mean), words(&self.std)),
        }
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        for (name, numbers) in [("mean", &self.mean), ("std", &self.std)] {
            if numbers.len() != self.mean.len() || !numbers.is_empty() && numbers.len() != input.channels {
                return Err(format!(
                    "`{name}` has {} numbers; there has to be one for each of the {} channels, or none of both",
                    numbers.len(),
                    input.channels
                ));
            }
            if numbers.iter().any(|x| !x.is_finite()) {
                return Err(format!("`{name}` has to be of finite numbers"));
            }
        }
        match self.std.iter().find(|&&std| std <= 0.0) {
            Some(std) => Err(format!("`std` is {std}; it has to be above 0")),
            None => Ok(input),
        }
    }

    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], _: Option<RandomKey>) -> Vec<R> {
        let planes = x.chunks_exact(at.place.input.area()).zip(self.channels(at.place.input.channels));
        let scale = |(x, Moments { mean, std }): (&[R], Moments)| -> Vec<R> {
            x.iter().map(|&x| (x - R::from(f64::from(mean))) / R::from(f64::from(std))).collect()
        };
        planes.flat_map(scale).collect()
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        standardise::lower(builder, self.channels(at.place.input.channels), &at.place, x)
    }
}
