//! `not-converged`: the loss still falls as fast at the end as before.

use super::{Evidence, Rule, Seen, percent};
use crate::settings::EPOCHS;
use crate::text::counted;

/// Epochs before anything is said of the way of the loss.
const ENOUGH: usize = 6;

/// The last third falls at this share of the whole run's mean rate.
const STEADY: f64 = 0.6;

/// The whole run has fallen, and has to fall, by this share of the way to the mean image.
const LEAST: f64 = 0.05;

pub(super) const RULE: Rule = Rule {
    name: "not-converged",
    looks_at: "at the end the slope of the training loss",
    threshold: "in a run of six epochs or more, a loss that decreases in the last third at 60 % or more of its mean rate, \
                where a converged run decreases at a few percent of it",
    is_event: false,
    needs_steps: false,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let positions = evidence.train_positions();
    let count = positions.len();
    let (first, last) = (*positions.first()?, *positions.last()?);
    if !evidence.is_finished || count < ENOUGH || last < LEAST || first - last < LEAST {
        return None;
    }
    let third = count / 3;
    let mean = (first - last) / (count - 1) as f64;
    let at_end = (positions[count - 1 - third] - last) / third as f64;
    (at_end >= STEADY * mean).then(|| Seen {
        seen: format!(
            "in the last {} the training loss decreased at {} of its mean rate over all {count}",
            counted(third, "epoch"),
            percent(at_end / mean)
        ),
        meaning: "it had not converged when training ended".into(),
        advice: format!("Train longer with {}", EPOCHS.to(2 * evidence.settings.epochs)),
    })
}
