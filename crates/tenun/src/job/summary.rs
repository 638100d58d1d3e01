//! [`Summary`]: the figures of a finished run, as `summary.json` has them.

use serde::{Deserialize, Serialize};

use crate::Model;
use crate::doctor::Finding;
use crate::measure::family::Figure;
use crate::measure::{PcaScores, Scored};
use crate::train::EpochMetrics;

/// The figures of a finished run.
///
/// The `test_…` figures are those of the images that `scored_on` names: the test images where the source has
/// some, else those held out of training, else the training images themselves. They went in clean, whatever the network
/// does to its input in training; what it makes of corrupted images is in `family`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Numbers that were trained.
    pub parameters: usize,
    /// Numbers of a code.
    pub latent: usize,
    /// Epochs done.
    pub epochs: u32,
    /// The epoch with the best validation loss, from 1.
    pub best_epoch: u32,
    /// The training loss of the last epoch.
    pub train_loss: Option<f64>,
    /// The validation loss after the last epoch.
    pub val_loss: Option<f64>,
    /// The validation loss of the best epoch; the training loss where there is no other.
    pub best_loss: Option<f64>,
    /// `test`, `held-out` or `training`.
    pub scored_on: String,
    /// How many images these are.
    pub scored_images: usize,
    /// Mean squared error.
    pub test_mse: f64,
    /// Mean binary cross-entropy, nats a pixel.
    pub test_bce: f64,
    /// Mean absolute error.
    pub test_mae: f64,
    /// Peak signal-to-noise ratio of the mean squared error, in decibels; none if the error is zero.
    pub test_psnr: Option<f64>,
    /// Mean structural similarity.
    pub test_ssim: f64,
    /// The binary cross-entropy that a perfect reconstruction scores.
    pub bce_floor: f64,
    /// Binary cross-entropy of the mean training image.
    pub baseline_bce: Option<f64>,
    /// Mean squared error of the mean training image.
    pub baseline_mse: Option<f64>,
    /// What PCA scores with as many components as a code has numbers; none where it cannot have so many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pca: Option<PcaScores>,
    /// The figures of the families that the network belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub family: Vec<Figure>,
    /// Seconds of training and validation, all epochs together.
    pub total_seconds: f64,
    /// What the doctor says.
    #[serde(default)]
    pub warnings: Vec<Finding>,
}

impl Summary {
    pub(super) fn new(
        model: &Model,
        metrics: &[EpochMetrics],
        best_epoch: u32,
        scored_on: &str,
        scored_images: usize,
        scored: &Scored,
        family: Vec<Figure>,
    ) -> Self {
        let (last, overall) = (metrics.last(), scored.evaluation.overall);
        let best = metrics.iter().find(|line| line.epoch == best_epoch);
        Self {
            parameters: model.network().parameter_count(),
            latent: model.network().latent().len(),
            epochs: last.map_or(0, |line| line.epoch),
            best_epoch,
            train_loss: last.map(|line| line.train_loss),
            val_loss: last.and_then(|line| line.val_loss),
            best_loss: best.map(EpochMetrics::monitored_loss),
            scored_on: scored_on.to_owned(),
            scored_images,
            test_mse: overall.mse,
            test_bce: overall.bce,
            test_mae: overall.mae,
            test_psnr: overall.psnr.is_finite().then_some(overall.psnr),
            test_ssim: overall.ssim,
            bce_floor: overall.bce_floor,
            baseline_bce: scored.baseline.map(|scores| scores.bce),
            baseline_mse: scored.baseline.map(|scores| scores.mse),
            pca: scored.pca,
            family,
            total_seconds: metrics.iter().map(|line| line.train_seconds + line.val_seconds).sum(),
            warnings: Vec::new(),
        }
    }
}
