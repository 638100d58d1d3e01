//! All rules. Each is a file of its own, named after it; a new one is a file, its `mod`, and its place in [`RULES`].

mod copies_its_input;
mod dead_code_units;
mod dead_codes;
mod dead_filters;
mod dead_output_pixels;
mod exploding_gradients;
mod images_all_equal;
mod images_nearly_equal;
mod images_without_structure;
mod learning_rate_too_high;
mod learning_rate_too_low;
mod loss_not_falling;
mod not_converged;
mod over_fitting;
mod pixels_not_scaled;
mod posterior_collapse;
mod saturated_sigmoid;
mod worse_than_mean_image;
mod worse_than_pca;

use super::{Evidence, Rule, Seen};
use crate::settings::{BATCH_SIZE, EPOCHS, LEARNING_RATE, NETWORK};
use crate::text::counted;

/// All rules, in the order in which they are asked.
pub const RULES: &[Rule] = &[
    pixels_not_scaled::RULE,
    images_all_equal::RULE,
    images_nearly_equal::RULE,
    images_without_structure::RULE,
    copies_its_input::RULE,
    exploding_gradients::RULE,
    learning_rate_too_high::RULE,
    learning_rate_too_low::RULE,
    loss_not_falling::RULE,
    not_converged::RULE,
    over_fitting::RULE,
    dead_filters::RULE,
    dead_code_units::RULE,
    posterior_collapse::RULE,
    dead_codes::RULE,
    dead_output_pixels::RULE,
    saturated_sigmoid::RULE,
    worse_than_mean_image::RULE,
    worse_than_pca::RULE,
];

/// With fewer steps of the optimiser than these, hardly anything can have been learned yet: the reference network on
/// Fashion-MNIST is past the mean image after some fifty, and takes 469 an epoch.
const FEW_STEPS: usize = 200;

/// What to do where training ended after too few steps; none where there were enough.
pub(super) fn more_steps(evidence: &Evidence<'_>) -> Option<String> {
    let (steps, epochs) = (evidence.steps(), evidence.settings.epochs);
    (evidence.is_finished && steps < FEW_STEPS).then(|| {
        format!(
            "Training took only {}: use more epochs ({:#}), now {epochs}, or smaller mini-batches with {}",
            counted(steps, "step"),
            EPOCHS,
            BATCH_SIZE.to((evidence.settings.batch_size / 4).max(1))
        )
    })
}

/// The same, in short, of a rule after the `first` one to which it was said.
pub(super) fn more_steps_as(first: &str) -> String {
    format!("Too few steps, as with {first} ({EPOCHS:#})")
}

/// A tenth of a learning rate, as a decimal number is written.
fn a_tenth(rate: f64) -> f64 {
    (rate * 1e8).round() / 1e9
}

/// Longer steps relative to the weights are long: ten times the usual ones.
const LONG: f64 = 1e-2;

/// Shorter ones are short: a fifth of the usual ones.
const SHORT: f64 = 2e-4;

/// What to do where hardly anything was learned: the way in which the learning rate is wrong, if the steps show one, and
/// else what is wrong of the network.
fn why_nothing_is_learned(evidence: &Evidence<'_>) -> String {
    let now = evidence.settings.learning_rate;
    match evidence.update_ratios().into_iter().reduce(f64::max) {
        Some(ratio) if ratio > LONG => {
            format!(
                "Lower {LEARNING_RATE}, now {now}, to {}: an update is {} of the norm of the weights",
                a_tenth(now),
                percent(ratio)
            )
        }
        Some(ratio) if ratio < SHORT => {
            format!(
                "Raise {LEARNING_RATE}, now {now}: an update is only {ratio:.1e} of the norm of the weights"
            )
        }
        _ => format!(
            "The steps are of the usual length: train longer ({EPOCHS:#}; now {}), or look for dead filters and for a \
             latent dimension that is too small in the network ({NETWORK:#})",
            evidence.settings.epochs
        ),
    }
}

/// A share in percent, with a decimal where it is small: `12 %`, `0.3 %`.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}
