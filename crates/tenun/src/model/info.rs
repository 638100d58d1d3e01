//! [`ModelInfo`]: the metadata of a model file: preset, preprocessing, data set and training.

use serde::{Deserialize, Serialize};
use tenun_engine::Loss;

/// The metadata of a model: where it comes from, and what is needed to use it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The preset, if the network comes from one.
    pub preset: Option<String>,
    /// How pixels are scaled: `unit` is byte / 255.
    pub preprocessing: String,
    /// The data set it was trained on; none if it was only initialised.
    pub data: Option<DataInfo>,
    /// How it was trained; none if it was only initialised.
    pub training: Option<TrainingInfo>,
    /// The version of tenun that wrote it.
    pub tenun: String,
}

/// What a model was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataInfo {
    /// The name of the data set.
    pub name: String,
    /// SHA-256 of the training images.
    pub sha256: String,
    /// Names of the classes; empty without labels.
    pub classes: Vec<String>,
}

/// How a model was trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingInfo {
    /// The loss.
    pub loss: Loss,
    /// The seed.
    pub seed: u64,
    /// The epoch after which these weights were taken, from 1.
    pub epoch: u32,
}

impl ModelInfo {
    /// The only preprocessing there is so far.
    pub const UNIT: &'static str = "unit";

    /// The metadata of a model of which only the preset is known.
    #[must_use]
    pub fn new(preset: Option<String>) -> Self {
        Self {
            preset,
            preprocessing: Self::UNIT.to_owned(),
            data: None,
            training: None,
            tenun: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}
