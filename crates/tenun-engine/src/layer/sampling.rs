//! [`Sampling`]: a code drawn from the normal distribution that the encoder gives for an image.

use super::settings::settings;
use super::{Elsewhere, LayerKind, Noise, Role};
use crate::Shape;
use crate::lane::{Simd, TILE, Vector, math};
use crate::network::Placed;
use crate::plan::{Builder, Gather, Op, Port, Rows, TensorId, TermId, Tile, Uses};
use crate::random::{self, Philox, Purpose};
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

/// Four normal numbers for the positions 4 `block` … 4 `block` + 3 of the `layer`-th layer.
fn draws(noise: Noise, layer: u32, block: u32) -> [f32; 4] {
    Philox::new(noise.seed, Purpose::Code).words(noise.epoch, noise.image, layer, block).map(random::normal)
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
    fn reference<R: Real>(&self, at: &Placed, _: &[R], x: &[R], noise: Option<Noise>) -> Vec<R> {
        let (means, logs) = x.split_at(x.len() / 2);
        let Some(noise) = noise else { return means.to_vec() };
        let both = means.iter().zip(logs).enumerate();
        both.map(|(i, (&mean, &log))| {
            let draw = draws(noise, at.ordinal, (i / 4) as u32)[i % 4];
            mean + (log * R::from(0.5)).exp() * R::from(f64::from(draw))
        })
        .collect()
    }

    fn penalty<R: Real>(&self, _: &Placed, _: &[R], x: &[R], noise: Noise) -> R {
        let (means, logs) = x.split_at(x.len() / 2);
        let total = means.iter().zip(logs).fold(R::from(0.0), |sum, (&mean, &log)| {
            let unit = (mean * mean + log.exp() - R::from(1.0) - log) * R::from(0.5);
            let free = R::from(f64::from(self.free_bits));
            sum + if unit.value() > free.value() { unit } else { free }
        });
        total * R::from(f64::from(self.beta_in(noise.epoch)))
    }

    fn lower<S: Simd>(&self, at: &Placed, builder: &mut Builder<S>, x: Port) -> Port {
        if !builder.is_training() {
            let means = (0..at.output.len()).map(Some).collect();
            return Gather::lower(builder, means, at.input, at.output, x);
        }
        let y = builder.output(x, at.output, false);
        let drawn = builder.tensor(at.output);
        let term = builder.term("kl", at);
        let (settings, layer) = (self.clone(), at.ordinal);
        builder.push(move |grids| {
            let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
            let gradients = x.gradient.zip(y.gradient).map(|(dx, dy)| (rows(dx), rows(dy)));
            Box::new(Draw {
                settings,
                layer,
                term,
                x: rows(x.value),
                y: rows(y.value),
                drawn: rows(drawn),
                gradients,
            })
        });
        y
    }
}

/// A tensor, and its rows.
type Place = (TensorId, Rows);

/// The operation.
struct Draw {
    settings: Sampling,
    layer: u32,
    term: TermId,
    x: Place,
    y: Place,
    /// ε, from the way forwards for the way back.
    drawn: Place,
    /// Those of input and output.
    gradients: Option<(Place, Place)>,
}

/// exp v, kept in the range of a float: v above 80 counts as 80.
#[inline(always)]
fn exp<S: Simd>(s: S, v: S::V) -> S::V {
    math::exp(s, -(-v).max(s.splat(-80.0)))
}

impl<S: Simd> Op<S> for Draw {
    fn uses(&self) -> Uses {
        let back = self.gradients.iter().flat_map(|(dx, dy)| [self.x.0, self.drawn.0, dx.0, dy.0]);
        Uses::forward([self.x.0, self.y.0, self.drawn.0]).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let noise = tile.noise;
        let [x, y, drawn] = tile.tensors.many([self.x.0, self.y.0, self.drawn.0]);
        let divergence = s.enter(
            #[inline(always)]
            || {
                let mut sum = s.zero();
                let mut draws_of = [[0.0; TILE]; 4];
                let mut position = 0;
                let (half, one) = (s.splat(0.5), s.splat(1.0));
                let free = s.splat(self.settings.free_bits);
                let count = self.y.1.iter().len();
                let halves = self.x.1.iter().zip(self.x.1.iter().skip(count));
                for ((mean_row, log_row), (y_row, drawn_row)) in
                    halves.zip(self.y.1.iter().zip(self.drawn.1.iter()))
                {
                    let inputs = x[mean_row].chunks_exact(S::LANES).zip(x[log_row].chunks_exact(S::LANES));
                    let outputs =
                        y[y_row].chunks_exact_mut(S::LANES).zip(drawn[drawn_row].chunks_exact_mut(S::LANES));
                    for ((mean, log), (y, drawn)) in inputs.zip(outputs) {
                        if position % 4 == 0 {
                            for (lane, noise) in noise.iter().enumerate() {
                                let numbers = draws(*noise, self.layer, position / 4);
                                draws_of.iter_mut().zip(numbers).for_each(|(to, number)| to[lane] = number);
                            }
                        }
                        let draw = s.load(&draws_of[(position % 4) as usize]);
                        draw.store(drawn);
                        let (mean, log) = (s.load(mean), s.load(log));
                        exp(s, log * half).mul_add(draw, mean).store(y);
                        let unit = (mean.mul_add(mean, exp(s, log)) - one - log) * half;
                        sum = sum + unit.max(free);
                        position += 1;
                    }
                }
                sum
            },
        );
        divergence.store(tile.term_mut(self.term));
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some((dx, dy)) = &self.gradients else { return };
        let beta = self.settings.beta_in(tile.noise[0].epoch);
        let weight = s.load(tile.weights) * s.splat(beta);
        let [x, drawn, d_input, d_output] = tile.tensors.many([self.x.0, self.drawn.0, dx.0, dy.0]);
        s.enter(
            #[inline(always)]
            || {
                let (half, one) = (s.splat(0.5), s.splat(1.0));
                let free = s.splat(self.settings.free_bits);
                let count = dy.1.iter().len();
                let halves = self.x.1.iter().zip(self.x.1.iter().skip(count));
                let slopes = dx.1.iter().zip(dx.1.iter().skip(count));
                let outer = self.drawn.1.iter().zip(dy.1.iter());
                for (((mean_row, log_row), (d_mean_row, d_log_row)), (drawn_row, dy_row)) in
                    halves.zip(slopes).zip(outer)
                {
                    let starts = (0..mean_row.len()).step_by(S::LANES);
                    for at in starts {
                        let mean = s.load(&x[mean_row.start + at..]);
                        let log = s.load(&x[log_row.start + at..]);
                        let draw = s.load(&drawn[drawn_row.start + at..]);
                        let dz = s.load(&d_output[dy_row.start + at..]);
                        let variance = exp(s, log);
                        let unit = (mean.mul_add(mean, variance) - one - log) * half;
                        let counts = S::V::select(free.less(unit), weight, s.zero());
                        counts.mul_add(mean, dz).store(&mut d_input[d_mean_row.start + at..]);
                        let spread = dz * draw * exp(s, log * half);
                        (counts.mul_add(variance - one, spread) * half)
                            .store(&mut d_input[d_log_row.start + at..]);
                    }
                }
            },
        );
    }
}
