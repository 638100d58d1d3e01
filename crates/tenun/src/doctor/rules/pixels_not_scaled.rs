//! `pixels-not-scaled`: the pixels use hardly any of their range.

use super::{Evidence, Rule, Seen};
use crate::settings::DATA;
use crate::text::counted;

/// A tenth of a byte's range.
const LEAST_RANGE: u8 = 25;

pub(super) const RULE: Rule = Rule {
    name: "pixels-not-scaled",
    looks_at: "the smallest and largest pixel value of up to 2048 training images",
    threshold: "a range of fewer than 26 of 256 values: ordinary images use nearly all of them, and values from 0 to 1 \
                stored as bytes use 2",
    is_event: false,
    needs_steps: false,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let pixels = evidence.pixels;
    if pixels.max - pixels.min > LEAST_RANGE {
        return None;
    }
    let data = &DATA;
    let advice = if pixels.max <= 1 {
        format!(
            "Multiply the values by 255, or store them as booleans or as floats from 0 to 1, in the file of {data}"
        )
    } else {
        format!("Rescale the values to 0 to 255 in the file of {data}")
    };
    Some(Seen {
        seen: format!(
            "the pixel values of {} range from {} to {}, where 0 to 255 is possible",
            counted(pixels.images, "image"),
            pixels.min,
            pixels.max
        ),
        meaning: "they were not scaled, and all images look almost the same to the network".into(),
        advice,
    })
}
