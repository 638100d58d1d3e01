//! `dead-code-units`: numbers of the code that are the same for every image.

use super::{Evidence, Rule, Seen, SettingName, percent};

/// This share of the code's numbers.
const SHARE: f64 = 0.2;

pub(super) const RULE: Rule = Rule {
    name: "dead-code-units",
    looks_at: "the codes of up to 256 training images, after epochs 1, 2, 4, 8 … and at the end",
    threshold: "a fifth of the numbers of a code do not vary at all: the code is narrower than it says. A few do not \
                in healthy runs, such as those of the corners of a small map whose images have black corners",
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let sample = evidence.sample?;
    let (dead, units) = (sample.code.dead.len(), sample.code.units.len());
    let share = dead as f64 / units as f64;
    (share >= SHARE).then(|| Seen {
        seen: format!("{dead} of the {units} numbers of a code are the same for all of {} images", sample.images),
        meaning: format!(
            "{} of the code carries nothing; its true width is {}",
            percent(share),
            units - dead
        ),
        advice: format!(
            "Let the encoder end in a convolution or linear map without `relu`, or make the code narrower ({:#}); or \
             lower {}, now {}",
            SettingName::NETWORK,
            SettingName::RATE,
            evidence.settings.learning_rate
        ),
    })
}
