//! `images-nearly-equal`: the images hardly differ, and every score looks good.

use super::{Evidence, Rule, Seen};
use crate::settings::DATA;
use crate::text::counted;

/// The variance of the pixels about the mean image: a peak signal-to-noise ratio of 27 dB.
const VARIANCE: f64 = 2e-3;

pub(super) const RULE: Rule = Rule {
    name: "images-nearly-equal",
    looks_at: "the mean squared error of the mean image, over up to 2048 training images",
    threshold: "an error below 0.002: a peak signal-to-noise ratio above 27 dB without any network, where it is 10.6 dB for \
                Fashion-MNIST",
    is_event: false,
    needs_steps: false,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let pixels = evidence.pixels;
    let hardly = pixels.variance < VARIANCE && pixels.variance > 0.0 && !pixels.are_equal;
    hardly.then(|| Seen {
        seen: format!(
            "for {} the mean image alone has a mean squared error of {:.2e}, a PSNR of {:.1} dB",
            counted(pixels.images, "image"),
            pixels.variance,
            -10.0 * pixels.variance.log10()
        ),
        meaning: "the images hardly differ, so that scores over all pixels look good whatever the network does".into(),
        advice: format!(
            "Compare scores with those of the mean image only, and look at the reconstructions; or crop the images of \
             {DATA} to the part that differs"
        ),
    })
}
