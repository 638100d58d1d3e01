//! [`Context`]: all that the sections of a report may look at.

use tenun_engine::Cpu;

use crate::Model;
use crate::data::{Collection, Dataset};
use crate::finding::Finding;
use crate::measure::Scored;
use crate::settings::Settings;
use crate::train::EpochMetrics;

/// All that the sections of a report may look at: a trained model, what it was trained on and how, and its scores.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Every setting, resolved.
    pub settings: &'a Settings,
    /// The command line that repeats the run.
    pub command: &'a str,
    /// What the user should know: how the data were read and split.
    pub notes: &'a [String],
    /// The trained model.
    pub model: &'a Model,
    /// What the model runs on while pictures are drawn.
    pub cpu: &'a Cpu,
    /// The data, without the images held out.
    pub collection: &'a Collection,
    /// The images held out of training for validation.
    pub held_out: Option<&'a Dataset>,
    /// The losses of every epoch.
    pub epochs: &'a [EpochMetrics],
    /// The epoch with the lowest validation loss, from 1; 0 if there is none.
    pub best_epoch: u32,
    /// The images on which the model was evaluated.
    pub evaluated: &'a Dataset,
    /// What they are: `test`, `held-out` or `training`.
    pub evaluated_split: &'a str,
    /// The scores of the model on them, beside those of the baselines.
    pub scored: &'a Scored,
    /// What the doctor found.
    pub findings: &'a [Finding],
}
