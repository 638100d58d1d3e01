//! [`Summary`]: how a finished run went, and how good its model is, as `summary.json` has it.

use serde::{Deserialize, Serialize};

use crate::doctor::Finding;
use crate::measure::ModelScores;
use crate::train::EpochMetrics;
use crate::{Model, SCHEMA_VERSION};

/// How a finished run went, and how good its model is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The version of this object's form.
    pub schema_version: u32,
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
    /// How good the model is: on the test images where the source has some, else on those held out of training, else on the
    /// training images themselves.
    #[serde(flatten)]
    pub model: ModelScores,
    /// Seconds of training and validation, all epochs together.
    pub total_seconds: f64,
    /// What the doctor says.
    #[serde(default)]
    pub warnings: Vec<Finding>,
}

impl Summary {
    pub(super) fn new(model: &Model, metrics: &[EpochMetrics], best_epoch: u32, scores: ModelScores) -> Self {
        let last = metrics.last();
        let best = metrics.iter().find(|line| line.epoch == best_epoch);
        Self {
            schema_version: SCHEMA_VERSION,
            parameters: model.network().parameter_count(),
            latent: model.network().latent().len(),
            epochs: last.map_or(0, |line| line.epoch),
            best_epoch,
            train_loss: last.map(|line| line.train_loss),
            val_loss: last.and_then(|line| line.val_loss),
            best_loss: best.map(EpochMetrics::monitored_loss),
            model: scores,
            total_seconds: metrics.iter().map(|line| line.train_seconds + line.val_seconds).sum(),
            warnings: Vec::new(),
        }
    }
}
