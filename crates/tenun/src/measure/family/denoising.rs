//! Denoising: how good a network is on images that were corrupted as in its training.

use serde::{Deserialize, Serialize};
use tenun_engine::{Cpu, ForwardPlan, Images as Source};

use crate::Model;
use crate::data::Images;
use crate::measure::scores::evaluate_pixels;
use crate::measure::{MeasureError, ScoreError, Scores, evaluate};

/// Corrupted images, and their reconstructions.
#[derive(Clone, Debug, PartialEq)]
pub struct Corrupted {
    /// The images as the network sees them, `[image][channel][row][column]`; noise may leave 0–1.
    pub images: Vec<f32>,
    /// The network's reconstructions of them.
    pub reconstructions: Vec<f32>,
}

/// Corrupts images as in the first epoch of a run with this seed, and reconstructs them; none if the network
/// corrupts nothing.
///
/// # Errors
/// If the images have another shape than the network's.
pub fn corrupted(
    model: &Model,
    images: &Images,
    seed: u64,
    cpu: &Cpu,
) -> Result<Option<Corrupted>, ScoreError> {
    model.check(images)?;
    let network = model.network();
    let Some(mut corruption) = ForwardPlan::corruption(network, seed, cpu) else {
        return Ok(None);
    };
    let source = Source::Bytes(images.pixels());
    let length = images.pixels().len();
    let (mut seen, mut reconstructions) = (vec![0.0; length], vec![0.0; length]);
    corruption.run(model.parameters(), source, &mut seen);
    let mut plan = ForwardPlan::corrupted(network, seed, cpu);
    plan.run(model.parameters(), source, &mut reconstructions);
    Ok(Some(Corrupted { images: seen, reconstructions }))
}

impl Corrupted {
    /// Both measured against the images as they were.
    pub(super) fn scores(&self, images: &Images) -> Result<Denoising, MeasureError> {
        let seen: Vec<f32> = self.images.iter().map(|x| x.clamp(0.0, 1.0)).collect();
        Ok(Denoising {
            corrupted: evaluate_pixels(images, &seen)?,
            denoised: evaluate(images, &self.reconstructions, None)?.overall,
        })
    }
}

/// How good a network that corrupts its input is at what it was trained for. Other scores are of images that went in
/// clean.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Denoising {
    /// The corrupted images themselves, clipped to 0–1. Noise is no probability: metrics that take probabilities are left
    /// out.
    pub corrupted: Scores,
    /// Their reconstructions.
    pub denoised: Scores,
}
