//! `dead-codes`: vectors of a codebook that no image uses.

use super::{Evidence, FEW_STEPS, Rule, Seen, percent};
use crate::settings::{LEARNING_RATE, NETWORK};
use crate::text::{are, counted};

/// Less than this share of the vectors that could be seen is.
const SHARE: f64 = 0.5;

/// A codebook takes so many steps to spread over what the encoder gives …
const SETTLED: usize = 1000;

/// … and before that only so small a share is one that will not.
const EARLY_SHARE: f64 = 0.1;

pub(super) const RULE: Rule = Rule {
    name: "dead-codes",
    looks_at: "which codebook vectors the latent pixels of up to 256 training images are quantised to, after epochs 1, 2, \
               4, 8 … from step 200 on, and at the end",
    threshold: "the number of vectors in use is at most half of what uniform use would show on as many pixels, or in the \
                first 1,000 steps a tenth of it: the code has fewer bits than its codebook allows (van den Oord, Vinyals \
                and Kavukcuoglu, 2017; Razavi, van den Oord and Vinyals, 2019, on restarting unused vectors)",
    is_event: false,
    needs_steps: true,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let sample = evidence.sample.filter(|_| evidence.is_finished || evidence.steps() >= FEW_STEPS)?;
    let book = sample.codebook?;
    let (used, codes, pixels) = (book.used as f64, book.codes as f64, book.pixels as f64);
    // Pixels that fall on vectors at random, all alike, leave each one out with probability (1 − 1/codes)^pixels.
    let expected = codes * (1.0 - (1.0 - 1.0 / codes).powf(pixels));
    let share = if evidence.steps() < SETTLED { EARLY_SHARE } else { SHARE };
    (used <= share * expected).then(|| Seen {
        seen: format!(
            "{used} of the {codes} codebook vectors {} used by {} ({})",
            are(book.used),
            counted(sample.images, "image"),
            percent(used / codes)
        ),
        meaning: format!("an index carries at most {:.1} of {:.1} bits", used.max(1.0).log2(), codes.log2()),
        advice: format!(
            "In the layer `quantize` of the network ({:#}) raise `restart`, so that unused vectors are \
             reinitialised, or use fewer `codes`; or lower {}, now {}",
            NETWORK, LEARNING_RATE, evidence.settings.learning_rate
        ),
    })
}
