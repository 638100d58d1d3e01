//! `worse-than-pca`: a linear method does better with as many numbers.

use tenun_engine::layer::Role;

use super::{Evidence, Rule, Seen};
use crate::measure::Metric;
use crate::settings::{EPOCHS, PRESET};
use crate::text::counted;

pub(super) const RULE: Rule = Rule {
    name: "worse-than-pca",
    looks_at: "the scores of the trained model, beside those of PCA with the same latent dimension",
    threshold: "the loss that was trained is above that of PCA, the best linear autoencoder (Baldi and Hornik, 1989), \
                with fewer components than pixels; denoising, masked and quantised networks are not compared",
    is_event: false,
    needs_steps: true,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let scores = evidence.scores?;
    if evidence.has(|layer| matches!(layer.role(), Role::Corruption | Role::Quantisation)) {
        return None;
    }
    // As many numbers as pixels are no compression.
    let pca = scores.pca.filter(|pca| pca.components < evidence.network.input().len())?;
    let loss = evidence.settings.loss;
    let model = scores.scores.overall.by(loss)?;
    let (by_pca, name) = (pca.scores.by(loss)?, Metric::of(loss).label);
    (model > by_pca).then(|| Seen {
        seen: format!(
            "on the {} images the model scores {name} {:.5}, PCA with {}, fitted on {}, {by_pca:.5}",
            scores.scores.measured_on,
            model,
            counted(pca.components, "component"),
            counted(pca.images, "training image")
        ),
        meaning: "PCA with the same latent dimension reconstructs better".into(),
        advice: match evidence.network.latent().area() {
            1 => format!("Train longer ({:#}; now {})", EPOCHS, evidence.settings.epochs),
            _ => format!(
                "Use a network with a dense bottleneck, such as {}, or train longer ({:#}; now {})",
                PRESET.to("sharp"),
                EPOCHS,
                evidence.settings.epochs
            ),
        },
    })
}
