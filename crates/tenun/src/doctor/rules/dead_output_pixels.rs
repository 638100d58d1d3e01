//! `dead-output-pixels`: pixels of the reconstruction that are the same for every image, where the images differ.

use super::{Evidence, FEW_STEPS, Rule, Seen, SettingName, more_steps, percent};
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
    threshold: "one in a hundred of the pixels at which the images vary (standard deviation of 0.1 or more) has a \
                reconstruction that varies by less than 1 % of that: even the worst linear method gives it more",
    is_event: false,
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
        ("the network gives the same picture whatever it is shown", "Try another")
    } else {
        (
            "nothing of the code reaches these pixels",
            "Let the last layer have no ReLU before it, or try another",
        )
    };
    Some(Seen {
        seen: format!(
            "{} of the {} that vary over {} ({}) did not vary in the reconstructions",
            thousands(dead as u64),
            counted(all, "pixel"),
            counted(sample.images, "image"),
            percent(share)
        ),
        meaning: meaning.into(),
        advice: more_steps(evidence).unwrap_or_else(|| {
            format!(
                "{look} {}, now {}; then look for layers in the network ({:#}) that cut the code off, such as a crop \
                 or dead filters",
                SettingName::RATE,
                evidence.settings.learning_rate,
                SettingName::NETWORK
            )
        }),
    })
}
