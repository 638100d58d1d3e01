//! `images-without-structure`: the pixels of an image have nothing to do with each other.

use super::{Evidence, Rule, Seen};
use crate::settings::DATA;
use crate::text::counted;

pub(super) const RULE: Rule = Rule {
    name: "images-without-structure",
    looks_at: "the correlation of pixels in up to 2048 training images, neighbours and pairs anywhere, after the mean image \
               is subtracted; of 64 images or more with 16 pixels or more",
    threshold: "neighbours correlate by less than 0.05, and the mean squared correlation of two pixels anywhere is less \
                than 0.005 above chance: such images are noise, and the mean image is the best reconstruction from fewer \
                numbers than pixels. Then no rule is applied that expects the network to learn more",
    is_event: false,
    needs_steps: false,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let pixels = evidence.pixels;
    let common = pixels.common.filter(|_| !pixels.has_structure())?;
    Some(Seen {
        seen: format!(
            "in {} the correlation of neighbouring pixels is {:.3}, and that of pixels anywhere is as small as chance \
             makes it",
            counted(pixels.images, "image"),
            common.neighbours
        ),
        meaning: format!(
            "the images cannot be compressed: the loss is {:.4} for a perfect reconstruction, and {:.4} for the mean image, \
             which is the best that a small code allows",
            pixels.floor, pixels.mean_image_loss
        ),
        advice: format!(
            "Check with `tenun data inspect` that the images of {DATA} look as they should: axes in the wrong order look \
             like noise"
        ),
    })
}
