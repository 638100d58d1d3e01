//! Variational codes: the evidence lower bound, its importance-weighted form, units in use, and new images.

use tenun_engine::{Cpu, ForwardPlan, Images as Source, Philox, Purpose, normal};

use super::{Better, Measurement, metric};
use crate::Model;
use crate::data::Images;
use crate::measure::{Metric, ScoreError};

/// Kullback–Leibler divergence of the codes' distributions from the prior.
pub static KL: Metric = metric(
    ("kl", "KL divergence"),
    "nats per image",
    Better::Neither,
    2,
    "divergence of the codes' distributions from the standard normal prior",
);

/// Units of the code that tell images apart.
pub static ACTIVE_UNITS: Metric = metric(
    ("active_units", "active units"),
    "",
    Better::Higher,
    0,
    "units of the code whose mean varies by more than 0.01 over the images",
);

/// Negative evidence lower bound.
pub static NEGATIVE_ELBO: Metric = metric(
    ("negative_elbo", "−ELBO"),
    "nats per image",
    Better::Lower,
    2,
    "negative evidence lower bound; of pixels between black and white a density, which may be below 0",
);

/// Negative importance-weighted bound.
pub static NEGATIVE_IWAE_50: Metric = metric(
    ("negative_iwae_50", "−IWAE bound (50 samples)"),
    "nats per image",
    Better::Lower,
    2,
    "the same with 50 importance-weighted samples: closer to the negative log-likelihood",
);

/// Learned standard deviation of the pixels.
pub static PIXEL_DEVIATION: Metric = metric(
    ("pixel_deviation", "pixel standard deviation"),
    "",
    Better::Neither,
    4,
    "learned standard deviation of the pixels, 0 to 1, about their reconstruction",
);

pub(super) static METRICS: [&Metric; 5] =
    [&KL, &ACTIVE_UNITS, &NEGATIVE_ELBO, &NEGATIVE_IWAE_50, &PIXEL_DEVIATION];

/// Draws of a code for each image in the importance-weighted bound.
const DRAWS: usize = 50;

/// Images on which that bound is taken, at most: it decodes each of them `DRAWS` times.
const MOST_IMAGES: usize = 1000;

/// A unit whose mean varies less than this over the images tells nothing of them: Burda, Grosse and Salakhutdinov,
/// "Importance weighted autoencoders" (2015).
const ACTIVE: f64 = 0.01;

/// Probabilities this close to 0 and 1 count as this far away.
const MARGIN: f64 = 1e-7;

/// Means and log-variances of the codes, `[image][2 · units]`: what the encoder gives before a code is drawn.
fn distributions(model: &Model, images: &Images, cpu: &Cpu) -> Vec<f32> {
    let network = model.network();
    let layers = network.encoder().len() - 1;
    if layers == 0 {
        return images.pixels().iter().map(|&byte| f32::from(byte) / 255.0).collect();
    }
    let mut plan = ForwardPlan::up_to(network, layers, cpu);
    let mut outputs = vec![0.0; images.len() * plan.output().len()];
    plan.run(model.parameters(), Source::Bytes(images.pixels()), &mut outputs);
    outputs
}

/// How pixels are distributed about a reconstruction.
enum Pixels {
    /// Each is on with the probability that is its reconstruction.
    Bernoulli,
    /// Normally, with this logarithm of the variance.
    Normal(f64),
}

impl Pixels {
    /// Those of a model: none whose loss is that of no distribution.
    fn of(model: &Model) -> Option<Self> {
        match model.network().log_variance() {
            Some(at) => Some(Self::Normal(f64::from(model.parameters()[at]))),
            None => model.network().ends_in_sigmoid().then_some(Self::Bernoulli),
        }
    }

    /// −log p(x | z) in nats, summed over the numbers of an image.
    fn surprise(&self, image: &[u8], output: &[f32]) -> f64 {
        let pairs = image.iter().zip(output).map(|(&byte, &p)| (f64::from(byte) / 255.0, f64::from(p)));
        match *self {
            Self::Bernoulli => pairs
                .map(|(t, p)| {
                    let p = p.clamp(MARGIN, 1.0 - MARGIN);
                    -t * p.ln() - (1.0 - t) * (1.0 - p).ln()
                })
                .sum(),
            Self::Normal(log_variance) => {
                let precision = (-log_variance).exp();
                let constant = log_variance + std::f64::consts::TAU.ln();
                pairs.map(|(t, p)| 0.5 * ((p - t) * (p - t) * precision + constant)).sum()
            }
        }
    }
}

/// Normal numbers for `count` codes of `units`, other ones for every `stream`.
fn draws(seed: u64, stream: u32, count: usize) -> Vec<f32> {
    Philox::new(seed, Purpose::Sample).stream(1, stream).take(count).map(normal).collect()
}

pub(super) fn measure(
    model: &Model,
    images: &Images,
    seed: u64,
    cpu: &Cpu,
) -> Result<Vec<Measurement>, ScoreError> {
    let units = model.network().latent().len();
    let codes = distributions(model, images, cpu);
    let count = images.len() as f64;
    let mut divergence = 0.0;
    let (mut sums, mut squares) = (vec![0.0; units], vec![0.0; units]);
    for code in codes.chunks_exact(2 * units) {
        for unit in 0..units {
            let (mean, log) = (f64::from(code[unit]), f64::from(code[units + unit]));
            divergence += 0.5 * (mean * mean + log.exp() - 1.0 - log);
            sums[unit] += mean;
            squares[unit] += mean * mean;
        }
    }
    let variance = |unit: usize| squares[unit] / count - (sums[unit] / count).powi(2);
    let active = (0..units).filter(|&unit| variance(unit) > ACTIVE).count();
    let mut found = vec![
        Measurement::new(&KL, divergence / count, images.len()),
        Measurement::new(&ACTIVE_UNITS, active as f64, images.len()),
    ];
    if let Some(pixels) = Pixels::of(model) {
        let shown = images.part(0..images.len().min(MOST_IMAGES));
        let (bound, weighted) = bounds(model, &shown, &codes, &pixels, seed, cpu)?;
        found.push(Measurement::new(&NEGATIVE_ELBO, bound, shown.len()));
        found.push(Measurement::new(&NEGATIVE_IWAE_50, weighted, shown.len()));
        if let Pixels::Normal(log_variance) = pixels {
            found.push(Measurement::new(&PIXEL_DEVIATION, (0.5 * log_variance).exp(), images.len()));
        }
    }
    Ok(found)
}

/// The mean over images of −ELBO, and of −log (1/K Σ p(x|z) p(z) / q(z|x)) with K draws of each, both from the same
/// draws.
fn bounds(
    model: &Model,
    images: &Images,
    codes: &[f32],
    pixels: &Pixels,
    seed: u64,
    cpu: &Cpu,
) -> Result<(f64, f64), ScoreError> {
    let units = model.network().latent().len();
    let shown = images.len();
    let mut logs = vec![Vec::with_capacity(DRAWS); shown];
    for draw in 0..DRAWS {
        let noise = draws(seed, draw as u32, shown * units);
        let mut z = Vec::with_capacity(shown * units);
        let mut apart = Vec::with_capacity(shown);
        for (code, noise) in codes.chunks_exact(2 * units).zip(noise.chunks_exact(units)) {
            // log p(z) − log q(z | x): the constants of both normal distributions cancel.
            let mut log = 0.0;
            for unit in 0..units {
                let (mean, log_variance, e) =
                    (f64::from(code[unit]), f64::from(code[units + unit]), f64::from(noise[unit]));
                let value = mean + (0.5 * log_variance).exp() * e;
                log += 0.5 * (e * e + log_variance - value * value);
                z.push(value as f32);
            }
            apart.push(log);
        }
        let outputs = model.inverse_transform(&z, cpu)?;
        for (i, output) in outputs.chunks_exact(images.shape().len()).enumerate() {
            logs[i].push(apart[i] - pixels.surprise(images.image(i), output));
        }
    }
    let (mut bound, mut weighted) = (0.0, 0.0);
    for logs in &logs {
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = logs.iter().map(|log| (log - most).exp()).sum();
        bound -= logs.iter().sum::<f64>() / DRAWS as f64;
        weighted -= most + (sum / DRAWS as f64).ln();
    }
    Ok((bound / shown as f64, weighted / shown as f64))
}

/// New images: the decoder's output for `count` codes drawn from the standard normal distribution.
///
/// # Errors
/// If the decoder gives numbers that are not finite.
pub fn samples(model: &Model, count: usize, seed: u64, cpu: &Cpu) -> Result<Vec<f32>, ScoreError> {
    let units = model.network().latent().len();
    Ok(model.inverse_transform(&draws(seed, u32::MAX, count * units), cpu)?)
}

/// The plane of a code of two numbers, `side` × `side` images from the upper left: rows and columns stand at
/// quantiles of the normal distribution, so that every image has the same share of it. None for another code.
///
/// # Errors
/// If the decoder gives numbers that are not finite.
pub fn plane(model: &Model, side: usize, cpu: &Cpu) -> Result<Option<Vec<f32>>, ScoreError> {
    if model.network().latent().len() != 2 {
        return Ok(None);
    }
    let quantile = |i: usize| {
        let share = (i as f64 + 0.5) / side as f64;
        normal((share * 4_294_967_296.0) as u32)
    };
    let codes: Vec<f32> = (0..side)
        .flat_map(|row| (0..side).flat_map(move |column| [quantile(column), quantile(side - 1 - row)]))
        .collect();
    Ok(Some(model.inverse_transform(&codes, cpu)?))
}
