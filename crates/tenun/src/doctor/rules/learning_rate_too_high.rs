//! `learning-rate-too-high`: the loss goes up and down, or the steps are long beside the weights.

use super::{Evidence, Rule, Seen};
use crate::settings::{LEARNING_RATE, WARMUP_STEPS};

/// Changes from epoch to epoch that are looked at.
const CHANGES: usize = 4;

/// So many of them upwards …
const RISES: usize = 2;

/// … by so much of the distance from a perfect reconstruction to the mean image.
const RISE: f64 = 0.02;

/// A step so long beside the weights.
const RATIO: f64 = 0.1;

/// The same in the first epoch, whose first steps are longer than all others.
const FIRST_RATIO: f64 = 1.0;

pub(super) const RULE: Rule = Rule {
    name: "learning-rate-too-high",
    looks_at: "the training loss of the last five epochs, and the norm of an update relative to that of the weights",
    threshold: "two increases in four epochs by more than 2 % of the distance between a perfect reconstruction and \
                the mean image, where the epoch means of a healthy run vary by less than 1 %; or after the first \
                epoch updates of 10 % of the norm of the weights, a hundred times the usual 0.1 % (Stanford CS231n, \
                \"Ratio of weights:updates\"), or of 100 % in the first epoch",
    is_event: true,
    needs_steps: false,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let positions = evidence.train_positions();
    let last = &positions[positions.len().saturating_sub(CHANGES + 1)..];
    let rises = last.windows(2).filter(|pair| pair[1] - pair[0] > RISE).count();
    let most = if evidence.metrics.len() > 1 { RATIO } else { FIRST_RATIO };
    let steps = evidence.metrics.last().and_then(|line| line.steps);
    let long = steps.filter(|steps| steps.update_ratio > most);
    let seen = if rises >= RISES {
        let losses = &evidence.metrics[evidence.metrics.len() - last.len()..];
        let losses: Vec<String> = losses.iter().map(|line| format!("{:.5}", line.train_loss)).collect();
        format!("the training loss increased {rises} times in {} epochs ({})", last.len(), losses.join(", "))
    } else {
        let share = super::percent(long?.update_ratio);
        format!("an update is {share} of the norm of the weights; 0.1 % is usual")
    };
    let now = evidence.settings.learning_rate;
    Some(Seen {
        seen,
        meaning: "the steps are too large to settle in a minimum".into(),
        advice: format!(
            "Lower {}, now {now}, to {}, or warm it up with {}",
            LEARNING_RATE,
            super::a_tenth(now),
            WARMUP_STEPS.to(500)
        ),
    })
}
