//! The doctor: warnings during and after training that name the cause and the setting to change.
//!
//! A [`Rule`] looks at the [`Evidence`] there is: the pixels, the lines of `metrics.jsonl`, a [`Sample`] of
//! activations, the scores at the end. A watch stands between the training loop and whoever watches it, and
//! passes on what the doctor sees, once for each rule; [`examine`] looks at a finished run from the beginning, and
//! comes to the same whenever it does so.
//!
//! A new rule is one file in `rules/` and its name in `rules!`.

mod attending;
mod evidence;
mod finding;
mod pixel_facts;
mod rule;
mod rules;
mod sample;
#[cfg(test)]
mod tests;

pub(crate) use attending::Attending;
pub use evidence::{Evidence, FinalScores};
pub use finding::Finding;
pub use pixel_facts::PixelFacts;
pub use rule::{Rule, Seen, SettingName};
pub use rules::RULES;
pub use sample::{OutputPixel, Rectified, Sample};

use tenun_engine::{Cpu, Network};

use crate::data::Images;
use crate::settings::TrainingSettings;
use crate::train::EpochMetrics;

/// What is examined: a network, how it is trained, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Patient<'a> {
    /// The network.
    pub network: &'a Network,
    /// How it is trained.
    pub settings: &'a TrainingSettings,
    /// The images it is trained on.
    pub train: &'a Images,
    /// What computes its activations.
    pub cpu: &'a Cpu,
}

/// Examines a finished run: every epoch of `metrics` in turn, then the `parameters` that were kept, `[parameter]`,
/// and the scores of the model. The same files give the same findings, in the order in which they show.
#[must_use]
pub fn examine(
    patient: Patient<'_>,
    metrics: &[EpochMetrics],
    parameters: &[f32],
    scores: Option<FinalScores<'_>>,
) -> Vec<Finding> {
    let pixels = PixelFacts::of(patient.train, patient.settings.loss);
    let mut findings = Vec::new();
    let mut evidence = Evidence::new(patient, &pixels);
    evidence.look(&mut findings);
    for epochs in 1..=metrics.len() {
        evidence.metrics = &metrics[..epochs];
        evidence.look(&mut findings);
    }
    let sample = Sample::of(patient, parameters);
    evidence.sample = sample.as_ref();
    evidence.scores = scores;
    evidence.is_finished = true;
    evidence.look(&mut findings);
    evidence.take_back(&mut findings);
    findings
}
