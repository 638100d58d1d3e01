//! `loss-not-falling`: after some epochs the loss is no better than that of the mean image, or than the first.

use super::{Evidence, FEW_STEPS, Rule, Seen, percent, why_nothing_is_learned};
use crate::text::counted;

/// Epochs before anything is said.
const EPOCHS: usize = 3;

/// The best epoch is still at this share of the way from a perfect reconstruction to the mean image …
const NEAR_MEAN: f64 = 0.9;

/// … or at least at this one, and less than [`LEAST_FALL`] below the first.
const FAR: f64 = 0.5;

/// The fall since the first epoch, as a share.
const LEAST_FALL: f64 = 0.01;

pub(super) const RULE: Rule = Rule {
    name: "loss-not-falling",
    looks_at: "the training loss of every epoch, beside that of the mean image and of a perfect reconstruction",
    threshold: "after three epochs and 200 steps, or at the end, more than 90 % of the distance between a perfect \
                reconstruction and the mean image remains; or more than 50 %, and the loss decreased by less than 1 % \
                since the first of three epochs or more: a network that learns is below 50 % in its first epochs (the \
                reference network on Fashion-MNIST: 37 % after the first)",
    is_event: false,
    needs_steps: true,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let positions = evidence.train_positions();
    let too_early = positions.len() < EPOCHS || evidence.steps() < FEW_STEPS;
    if positions.is_empty() || too_early && !evidence.is_finished {
        return None;
    }
    let best = positions.iter().copied().fold(f64::INFINITY, f64::min);
    let is_still = positions.len() >= EPOCHS && best > FAR && positions[0] - best < LEAST_FALL * positions[0];
    if best < NEAR_MEAN && !is_still {
        return None;
    }
    let least = evidence.metrics.iter().map(|line| line.train_loss).fold(f64::INFINITY, f64::min);
    let mean = evidence.pixels.mean_image_loss;
    Some(Seen {
        seen: format!(
            "the lowest training loss of {} ({}) is {least:.5}; it was {:.5} in the first epoch, and is {mean:.5} for \
             the mean training image",
            counted(positions.len(), "epoch"),
            counted(evidence.steps(), "step"),
            evidence.metrics[0].train_loss
        ),
        meaning: format!(
            "only {} of the distance between the mean image and a perfect reconstruction is covered",
            percent((1.0 - best).max(0.0))
        ),
        advice: why_nothing_is_learned(evidence),
    })
}
