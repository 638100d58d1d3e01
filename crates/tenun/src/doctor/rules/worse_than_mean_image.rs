//! `worse-than-mean-image`: a network is no better than no network.

use super::{Evidence, Rule, Seen, why_nothing_is_learned};
use crate::measure::Metric;

pub(super) const RULE: Rule = Rule {
    name: "worse-than-mean-image",
    looks_at: "the scores of the trained model, beside a baseline that outputs the mean training image for every input",
    threshold: "the loss that was trained is not below that of the baseline, which knows nothing about its input; for a \
                denoising or masked network the loss on corrupted inputs",
    is_event: false,
    needs_steps: true,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let scores = evidence.scores?;
    let loss = evidence.settings.loss;
    let (model, given) = match &scores.denoising {
        Some(denoising) => (denoising.denoised.by(loss)?, ", corrupted,"),
        None => (scores.scores.overall.by(loss)?, ""),
    };
    let mean = scores.mean_image.by(loss)?;
    (model >= mean).then(|| Seen {
        seen: format!(
            "on the {} images{given} the model scores {} {:.5}, the mean training image {:.5}",
            scores.scores.measured_on,
            Metric::of(loss).label,
            model,
            mean
        ),
        meaning: "the network has learned nothing about individual images".into(),
        advice: why_nothing_is_learned(evidence),
    })
}
