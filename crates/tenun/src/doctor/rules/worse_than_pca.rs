//! `worse-than-pca`: a linear method does better with as many numbers.

use tenun_engine::layer::Role;

use super::{Evidence, Rule, Seen, SettingName, more_steps};
use crate::measure::Scores;
use crate::text::counted;

pub(super) const RULE: Rule = Rule {
    name: "worse-than-pca",
    looks_at: "the finished model's scores, beside those of as many principal components as a code has numbers",
    threshold: "the loss it was trained for is above that of PCA, the best linear autoencoder (Baldi and Hornik, \
                1989), of fewer components than an image has pixels; nothing is said of networks that learn another task, to \
                take noise away or to find what is hidden, or whose code is indices of a codebook",
    is_event: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let scores = evidence.scores?;
    if evidence.has(|layer| matches!(layer.role(), Role::Corruption | Role::Quantisation)) {
        return None;
    }
    // As many numbers as pixels are no compression.
    let pca = scores.scored.pca.filter(|pca| pca.components < evidence.network.input().len())?;
    let loss = evidence.settings.loss;
    let model = scores.scored.evaluation.overall.by(loss);
    let (by_pca, name) = (pca.by(loss), Scores::name(loss));
    (model > by_pca).then(|| Seen {
        seen: format!(
            "on the {} images the model scores {name} {:.5}, PCA with {}, found in {}, {by_pca:.5}",
            scores.scored_on,
            model,
            counted(pca.components, "component"),
            counted(pca.images, "training image")
        ),
        meaning: "a linear method without training does better with as many numbers".into(),
        advice: more_steps(evidence).unwrap_or_else(|| match evidence.network.latent().area() {
            1 => format!("Train longer ({:#}; now {})", SettingName::EPOCHS, evidence.settings.epochs),
            _ => format!(
                "Take a network with a dense code, such as {}, or train longer ({:#}; now {})",
                SettingName::PRESET.to("sharp"),
                SettingName::EPOCHS,
                evidence.settings.epochs
            ),
        }),
    })
}
