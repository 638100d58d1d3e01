//! `worse-than-mean-image`: a network is no better than no network.

use super::{Evidence, Rule, Seen, SettingName, more_steps};
use crate::measure::Scores;
use crate::measure::family::Denoising;

pub(super) const RULE: Rule = Rule {
    name: "worse-than-mean-image",
    looks_at: "the finished model's scores, beside those of the mean training image given for every image",
    threshold: "the loss it was trained for is not below that of the mean image, which knows nothing of the image it \
                stands for; of a network that corrupts its input, that of its reconstructions from corrupted images",
    is_event: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let scores = evidence.scores?;
    let loss = evidence.settings.loss;
    let (model, given) = match Denoising::of(scores.family) {
        Some(denoising) => (denoising.by(loss), ", corrupted,"),
        None => (scores.scored.evaluation.overall.by(loss), ""),
    };
    let mean = scores.scored.baseline?.by(loss);
    (model >= mean).then(|| Seen {
        seen: format!(
            "on the {} images{given} the model scores {} {:.5}, the mean training image {:.5}",
            scores.scored_on,
            Scores::name(loss),
            model,
            mean
        ),
        meaning: "it has learned nothing of single images".into(),
        advice: more_steps(evidence).unwrap_or_else(|| {
            format!(
                "Try another {}, now {}, or more epochs ({:#}; now {})",
                SettingName::RATE,
                evidence.settings.learning_rate,
                SettingName::EPOCHS,
                evidence.settings.epochs
            )
        }),
    })
}
