//! `dead-output-pixels`: pixels of the reconstruction that are the same for every image, where the images differ.

use super::{Evidence, FEW_STEPS, Rule, Seen, percent};
use crate::settings::{LEARNING_RATE, NETWORK};
use crate::text::{counted, thousands};

/// Pixels whose images have at least this standard deviation are looked at; the range is 0 to 1.
const VARIES: f64 = 0.1;

/// The reconstruction varies by less than this share of it.
const STILL: f64 = 0.01;

/// This share of the pixels that vary.
const SHARE: f64 = 0.01;

pub(super) const RULE: Rule = Rule {
    name: "dead-output-pixels",
    looks_at: "the reconstructions of up to 256 training images, pixel by pixel, from epoch 2 and step 200 on, and at the end",
    threshold: "at 1 % of the pixels that vary over the images (standard deviation of 0.1 or more) the reconstruction \
                varies by less than 1 % of that: even the worst linear method varies more",
    is_event: false,
    needs_steps: true,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let is_time = evidence.is_finished || evidence.epoch() > 1 && evidence.steps() >= FEW_STEPS;
    let sample = evidence.sample.filter(|_| is_time)?;
    let varies = || sample.output.iter().filter(|pixel| pixel.target_std >= VARIES);
    let (all, dead) = (varies().count(), varies().filter(|p| p.output_std < STILL * p.target_std).count());
    if all == 0 || dead == 0 || (dead as f64) < SHARE * all as f64 {
        return None;
    }
    let share = dead as f64 / all as f64;
    let (meaning, look) = if dead == all {
        ("the network outputs the same image for every input", "Try another")
    } else {
        (
            "no information from the code reaches these pixels",
            "Remove the ReLU before the last layer, or try another",
        )
    };
    Some(Seen {
        seen: format!(
            "{} of the {} that vary over {} ({}) are constant in the reconstructions",
            thousands(dead as u64),
            counted(all, "pixel"),
            counted(sample.images, "image"),
            percent(share)
        ),
        meaning: meaning.into(),
        advice: format!(
            "{look} {}, now {}; then look for layers in the network ({:#}) that cut off the code, such as a crop \
             or dead filters",
            LEARNING_RATE, evidence.settings.learning_rate, NETWORK
        ),
    })
}
