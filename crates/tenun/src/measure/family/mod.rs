//! What a family of autoencoders is judged by besides its reconstructions of clean images: the evidence lower bound of a
//! variational one, the reconstructions of noisy images of a denoising one, how sparse a code is, how much of a codebook
//! is used. Each family is a file, with its metrics.
//!
//! Which family a network belongs to follows from its layers; one may belong to several, or to none.

mod denoising;
mod quantised;
mod sparse;
mod variational;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tenun_engine::layer::Role;
use tenun_engine::{Cpu, Network};

pub use denoising::{Corrupted, Denoising, corrupted};
pub(crate) use quantised::codebook_counts;
pub use quantised::{CODE_BITS, CODES_USED, CodebookCounts, PERPLEXITY};
pub use sparse::{CODE_HOYER, CODE_MEAN, CODE_ZEROS};
pub use variational::{ACTIVE_UNITS, KL, NEGATIVE_ELBO, NEGATIVE_IWAE_50, PIXEL_DEVIATION, plane, samples};

use super::{Better, Measures, Metric, ScoreError};
use crate::Model;
use crate::data::Images;
use crate::text::counted;

/// The metrics of all families. Those of a denoising network are the metrics of reconstructions.
pub fn metrics() -> impl Iterator<Item = &'static Metric> {
    let all = [&variational::METRICS[..], &sparse::METRICS[..], &quantised::METRICS[..]];
    all.into_iter().flatten().copied()
}

/// A value of a family's metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// The metric.
    pub metric: &'static Metric,
    /// The codebook that it is of, from 1, where a network has several.
    pub codebook: Option<usize>,
    /// The value.
    pub value: f64,
    /// How many images it was measured on.
    pub images: usize,
}

impl Measurement {
    fn new(metric: &'static Metric, value: f64, images: usize) -> Self {
        Self { metric, codebook: None, value, images }
    }

    /// What a table calls it: the metric's label, with the codebook's number.
    #[must_use]
    pub fn label(&self) -> String {
        match self.codebook {
            Some(number) => format!("{} (codebook {number})", self.metric.label),
            None => self.metric.label.to_owned(),
        }
    }

    /// What it means, and on how many images it was measured where these are not all of the `images` that the model was
    /// measured on.
    #[must_use]
    pub fn meaning(&self, images: usize) -> String {
        if self.images == images {
            self.metric.meaning.to_owned()
        } else {
            format!("{}; of the first {}", self.metric.meaning, counted(self.images, "image"))
        }
    }
}

/// In JSON, with what a reader needs to understand it.
#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    codebook: Option<usize>,
    value: f64,
    unit: &'a str,
    images: usize,
    meaning: &'a str,
}

impl Serialize for Measurement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Metric { name, unit, meaning, .. } = self.metric;
        let Self { codebook, value, images, .. } = *self;
        Entry { name, codebook, value, unit, images, meaning }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Measurement {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Entry {
            name: String,
            codebook: Option<usize>,
            value: f64,
            images: usize,
        }
        let Entry { name, codebook, value, images } = Entry::deserialize(deserializer)?;
        let metric = metrics().find(|metric| metric.name == name);
        let metric = metric.ok_or_else(|| D::Error::custom(format!("no family has a metric `{name}`")))?;
        Ok(Self { metric, codebook, value, images })
    }
}

/// Whether the code of `network` is drawn from a distribution.
#[must_use]
pub fn is_variational(network: &Network) -> bool {
    network.encoder().last().is_some_and(|placed| placed.layer.role() == Role::Sampling)
}

/// The kinds of autoencoder that `network` is, by the field's names; none for a plain one.
#[must_use]
pub fn kinds(network: &Network) -> Vec<&'static str> {
    let has = |role: Role| network.layers().any(|placed| placed.layer.role() == role);
    let kinds = [
        ("denoising", has(Role::Corruption)),
        ("VAE", is_variational(network)),
        ("sparse autoencoder", has(Role::Regulariser)),
        ("VQ-VAE", has(Role::Quantisation)),
    ];
    kinds.into_iter().filter_map(|(name, is_one)| is_one.then_some(name)).collect()
}

/// Every metric of the families that a model belongs to, on `images`. What is drawn at random follows from `seed`.
///
/// # Errors
/// If the images have another shape than the network's, or there is none.
pub fn measure(model: &Model, images: &Images, seed: u64, cpu: &Cpu) -> Result<Vec<Measurement>, ScoreError> {
    model.check(images)?;
    let mut found = Vec::new();
    if is_variational(model.network()) {
        found.extend(variational::measure(model, images, seed, cpu)?);
    }
    if model.network().layers().any(|at| at.layer.role() == Role::Regulariser) {
        found.extend(sparse::measure(&model.transform(images, cpu)?, model.network().latent().len()));
    }
    found.extend(quantised::measure(model, images, cpu));
    Ok(found)
}

/// How well a model reconstructs corrupted images; none if it corrupts nothing in training.
///
/// # Errors
/// If the images have another shape than the network's, or there is none.
pub fn denoising(
    model: &Model,
    images: &Images,
    seed: u64,
    cpu: &Cpu,
) -> Result<Option<Denoising>, ScoreError> {
    Ok(corrupted(model, images, seed, cpu)?.map(|corrupted| corrupted.scores(images)).transpose()?)
}

/// A metric of a family.
const fn metric(
    (name, label): (&'static str, &'static str),
    unit: &'static str,
    better: Better,
    decimals: usize,
    meaning: &'static str,
) -> Metric {
    Metric { name, label, unit, better, decimals, meaning, of: Measures::Model }
}

#[cfg(test)]
mod tests;
