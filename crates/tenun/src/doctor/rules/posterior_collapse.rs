//! `posterior-collapse`: a variational code that says nothing of the image.

use super::{Evidence, Rule, Seen};
use crate::measure::family::ACTIVE_UNITS;
use crate::settings::NETWORK;
use crate::text::{are, counted};

/// Nats an image; whatever a code tells of Fashion-MNIST is a hundred times that.
const NATS: f64 = 0.1;

/// This share of all epochs passes before anything is said: a healthy code may be as the prior is for some epochs, until
/// the decoder has learned to use it.
const SHARE: f64 = 0.5;

/// This share of the code's numbers, at the end.
const ACTIVE: f64 = 0.1;

pub(super) const RULE: Rule = Rule {
    name: "posterior-collapse",
    looks_at: "the KL divergence of a variational code from its prior after every epoch, and its active units at the end",
    threshold: "a KL divergence below 0.1 nats per image after half of the epochs, or at the end fewer than 10 % active \
                units: the mean of an active unit has a variance above 0.01 over the images (Burda, Grosse and \
                Salakhutdinov, 2016); the decoder then ignores the code (Bowman et al., 2016)",
    is_event: false,
    needs_steps: false,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let line = evidence.metrics.last()?;
    if !evidence.is_finished && f64::from(line.epoch) < (SHARE * f64::from(evidence.settings.epochs)).max(2.0)
    {
        return None;
    }
    let units = evidence.network.latent().len();
    let kl = *line.terms.get("kl")?;
    let active = evidence.scores.and_then(|scores| scores.of_family(&ACTIVE_UNITS));
    let seen = if kl < NATS {
        format!("the KL divergence of the code from its prior is {kl:.3} nats per image")
    } else {
        let active = active.filter(|&active| active < ACTIVE * units as f64)?;
        format!("{active} of the {} {} active", counted(units, "latent unit"), are(active as usize))
    };
    Some(Seen {
        seen,
        meaning: "the decoder ignores the code, and its output hardly depends on it".into(),
        advice: format!(
            "In the layer `sampling` of the network ({:#}) lower `beta`, warm it up over `warmup_epochs`, or set \
             `free_bits`",
            NETWORK
        ),
    })
}
