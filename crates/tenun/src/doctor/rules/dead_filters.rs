//! `dead-filters`: filters, or units of a linear map, whose output a ReLU makes zero everywhere.

use super::{Evidence, FEW_STEPS, Rule, Seen, percent};
use crate::settings::{LEARNING_RATE, NETWORK, WARMUP_STEPS};
use crate::text::{counted, thousands};

/// This share of a layer's filters or units.
const SHARE: f64 = 0.4;

pub(super) const RULE: Rule = Rule {
    name: "dead-filters",
    looks_at: "every convolution and dense layer before a ReLU, on up to 256 training images, after epochs 1, 2, 4, 8 … \
               from step 200 on, and at the end",
    threshold: "40 % of a layer's filters or units output zero at every pixel of every image, so that no gradient \
                reaches them (Stanford CS231n: with too high a learning rate \"as much as 40 % of your network can be \
                dead\"); some die in healthy runs too. Units that a sparsity penalty switches off do not count",
    is_event: false,
    needs_steps: true,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let sample = evidence.sample.filter(|_| evidence.is_finished || evidence.steps() >= FEW_STEPS)?;
    let layers = || sample.rectified.iter().filter(|layer| !layer.is_meant_to_be_silent);
    let (dead, all) =
        layers().fold((0, 0), |(dead, all), layer| (dead + layer.dead.len(), all + layer.filters));
    let is_dying = |dead: usize, filters: usize| dead > 0 && dead as f64 >= SHARE * filters as f64;
    let dying: Vec<String> = layers()
        .filter(|layer| is_dying(layer.dead.len(), layer.filters))
        .map(|layer| {
            let dead = thousands(layer.dead.len() as u64);
            format!("{dead} of {} of {}", counted(layer.filters, layer.noun), layer.name)
        })
        .collect();
    if dying.is_empty() {
        return None;
    }
    Some(Seen {
        seen: format!(
            "on all of {} the output is zero for {}",
            counted(sample.images, "image"),
            dying.join(", ")
        ),
        meaning: format!(
            "{} of all filters and units before a ReLU are dead and no longer learn",
            percent(dead as f64 / all as f64)
        ),
        advice: format!(
            "Lower {}, now {}, or warm it up with {}; or use `leaky_relu` or `silu` instead of `relu` in the \
             network ({:#})",
            LEARNING_RATE,
            evidence.settings.learning_rate,
            WARMUP_STEPS.to(500),
            NETWORK
        ),
    })
}
