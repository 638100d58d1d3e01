//! `dead-codes`: vectors of a codebook that no image uses.

use super::{Evidence, Rule, Seen, SettingName, percent};

/// Less than this share of the vectors is used.
const SHARE: f64 = 0.5;

/// Epochs before anything is said.
const EPOCHS: usize = 2;

pub(super) const RULE: Rule = Rule {
    name: "dead-codes",
    looks_at: "how much each vector of a codebook is used, after every epoch",
    threshold: "after two epochs half of the vectors or more are hardly used: the code has fewer bits than it says \
                (van den Oord, Vinyals and Kavukcuoglu, 2017; Razavi, van den Oord and Vinyals, 2019, on restarting \
                them)",
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let line = evidence.metrics.get(EPOCHS - 1..).and_then(<[_]>::last)?;
    let used = *line.terms.get("codes_used")?;
    let codes = evidence.codes()?;
    let share = used / codes as f64;
    (share <= SHARE).then(|| Seen {
        seen: format!("{used} of the {codes} vectors of the codebook are used, {}", percent(share)),
        meaning: format!("an index carries at most {:.1} bits of {:.1}", used.max(1.0).log2(), (codes as f64).log2()),
        advice: format!(
            "In the layer `quantize` of the network ({:#}) raise `restart`, so that rare vectors begin anew, or take \
             fewer `codes`; or lower {}, now {}",
            SettingName::NETWORK,
            SettingName::RATE,
            evidence.settings.learning_rate
        ),
    })
}
