//! `pixels-not-scaled`: the pixels use hardly any of their range.

use super::{Evidence, Rule, Seen, SettingName};
use crate::text::counted;

/// A tenth of a byte's range.
const LEAST_RANGE: u8 = 25;

pub(super) const RULE: Rule = Rule {
    name: "pixels-not-scaled",
    looks_at: "least and greatest pixel of up to 2048 training images",
    threshold: "a range under 26 of 256 values: ordinary pictures have nearly all of it, and numbers from 0 to 1 \
                written as bytes have 2",
    is_event: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let pixels = evidence.pixels;
    if pixels.max - pixels.min > LEAST_RANGE {
        return None;
    }
    let data = SettingName::DATA;
    let advice = if pixels.max <= 1 {
        format!(
            "Multiply them by 255, or write them as booleans or as floats from 0 to 1, in the file of {data}"
        )
    } else {
        format!("Stretch them to 0 to 255 in the file of {data}")
    };
    Some(Seen {
        seen: format!(
            "the pixels of {} go from {} to {} and could go from 0 to 255",
            counted(pixels.images, "image"),
            pixels.min,
            pixels.max
        ),
        meaning: "they were not scaled, and to the network all images look almost the same".into(),
        advice,
    })
}
