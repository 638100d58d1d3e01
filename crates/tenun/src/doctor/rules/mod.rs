//! All rules. Each is a file of its own, named after it; a new one is a file, its `mod`, and its place in [`RULES`].

mod copies_its_input;
mod dead_code_units;
mod dead_codes;
mod dead_filters;
mod dead_output_pixels;
mod exploding_gradients;
mod images_all_equal;
mod learning_rate_too_high;
mod learning_rate_too_low;
mod loss_not_falling;
mod over_fitting;
mod pixels_not_scaled;
mod posterior_collapse;
mod saturated_sigmoid;
mod worse_than_mean_image;
mod worse_than_pca;

use super::{Evidence, Rule, Seen};
use crate::settings::{BATCH_SIZE, EPOCHS};
use crate::text::counted;

/// All rules, in the order in which they are asked.
pub const RULES: &[Rule] = &[
    pixels_not_scaled::RULE,
    images_all_equal::RULE,
    copies_its_input::RULE,
    exploding_gradients::RULE,
    learning_rate_too_high::RULE,
    learning_rate_too_low::RULE,
    loss_not_falling::RULE,
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

/// A share in percent, with a decimal where it is small: `12 %`, `0.3 %`.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}
