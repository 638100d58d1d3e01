//! `dead-filters`: filters whose output a ReLU makes zero everywhere.

use super::{Evidence, Rule, Seen, SettingName, percent};

/// This share of the filters of a layer.
const SHARE: f64 = 0.2;

pub(super) const RULE: Rule = Rule {
    name: "dead-filters",
    looks_at: "every convolution and linear map before a ReLU, on up to 256 training images, after epochs 1, 2, 4, \
               8 … and at the end",
    threshold: "a fifth of a layer's filters are zero at every pixel of every image: no gradient reaches them any \
                more (Stanford CS231n, \"The ReLU units can irreversibly die\"); a few die in healthy runs too",
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let sample = evidence.sample?;
    let (dead, all) = sample
        .rectified
        .iter()
        .fold((0, 0), |(dead, all), layer| (dead + layer.dead.len(), all + layer.filters));
    let is_dying = |dead: usize, filters: usize| dead > 0 && dead as f64 >= SHARE * filters as f64;
    let layers: Vec<String> = sample
        .rectified
        .iter()
        .filter(|layer| is_dying(layer.dead.len(), layer.filters))
        .map(|layer| format!("{} of {} of {}", layer.dead.len(), layer.filters, layer.name))
        .collect();
    if layers.is_empty() {
        return None;
    }
    Some(Seen {
        seen: format!("filters are zero on all of {} images: {}", sample.images, layers.join(", ")),
        meaning: format!(
            "{} of the network's filters are dead, and learn nothing any more",
            percent(dead as f64 / all as f64)
        ),
        advice: format!(
            "Lower {}, now {}, or let it rise slowly with {}; or take `leaky_relu` or `silu` for `relu` in the network \
             ({:#})",
            SettingName::RATE,
            evidence.settings.learning_rate,
            SettingName::WARMUP.to(500),
            SettingName::NETWORK
        ),
    })
}
