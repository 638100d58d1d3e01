//! [`EpochMetrics`]: a line of `metrics.jsonl`.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{StepMetrics, TrainError};
use crate::file;

/// The metrics of an epoch: a line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochMetrics {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Mean training loss over the images, each taken when its batch was trained on.
    pub train_loss: f64,
    /// The mean loss over the validation images after the epoch; none without such images. Where training corrupts the
    /// images so does validation, with the noise of a first epoch every time, and what is judged is the same: of a
    /// network that finds hidden patches, only these. Nothing else is at random, and what layers add to the training loss
    /// is not in it.
    pub val_loss: Option<f64>,
    /// Seconds of training.
    pub train_seconds: f64,
    /// Seconds of validation.
    pub val_seconds: f64,
    /// The learning rate of the last step.
    pub learning_rate: f64,
    /// The mean over the training images of what layers add to the loss, each as its layer defines it and not
    /// weighted: `kl` in nats an image, `l1`, `l2`. Of a codebook
    /// `ema_codes_used` and `ema_perplexity` by the exponential moving averages that training keeps of its use, at the end of
    /// the epoch; they remember the epochs before for some hundred steps. The use by the finished model is in its scores.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, f64>,
    /// Gradient norms and update ratios; none in files written before there were such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<StepMetrics>,
}

impl EpochMetrics {
    /// The loss by which the epoch is judged: the validation loss, or without one the training loss.
    #[must_use]
    pub fn monitored_loss(&self) -> f64 {
        self.val_loss.unwrap_or(self.train_loss)
    }
}

/// The lines of a `metrics.jsonl`; an empty list if there is no such file.
///
/// # Errors
/// [`TrainError::Io`] if the file cannot be read, or a line is none.
pub fn read_metrics(path: &Path) -> Result<Vec<EpochMetrics>, TrainError> {
    let failed = TrainError::io(path, "read");
    let text = match file::read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let lines = text.lines().enumerate().map(|(number, line)| {
        serde_json::from_str(line).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {error}", number + 1))
        })
    });
    lines.collect::<Result<_, _>>().map_err(failed)
}

/// Writes all lines, whole or not at all.
pub(crate) fn write_metrics(path: &Path, metrics: &[EpochMetrics]) -> Result<(), TrainError> {
    let lines = |to: &mut (dyn io::Write + Send)| {
        for line in metrics {
            serde_json::to_writer(&mut *to, line)?;
            to.write_all(b"\n")?;
        }
        Ok(())
    };
    file::write_whole(path, lines).map_err(TrainError::io(path, "write"))
}
