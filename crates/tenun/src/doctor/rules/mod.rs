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

use super::{Evidence, Rule, Seen, SettingName};

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

/// A share in percent, with a decimal where it is small: `12 %`, `0.3 %`.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if percent < 9.95 { format!("{percent:.1} %") } else { format!("{percent:.0} %") }
}
