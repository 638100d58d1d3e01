//! `dead-code-units`: numbers of the code that are the same for every image.

use super::{Evidence, FEW_STEPS, Rule, Seen, percent};
use crate::doctor::sample::costs;
use crate::settings::{LEARNING_RATE, NETWORK};
use crate::text::{counted, thousands};

/// This share of the code's numbers.
const SHARE: f64 = 0.2;

/// The same, where a cost on the code is there to make it sparse.
const SPARSE_SHARE: f64 = 0.8;

pub(super) const RULE: Rule = Rule {
    name: "dead-code-units",
    looks_at: "the codes of up to 256 training images, after epochs 1, 2, 4, 8 … from step 200 on, and at the end",
    threshold: "20 % of the latent units are constant, or 80 % where a penalty makes the code sparse: the effective \
                latent dimension is smaller than the nominal one. A few units are constant in healthy runs, such as \
                those in the corners of a small feature map of images with black corners",
    is_event: false,
    needs_steps: true,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let sample = evidence.sample.filter(|_| evidence.is_finished || evidence.steps() >= FEW_STEPS)?;
    let (dead, units) = (sample.code.dead.len(), sample.code.units.len());
    let share = dead as f64 / units as f64;
    let is_sparse = evidence.has(costs);
    (share >= if is_sparse { SPARSE_SHARE } else { SHARE }).then(|| Seen {
        seen: format!(
            "{} of the {} {} the same value for all of {}",
            thousands(dead as u64),
            counted(units, "latent unit"),
            if dead == 1 { "has" } else { "have" },
            counted(sample.images, "image")
        ),
        meaning: format!(
            "{} of the code carries no information; the effective latent dimension is {}",
            percent(share),
            units - dead
        ),
        advice: {
            let first = if is_sparse {
                "Lower the `weight` of the penalty on the code, in the layer `penalty` or `sparsity`"
            } else {
                "End the encoder in a convolution or dense layer without `relu`, or use a smaller latent dimension"
            };
            format!(
                "{first} ({:#}); or lower {}, now {}",
                NETWORK, LEARNING_RATE, evidence.settings.learning_rate
            )
        },
    })
}
