//! What a family of autoencoders is judged by, besides its reconstructions: the evidence lower bound of a variational
//! one, how much noise a denoising one takes away, how sparse a code is, how much of a codebook is used.
//!
//! Which family a network belongs to follows from its layers; one may belong to several, or to none.

mod denoising;
mod quantised;
mod sparse;
mod variational;

use serde::{Deserialize, Serialize};
use tenun_engine::layer::Role;
use tenun_engine::{Cpu, Network};

pub use denoising::{Denoised, Denoising, Quality, denoised};
pub use quantised::CodebookUse;
pub(crate) use quantised::codebook_uses;
pub use variational::{plane, samples};

use crate::Model;
use crate::data::Images;
use crate::measure::ScoreError;

/// A figure of a family.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name, as in `summary.json`.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// What it is, with its unit.
    pub meaning: String,
}

impl Figure {
    fn new(name: &str, value: f64, meaning: &str) -> Self {
        Self { name: name.to_owned(), value, meaning: meaning.to_owned() }
    }

    /// Its value as people read it: whole numbers without decimals.
    #[must_use]
    pub fn text(&self) -> String {
        let decimals = match self.value.abs() {
            value if value.fract() == 0.0 => 0,
            value if value < 10.0 => 4,
            _ => 2,
        };
        format!("{:.decimals$}", self.value)
    }

    /// Its name in words: `codes used`.
    #[must_use]
    pub fn label(&self) -> String {
        self.name.replace('_', " ")
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

/// All figures of the families that a model belongs to, on `images`. What is drawn at random follows from `seed`.
///
/// # Errors
/// If the images have another shape than the network's, or there is none.
pub fn figures(model: &Model, images: &Images, seed: u64, cpu: &Cpu) -> Result<Vec<Figure>, ScoreError> {
    model.check(images)?;
    let mut figures = Vec::new();
    if let Some(denoised) = denoised(model, images, seed, cpu)? {
        figures.extend(denoised.figures(images)?);
    }
    if is_variational(model.network()) {
        figures.extend(variational::figures(model, images, seed, cpu)?);
    }
    if model.network().layers().any(|at| at.layer.role() == Role::Regulariser) {
        figures.extend(sparse::figures(&model.transform(images, cpu)?, model.network().latent().len()));
    }
    figures.extend(quantised::figures(model, images, cpu));
    Ok(figures)
}

#[cfg(test)]
mod tests;
