//! The doctor: warnings during and after training that name the cause and the setting to change.
//!
//! A [`Rule`] checks the [`Evidence`]: the pixels, the lines of `metrics.jsonl`, a [`Sample`] of activations, the scores
//! at the end. During training an observer runs the rules after each epoch and reports what they find, once for each
//! rule. [`examine`] checks a finished run from its beginning, and gives the same findings every time.
//!
//! A new rule is one file in `rules/` and its place in [`RULES`].

mod evidence;
mod observer;
mod pixel_facts;
mod rule;
mod rules;
mod sample;
#[cfg(test)]
mod tests;

pub use crate::finding::Finding;
pub use evidence::Evidence;
pub(crate) use observer::DoctorObserver;
pub use pixel_facts::PixelFacts;
pub use rule::{Rule, Seen};
pub use rules::RULES;
pub(crate) use sample::memory as sample_memory;
pub use sample::{OutputPixel, Rectified, Sample};

use tenun_engine::{Cpu, Network};

use crate::data::Images;
use crate::measure::ModelScores;
use crate::settings::TrainingSettings;
use crate::train::EpochMetrics;
use rules::{more_steps, more_steps_as};

/// A training to examine: the network, its settings and its images.
#[derive(Clone, Copy, Debug)]
pub struct TrainingContext<'a> {
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
    context: TrainingContext<'_>,
    metrics: &[EpochMetrics],
    parameters: &[f32],
    scores: Option<&ModelScores>,
) -> Vec<Finding> {
    let pixels = PixelFacts::of(context.train, context.settings.loss);
    let mut findings = Vec::new();
    let mut evidence = Evidence::new(context, &pixels);
    look(&evidence, &mut findings);
    for epochs in 1..=metrics.len() {
        evidence.metrics = &metrics[..epochs];
        look(&evidence, &mut findings);
    }
    let sample = Sample::of(context, parameters);
    evidence.sample = sample.as_ref();
    evidence.scores = scores;
    evidence.is_finished = true;
    look(&evidence, &mut findings);
    take_back(&evidence, &mut findings);
    findings
}

/// Asks every rule that has found nothing yet, and adds what it finds.
fn look(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let few_steps = more_steps(evidence);
    let mut first = None;
    for rule in RULES {
        if findings.iter().all(|finding| finding.rule != rule.name)
            && (evidence.pixels.has_structure() || !rule.needs_structure)
            && let Some(mut seen) = (rule.check)(evidence)
        {
            if let Some(advice) = few_steps.as_ref().filter(|_| rule.needs_steps) {
                seen.advice = first.map_or_else(|| advice.clone(), more_steps_as);
                first.get_or_insert(rule.name);
            }
            findings.push(seen.of(rule, evidence.epoch()));
        }
    }
}

/// Removes what held for a time and no longer does: findings on a state that has passed.
fn take_back(evidence: &Evidence<'_>, findings: &mut Vec<Finding>) {
    let has_passed = |finding: &Finding| {
        let rule = RULES.iter().find(|rule| rule.name == finding.rule);
        rule.is_some_and(|rule| !rule.is_event && (rule.check)(evidence).is_none())
    };
    findings.retain(|finding| !has_passed(finding));
}
