//! [`Evidence`]: everything that the rules can check.

use tenun_engine::Network;
use tenun_engine::layer::Layer;

use super::{PixelFacts, Sample, TrainingContext};
use crate::measure::ModelScores;
use crate::settings::TrainingSettings;
use crate::train::{EpochMetrics, TrainError};

/// Everything that the rules can check. What is not known yet is `None` or empty, and rules that need it find nothing.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The network.
    pub network: &'a Network,
    /// How it is trained.
    pub settings: &'a TrainingSettings,
    /// Images trained on.
    pub train_images: usize,
    /// The pixels trained on.
    pub pixels: &'a PixelFacts,
    /// The epochs so far.
    pub metrics: &'a [EpochMetrics],
    /// Activations after the last of them.
    pub sample: Option<&'a Sample>,
    /// How good the finished model is, beside others.
    pub scores: Option<&'a ModelScores>,
    /// Why training ended before its time.
    pub failure: Option<&'a TrainError>,
    /// Whether there will be no more epochs.
    pub is_finished: bool,
}

impl<'a> Evidence<'a> {
    /// What is known before training.
    #[must_use]
    pub fn new(context: TrainingContext<'a>, pixels: &'a PixelFacts) -> Self {
        Self {
            network: context.network,
            settings: context.settings,
            train_images: context.train.len(),
            pixels,
            metrics: &[],
            sample: None,
            scores: None,
            failure: None,
            is_finished: false,
        }
    }

    /// Whole epochs done.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.metrics.last().map_or(0, |line| line.epoch)
    }

    /// Steps of the optimiser done. An epoch of few images has few.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.metrics.len() * self.train_images.div_ceil(self.settings.batch_size.max(1))
    }

    /// The epochs whose steps all came after the warm-up of the learning rate, which is meant to be low until then.
    #[must_use]
    pub fn after_warmup(&self) -> &'a [EpochMetrics] {
        let steps_of_an_epoch = self.train_images.div_ceil(self.settings.batch_size.max(1)).max(1);
        let warming = (self.settings.schedule.warmup_steps as usize).div_ceil(steps_of_an_epoch);
        self.metrics.get(warming..).unwrap_or_default()
    }

    /// How long the steps are relative to the weights, in each epoch after the warm-up.
    #[must_use]
    pub fn update_ratios(&self) -> Vec<f64> {
        self.after_warmup().iter().filter_map(|line| line.steps.map(|steps| steps.update_ratio)).collect()
    }

    /// Where a loss lies between that of a perfect reconstruction, 0, and that of the mean training image, 1; none
    /// where the two are the same.
    #[must_use]
    pub fn position(&self, loss: f64) -> Option<f64> {
        self.share(loss - self.pixels.floor)
    }

    /// A difference of losses as a share of the distance between a perfect reconstruction and the mean training image.
    #[must_use]
    pub fn share(&self, difference: f64) -> Option<f64> {
        let range = self.pixels.mean_image_loss - self.pixels.floor;
        (range > 0.0).then(|| difference / range)
    }

    /// [`Self::position`] of the training loss of every epoch so far, `[epoch]`; empty where there is none.
    #[must_use]
    pub fn train_positions(&self) -> Vec<f64> {
        self.metrics.iter().filter_map(|line| self.position(line.train_loss)).collect()
    }

    /// Whether a layer is one of those.
    #[must_use]
    pub fn has(&self, is_one: impl Fn(&Layer) -> bool) -> bool {
        self.network.layers().any(|placed| is_one(&placed.layer))
    }
}
