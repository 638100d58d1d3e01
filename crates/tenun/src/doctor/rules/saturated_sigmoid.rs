//! `saturated-sigmoid`: outputs so certain that they cannot be put right any more.

use tenun_engine::Loss;

use super::{Evidence, Rule, Seen, percent};
use crate::settings::{CLIP_NORM, LEARNING_RATE, LOSS};
use crate::text::counted;

/// This share of all outputs.
const SHARE: f64 = 0.05;

pub(super) const RULE: Rule = Rule {
    name: "saturated-sigmoid",
    looks_at: "the outputs for up to 256 training images and their targets, if the network ends in a sigmoid",
    threshold: "5 % of all outputs have a logit beyond ±6, where the slope of the sigmoid is less than 1 % of its \
                maximum, and are more than 0.1 from their target: the gradient of a squared or absolute error almost \
                vanishes there (Glorot and Bengio, 2010)",
    is_event: false,
    needs_steps: false,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let sample = evidence.sample?;
    let share = sample.stuck.filter(|&share| share >= SHARE)?;
    let (rate, now) = (&LEARNING_RATE, evidence.settings.learning_rate);
    let (meaning, advice) = match evidence.settings.loss {
        Loss::Bce => (
            "the network is confident and wrong, as after steps that were too large",
            format!("Lower {rate}, now {now}, or clip gradients with {}", CLIP_NORM.to(1)),
        ),
        Loss::Mse | Loss::Mae | Loss::Gaussian => (
            "the gradient of this loss vanishes there, so these outputs cannot recover",
            format!("Use {}, whose gradient does not vanish, or lower {rate}, now {now}", LOSS.to("bce")),
        ),
    };
    Some(Seen {
        seen: format!(
            "{} of the outputs for {} are saturated at black or white, and wrong",
            percent(share),
            counted(sample.images, "image")
        ),
        meaning: meaning.into(),
        advice,
    })
}
