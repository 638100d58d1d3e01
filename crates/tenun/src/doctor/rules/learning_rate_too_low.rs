//! `learning-rate-too-low`: the steps are tiny, or the loss still falls as fast at the end as before.

use super::{Evidence, Rule, Seen};
use crate::settings::{self, LEARNING_RATE};
use crate::text::counted;

/// Steps shorter than this beside the weights, in every epoch.
const RATIO: f64 = 1e-4;

/// What is usual.
const USUAL: f64 = 1e-3;

/// A rate is raised at most so many times over.
const MOST: f64 = 1000.0;

/// Epochs before anything is said of that, unless there are no more.
const EPOCHS: usize = 3;

/// Epochs before anything is said of the way of the loss.
const ENOUGH: usize = 6;

/// The last third falls at this share of the whole run's mean rate.
const STEADY: f64 = 0.6;

/// The whole run has fallen, and has to fall, by this share of the way to the mean image.
const LEAST: f64 = 0.05;

pub(super) const RULE: Rule = Rule {
    name: "learning-rate-too-low",
    looks_at: "the norm of an update relative to that of the weights, and at the end the slope of the training loss",
    threshold: "updates below 0.01 % of the norm of the weights in three epochs, or in every epoch of a shorter run: a \
                tenth of what is usual (Stanford CS231n, \"Ratio of weights:updates\"); or, in a run of six epochs or \
                more, a loss that decreases in the last third at 60 % or more of its mean rate, where a converged run \
                decreases at a few percent of it",
    is_event: false,
    needs_steps: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let (rate, epochs) = (&LEARNING_RATE, &settings::EPOCHS);
    let now = evidence.settings.learning_rate;
    let higher = (now * 1e10).round() / 1e9;
    let ratios: Option<Vec<f64>> =
        evidence.metrics.iter().map(|line| line.steps.map(|steps| steps.update_ratio)).collect();
    let most = ratios
        .filter(|r| !r.is_empty() && (evidence.is_finished || r.len() >= EPOCHS))?
        .into_iter()
        .fold(0.0, f64::max);
    if most < RATIO {
        return Some(Seen {
            seen: format!("an update is at most {most:.1e} of the norm of the weights; 1e-3 is usual"),
            meaning: "the steps are so small that hardly anything is learned".into(),
            advice: format!("Raise {rate}, now {now}, to {:e}", power_of_ten(now * (USUAL / most).min(MOST))),
        });
    }
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
            super::percent(at_end / mean)
        ),
        meaning: "it had not converged when training ended".into(),
        advice: format!(
            "Raise {rate}, now {now}, to {higher}, or train longer with {}",
            epochs.to(2 * evidence.settings.epochs)
        ),
    })
}

/// The power of ten next to `x` by its logarithm.
fn power_of_ten(x: f64) -> f64 {
    10f64.powi(x.log10().round() as i32)
}
