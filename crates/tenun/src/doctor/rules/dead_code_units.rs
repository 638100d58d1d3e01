//! `dead-code-units`: numbers of the code that are the same for every image.

use super::{Evidence, FEW_STEPS, Rule, Seen, SettingName, more_steps, percent};
use crate::doctor::sample::costs;
use crate::text::{are, counted, thousands};

/// This share of the code's numbers.
const SHARE: f64 = 0.2;

/// The same, where a cost on the code is there to make it sparse.
const SPARSE_SHARE: f64 = 0.8;

pub(super) const RULE: Rule = Rule {
    name: "dead-code-units",
    looks_at: "the codes of up to 256 training images, after epochs 1, 2, 4, 8 … from step 200 on, and at the end",
    threshold: "a fifth of the numbers of a code do not vary at all, or four fifths where a cost makes them sparse: the \
                code is narrower than it says. A few do not in healthy runs, such as those of the corners of a small \
                map whose images have black corners",
    is_event: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let sample = evidence.sample.filter(|_| evidence.is_finished || evidence.steps() >= FEW_STEPS)?;
    let (dead, units) = (sample.code.dead.len(), sample.code.units.len());
    let share = dead as f64 / units as f64;
    let is_sparse = evidence.has(costs);
    (share >= if is_sparse { SPARSE_SHARE } else { SHARE }).then(|| Seen {
        seen: format!(
            "{} of the {} of a code {} the same for all of {}",
            thousands(dead as u64),
            counted(units, "number"),
            are(dead),
            counted(sample.images, "image")
        ),
        meaning: format!(
            "{} of the code carries nothing; its true width is {}",
            percent(share),
            units - dead
        ),
        advice: more_steps(evidence).unwrap_or_else(|| {
            let first = if is_sparse {
                "Lower the `weight` of the cost on the code, its layer `penalty` or `sparsity`"
            } else {
                "Let the encoder end in a convolution or linear map without `relu`, or make the code narrower"
            };
            format!(
                "{first} ({:#}); or lower {}, now {}",
                SettingName::NETWORK,
                SettingName::RATE,
                evidence.settings.learning_rate
            )
        }),
    })
}
