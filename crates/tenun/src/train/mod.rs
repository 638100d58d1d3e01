//! Training: epochs over shuffled batches, validation, early stopping, checkpoints from which a run resumes bit for bit.

mod checkpoint;
mod metrics;
mod observer;
mod step_metrics;
mod trainer;

pub(crate) use checkpoint::{Checkpoint, Identity};
pub(crate) use metrics::write_metrics;
pub use metrics::{EpochMetrics, read_metrics};
pub use observer::{BatchProgress, Observer, Phase, Silent};
pub use step_metrics::StepMetrics;
pub(crate) use step_metrics::{COMPARED, StepMonitor, update_ratio};
pub use trainer::{End, Trainer};
pub(crate) use trainer::{State, best_epoch};

use std::fmt;
use std::path::{Path, PathBuf};

use tenun_engine::{Loss, PlanError};

use crate::model::ModelError;
use crate::names::shown;
use crate::settings::control::THREADS;
use crate::settings::{BATCH_SIZE, CLIP_NORM, LATENT, LEARNING_RATE, LOSS, SIZE, WIDTH};
use crate::text::megabytes;

/// What takes most of the memory of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Activations and their gradients: the layer with most of them.
    Maps(String),
    /// Weights, their gradients and what the optimiser keeps of them: the layer with most of them.
    Weights(String),
    /// What dense layers keep of every image of a batch.
    Batch,
    /// The images themselves: principal components are fitted on them.
    Images,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Maps(layer) => write!(f, "; most of it for activations, the largest layer being {layer}"),
            Self::Weights(layer) => write!(f, "; most of it for weights, the largest layer being {layer}"),
            Self::Batch => f.write_str("; most of it for what dense layers keep of a mini-batch"),
            Self::Images => f.write_str("; most of it for the principal components of the images"),
        }
    }
}

impl Wanted {
    /// The option to change.
    fn advice(&self) -> String {
        let (size, batch, width) = (SIZE.argument(), BATCH_SIZE.argument(), WIDTH.with(0.5));
        match self {
            Self::Maps(_) => {
                format!(
                    "make the images smaller (`{size}`), take fewer threads (`{THREADS}`), or a narrower network (`{width}`)"
                )
            }
            Self::Weights(_) => {
                format!("make the network narrower (`{width}`), or the images smaller (`{size}`)")
            }
            Self::Batch => {
                format!("make the mini-batches smaller (`{batch}`), or the network narrower (`{width}`)")
            }
            Self::Images => format!(
                "make the images smaller (`{size}`), or take fewer latent dimensions (`{}`)",
                LATENT.argument()
            ),
        }
    }
}

/// Training cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The loss, or a weight, is infinite or not a number.
    #[error("epoch {epoch}, batch {batch}: {what} is {value}; training has diverged")]
    NonFinite {
        /// The epoch, from 1.
        epoch: u32,
        /// The batch, from 1.
        batch: usize,
        /// `the loss`, or the parameter.
        what: String,
        /// What it is.
        value: f64,
        /// The last epoch whose weights are good, from 1; 0 if there is none.
        last_good: u32,
    },
    /// There is nothing to train on.
    #[error("there is no image to train on")]
    NoImages,
    /// There is too little memory.
    #[error(
        "training would take about {} of memory, and {} are free{most}",
        megabytes(*needed),
        megabytes(*available)
    )]
    Memory {
        /// Bytes that it would take.
        needed: u64,
        /// Bytes that there are.
        available: u64,
        /// What takes most of it.
        most: Wanted,
    },
    /// The plan cannot be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A checkpoint or the initial weights cannot be read or written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A file of the run cannot be read or written.
    #[error("cannot {doing} {}: {source}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `write`.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The run that is to go on is another one than that of its checkpoint.
    #[error("{}: {what} changed since the checkpoint: it was {was}, now it is {is}", shown(path))]
    Changed {
        /// The run folder.
        path: PathBuf,
        /// The setting, or the data.
        what: String,
        /// What the checkpoint says.
        was: String,
        /// What is there now.
        is: String,
    },
}

impl TrainError {
    /// What to do about it, if there is more to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NonFinite { last_good, .. } => {
                let kept = match last_good {
                    0 => String::new(),
                    epoch => format!("; the checkpoint of epoch {epoch} is kept"),
                };
                Some(format!(
                    "lower the learning rate (`{}`) or clip the gradient (`{}`){kept}",
                    LEARNING_RATE.argument(),
                    CLIP_NORM.with(1)
                ))
            }
            Self::Changed { .. } => Some(
                "a run goes on only with its own data and settings; start a new one in another folder".into(),
            ),
            Self::Plan(PlanError::NeedsSigmoid { .. }) => {
                Some(format!("end the decoder in a sigmoid, or train with `{}`", LOSS.with(Loss::Mse)))
            }
            Self::Plan(PlanError::NeedsVariance) => {
                Some("put `{ layer = \"variance\" }` before the end of the decoder".into())
            }
            Self::Memory { most, .. } => Some(most.advice()),
            Self::Model(error) => error.hint(),
            _ => None,
        }
    }

    /// An [`Self::Io`] for `path`; for use in `map_err`.
    pub(crate) fn io(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, doing, source }
    }
}

#[cfg(test)]
mod tests;
