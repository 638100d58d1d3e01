//! `images-all-equal`: there is one image, many times.

use super::{Evidence, Rule, Seen};
use crate::settings::DATA;
use crate::text::counted;

pub(super) const RULE: Rule = Rule {
    name: "images-all-equal",
    looks_at: "up to 2048 training images, evenly spread",
    threshold: "all of them are identical: their mean is a perfect reconstruction",
    is_event: false,
    needs_steps: false,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let pixels = evidence.pixels;
    pixels.are_equal.then(|| Seen {
        seen: format!("all of {} are identical", counted(pixels.images, "image")),
        meaning: "there is nothing to learn but that one image".into(),
        advice: format!("Check {} with `tenun data inspect`", DATA),
    })
}
