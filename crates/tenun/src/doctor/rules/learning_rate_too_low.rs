//! `learning-rate-too-low`: the steps are tiny beside the weights.

use super::{Evidence, Rule, Seen};
use crate::settings::LEARNING_RATE;

/// Steps shorter than this beside the weights, in every epoch.
const RATIO: f64 = 1e-4;

/// What is usual.
const USUAL: f64 = 1e-3;

/// A rate is raised at most so many times over.
const MOST: f64 = 1000.0;

/// Epochs before anything is said of that, unless there are no more.
const EPOCHS: usize = 3;

pub(super) const RULE: Rule = Rule {
    name: "learning-rate-too-low",
    looks_at: "the norm of an update relative to that of the weights, in every epoch after the warm-up",
    threshold: "updates below 0.01 % of the norm of the weights in three epochs, or in every epoch of a shorter run: a \
                tenth of what is usual (Stanford CS231n, \"Ratio of weights:updates\")",
    is_event: false,
    needs_steps: false,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let now = evidence.settings.learning_rate;
    let ratios = evidence.update_ratios();
    if ratios.is_empty() || !evidence.is_finished && ratios.len() < EPOCHS {
        return None;
    }
    let most = ratios.into_iter().fold(0.0, f64::max);
    (most < RATIO).then(|| Seen {
        seen: format!("an update is at most {most:.1e} of the norm of the weights; 1e-3 is usual"),
        meaning: "the steps are so small that hardly anything is learned".into(),
        advice: format!(
            "Raise {LEARNING_RATE}, now {now}, to {:e}",
            rounded_down(now * (USUAL / most).min(MOST))
        ),
    })
}

/// 1, 2 or 5 times a power of ten, not above `x`: a rate that is too low can be raised again, one that is too high ruins
/// the network.
fn rounded_down(x: f64) -> f64 {
    // The least that is missing to the next power of ten is rounding.
    let power = 10f64.powi((x.log10() + 1e-9).floor() as i32);
    let digit = [5.0, 2.0, 1.0].into_iter().find(|digit| digit * power <= x * (1.0 + 1e-9)).unwrap_or(1.0);
    // As a decimal number is written, and not a binary digit above.
    format!("{:e}", digit * power).parse().unwrap_or(digit * power)
}

#[cfg(test)]
mod tests {
    use super::rounded_down;

    #[test]
    fn rates_are_round_and_not_above() {
        for (x, rate) in [(1e-4, 1e-4), (9.99e-4, 5e-4), (0.0044, 2e-3), (1.2e-5, 1e-5), (2e-3, 2e-3)] {
            assert_eq!(rounded_down(x), rate, "{x}");
        }
    }
}
