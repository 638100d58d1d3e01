//! [`Sampling`]: a code drawn from the normal distribution that the encoder gives for an image.

use super::settings::settings;
use super::{Elsewhere, LayerKind, Placed, RandomKey, Role};
use crate::Shape;
use crate::ops::{Gather, sampling};
use crate::program::{Builder, Port};
use crate::random::{self, Purpose};
use crate::reference::Real;

settings! {
    /// Sampling of the code by the reparametrisation trick, for a variational autoencoder.
    ///
    /// The first half of the input's channels is the mean μ, the second half the logarithm of the variance, v = log σ².
    /// While training z = μ + exp(v / 2) · ε with ε from the standard normal distribution; otherwise z = μ.
    ///
    /// It adds to the loss of an image β · Σ max(KLᵢ, free bits) / numbers of the image, with
    /// KLᵢ = ½ (μᵢ² + exp vᵢ − 1 − vᵢ), in nats: with binary cross-entropy or the Gaussian likelihood and β = 1 the whole,
    /// times the numbers of an image, is the negative evidence lower bound (ELBO). Kingma and Welling, "Auto-encoding
    /// variational Bayes" (2013); β: Higgins et al., "beta-VAE" (2017); a β that grows from 0: Bowman et al., "Generating
    /// sentences from a continuous space" (2015); free bits, here for each image and unit: Kingma et al., "Improved
    /// variational inference with inverse autoregressive flow" (2016).
    ///
    /// # Shapes
    /// Input `[2 channels][height][width]`, output `[channels][height][width]`; a vector of 2 k gives one of k.
    ///
    /// ```
    /// use tenun_engine::{Layer, Shape, layer::Sampling};
    ///
    /// assert_eq!(Layer::from(Sampling::default()).infer(Shape::vector(4)), Ok(Shape::vector(2)));
    /// ```
    pub struct Sampling {
        /// β, the factor of the KL divergence: at least 0.
        pub beta: f32 = 1.0,
        /// Epochs in which β grows to its value: that of epoch e, from 1, is β · e / (`warmup_epochs` + 1) at first.
        pub warmup_epochs: u32 = 0,
        /// Nats of each unit that cost no more than their number: at least 0.
        pub free_bits: f32 = 0.0,
    }
}

impl Sampling {
    /// β in an epoch, counted from 0.
    pub(crate) fn beta_in(&self, epoch: u32) -> f32 {
        if epoch >= self.warmup_epochs {
            return self.beta;
        }
        #[allow(clippy::cast_possible_truncation)]
        let share = (f64::from(epoch + 1) / f64::from(self.warmup_epochs + 1)) as f32;
        self.beta * share
    }
}

impl LayerKind for Sampling {
    const STEM: &'static str = "sampling";
    const ROLE: Role = Role::Sampling;
    const INSTEAD_OF: Elsewhere = &[(
        &["reparametrize", "reparameterize", "reparametrization", "reparameterization", "variational", "vae"],
        "",
    )];
    const NO_SETTING: Elsewhere = &[
        (&["kl_weight"], "`beta` is the factor of the KL divergence"),
        (
            &["latent", "latent_dim", "units", "features"],
            "leave it out: the layer before gives mean and log-variance, two features for each latent dimension",
        ),
    ];
    const INPUTS_PER_OUTPUT: usize = 2;

    fn loss_weight(&self, epoch: u32) -> Option<f32> {
        Some(self.beta_in(epoch))
    }

    fn settings(&self) -> String {
        let warmup = match self.warmup_epochs {
            0 => String::new(),
            1 => ", grows for an epoch".to_owned(),
            epochs => format!(", grows for {epochs} epochs"),
        };
        let free =
            if self.free_bits > 0.0 { format!(", {} nats free", self.free_bits) } else { String::new() };
        format!("β {}{warmup}{free}", self.beta)
    }

    fn infer(&self, input: Shape) -> Result<Shape, String> {
        for (value, name) in [(self.beta, "beta"), (self.free_bits, "free_bits")] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(format!("`{name}` is {value}; it has to be a number of at least 0"));
            }
        }
        if !input.channels.is_multiple_of(2) {
            return Err(format!(
                "it takes means and log-variances, an even number of channels, but is given {}; the layer before has to give two for each number of the code",
                input.channels
            ));
        }
        Ok(Shape { channels: input.channels / 2, ..input })
    }

    #[allow(clippy::cast_possible_truncation)] // positions of one image fit 32 bits
    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], key: Option<RandomKey>) -> Vec<R> {
        let (means, logs) = x.split_at(x.len() / 2);
        let Some(key) = key else { return means.to_vec() };
        let both = means.iter().zip(logs).enumerate();
        both.map(|(i, (&mean, &log))| {
            let draw = random::normal(key.words(Purpose::Code, at.place.ordinal, (i / 4) as u32)[i % 4]);
            mean + (log * R::from(0.5)).exp() * R::from(f64::from(draw))
        })
        .collect()
    }

    fn penalty<R: Real>(&self, _: &Placed, _: &[R], x: &[R], key: RandomKey) -> R {
        let (means, logs) = x.split_at(x.len() / 2);
        let total = means.iter().zip(logs).fold(R::from(0.0), |sum, (&mean, &log)| {
            let unit = (mean * mean + log.exp() - R::from(1.0) - log) * R::from(0.5);
            let free = R::from(f64::from(self.free_bits));
            sum + if unit.exceeds(free) { unit } else { free }
        });
        total * R::from(f64::from(self.beta_in(key.epoch)))
    }

    fn lower(&self, at: &Placed, builder: &mut Builder, x: Port) -> Port {
        if !builder.is_training() {
            let means = (0..at.place.output.len()).map(Some).collect();
            return Gather::lower(builder, means, at.place.input, at.place.output, x);
        }
        let beta = {
            let layer = self.clone();
            move |epoch| layer.beta_in(epoch)
        };
        sampling::lower(builder, self.free_bits, Box::new(beta), &at.place, x)
    }
}
