//! `posterior-collapse`: a variational code that says nothing of the image.

use super::{Evidence, Rule, Seen, SettingName};
use crate::text::{are, counted};

/// Nats an image; whatever a code tells of Fashion-MNIST is a hundred times that.
const NATS: f64 = 0.1;

/// Epochs before anything is said: in the first one a healthy code may still be as the prior is.
const EPOCHS: usize = 2;

/// This share of the code's numbers, at the end.
const ACTIVE: f64 = 0.1;

pub(super) const RULE: Rule = Rule {
    name: "posterior-collapse",
    looks_at: "the divergence of a variational code from its prior, after every epoch, and its active units at the end",
    threshold: "less than 0.1 nats an image after two epochs, or fewer than a tenth of the units active: the mean of \
                an active one varies by more than 0.01 over the images (Burda, Grosse and Salakhutdinov, 2016); the \
                decoder then draws without the code (Bowman et al., 2016)",
    is_event: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let line = evidence.metrics.get(EPOCHS - 1..).and_then(<[_]>::last)?;
    let units = evidence.network.latent().len();
    let kl = *line.terms.get("kl")?;
    let active = evidence.scores.and_then(|scores| scores.figure("active_units"));
    let seen = if kl < NATS {
        format!("a code is {kl:.3} nats from its prior")
    } else {
        let active = active.filter(|&active| active < ACTIVE * units as f64)?;
        format!("{active} of the {} of a code {} active", counted(units, "number"), are(active as usize))
    };
    Some(Seen {
        seen,
        meaning: "the decoder hardly looks at the code, and draws nearly the same whatever it is".into(),
        advice: format!(
            "In the layer `sampling` of the network ({:#}) lower `beta`, let it rise over `warmup_epochs`, or give \
             `free_bits`",
            SettingName::NETWORK
        ),
    })
}
