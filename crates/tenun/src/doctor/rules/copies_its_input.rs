//! `copies-its-input`: nothing keeps a network from handing its input on.

use tenun_engine::layer::{Layer, Role};

use super::{Evidence, Rule, Seen};
use crate::measure::MSE;
use crate::settings::{EPOCHS, LATENT, NETWORK, PRESET};
use crate::text::counted;

/// This share of the noise is still there.
const KEPT: f64 = 0.9;

pub(super) const RULE: Rule = Rule {
    name: "copies-its-input",
    looks_at: "the latent dimension and other regularisation; for a denoising network the noise, and how much of it is \
               left at the end",
    threshold: "noise of amount 0; or a latent dimension of at least the number of pixels without noise, penalty, \
                codebook or dropout, so that the identity is a perfect solution (Vincent et al., 2010); or \
                reconstructions with 90 % or more of the squared error of the noisy images",
    is_event: false,
    needs_steps: true,
    needs_structure: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let layers = || evidence.network.layers().map(|placed| &placed.layer);
    let corruption = layers().find(|layer| layer.role() == Role::Corruption);
    if let Some(layer) = corruption.filter(|layer| layer.has_no_effect()) {
        return Some(Seen {
            seen: format!("the layer `{}` has the amount 0", layer.name()),
            meaning: "there is no noise to remove, and copying the input is a perfect solution".into(),
            advice: format!("Give the noise an `amount` in the network ({:#})", NETWORK),
        });
    }
    let (code, pixels) = (evidence.network.latent().len(), evidence.network.output().len());
    let limits = |layer: &Layer| layer.role().prevents_copying() && !layer.has_no_effect();
    if code >= pixels && !layers().any(limits) {
        return Some(Seen {
            seen: format!("the latent code has {}, an image has {pixels}", counted(code, "dimension")),
            meaning:
                "nothing keeps the network from copying its input, so the code need not learn any structure"
                    .into(),
            advice: format!(
                "Use a smaller latent dimension with {}, or a network with noise or a penalty, such as {}",
                LATENT.to(pixels / 8),
                PRESET.to("denoising")
            ),
        });
    }
    let scores = evidence.scores?;
    let denoising = scores.denoising.as_ref()?;
    let (before, after) = (denoising.corrupted.get(&MSE)?, denoising.denoised.get(&MSE)?);
    (after >= KEPT * before).then(|| Seen {
        seen: format!(
            "the noisy images have a mean squared error of {before:.4}, their reconstructions {after:.4}"
        ),
        meaning:
            "the network passes the noise through, or loses as much of the image as it removes of the noise"
                .into(),
        advice: format!(
            "Train longer with {}, or use a smaller latent dimension with {}",
            EPOCHS.to(2 * evidence.settings.epochs),
            LATENT.to((code / 2).max(1))
        ),
    })
}
