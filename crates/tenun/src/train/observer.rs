//! [`Observer`]: who is told how training goes.

use std::fmt;

use super::EpochMetrics;
use crate::finding::Finding;

/// Who is told how training goes: a progress bar, a log, a test.
pub trait Observer {
    /// An epoch begins: its number, from 1, of how many, and how many batches it has.
    fn epoch_begins(&mut self, _epoch: u32, _epochs: u32, _batches: usize) {}

    /// A batch has been trained on.
    fn batch_ends(&mut self, _progress: &BatchProgress) {}

    /// An epoch has ended, and its checkpoint is on the disk.
    fn epoch_ends(&mut self, _metrics: &EpochMetrics) {}

    /// The weights with which an epoch has ended, `[parameter]`; told after [`Self::epoch_ends`].
    fn epoch_weights(&mut self, _metrics: &EpochMetrics, _parameters: &[f32]) {}

    /// The doctor has seen something; once for each of its rules.
    fn warning(&mut self, _finding: &Finding) {}

    /// At the end of training what was told by [`Self::warning`] is no longer so.
    fn taken_back(&mut self, _finding: &Finding) {}

    /// A section of the report could not be made, and is left out: its heading, and why.
    fn section_left_out(&mut self, _section: &str, _reason: &str) {}

    /// Something else than training begins.
    fn phase(&mut self, _phase: Phase) {}

    /// How far the phase that began last has come: parts done, and parts there are.
    fn progress(&mut self, _done: usize, _total: usize) {}
}

/// How far an epoch has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchProgress {
    /// The epoch, from 1.
    pub epoch: u32,
    /// Batches done, and in the epoch.
    pub batch: usize,
    /// Batches in the epoch.
    pub batches: usize,
    /// Images done in this epoch.
    pub images_done: usize,
    /// Images in the epoch.
    pub images_total: usize,
    /// The mean loss of the images done.
    pub mean_loss: f64,
}

/// What is done besides training. As text it is what a progress bar says: `fitting PCA`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The validation loss.
    Validating,
    /// The scores of a model.
    Evaluating,
    /// The PCA baseline, and its scores.
    FittingPca,
    /// Pictures and report.
    Reporting,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Validating => "validating",
            Self::Evaluating => "evaluating the model",
            Self::FittingPca => "fitting PCA, the linear baseline",
            Self::Reporting => "writing pictures and report",
        })
    }
}

/// Nobody is told anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}
