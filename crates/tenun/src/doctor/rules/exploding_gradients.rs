//! `exploding-gradients`: a gradient far longer than those before it, or numbers that are none any more.

use super::{Evidence, Rule, Seen};
use crate::settings::{CLIP_NORM, LEARNING_RATE};
use crate::train::TrainError;

/// A norm so many times the median of those before it.
const SPIKE: f64 = 100.0;

pub(super) const RULE: Rule = Rule {
    name: "exploding-gradients",
    looks_at: "the norm of every gradient before clipping; and the loss and the weights",
    threshold: "a gradient norm of 100 times the median of the 64 before it: mini-batches of one data set differ by a \
                few times, cliffs of the loss by orders of magnitude (Pascanu, Mikolov and Bengio, 2012); or a loss or \
                weight that is infinite or NaN",
    is_event: true,
    needs_steps: false,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let (rate, clip) = (&LEARNING_RATE, &CLIP_NORM);
    let now = evidence.settings.learning_rate;
    if let Some(TrainError::NonFinite { epoch, batch, what, value, .. }) = evidence.failure {
        return Some(Seen {
            seen: format!("{what} became {value} in epoch {epoch}, batch {batch}"),
            meaning: "the steps were so large that training diverged".into(),
            advice: format!(
                "Lower {rate}, now {now}, by a factor of ten, or clip gradients with {}",
                clip.to(1)
            ),
        });
    }
    let steps = evidence.metrics.last()?.steps?;
    let spike = steps.gradient_spike.filter(|&spike| spike >= SPIKE)?;
    Some(Seen {
        seen: format!(
            "a gradient norm reached {:.3e}, {spike:.0} times the median of those before it",
            steps.gradient_norm_max
        ),
        meaning: "one such step can undo many others".into(),
        advice: match evidence.settings.clip_norm {
            Some(most) if most <= steps.gradient_norm => format!("Lower {rate}, now {now}"),
            _ => format!("Clip gradients with {}, or lower {rate}, now {now}", clip.to(1)),
        },
    })
}
