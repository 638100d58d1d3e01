//! `over-fitting`: the validation loss rises while the training loss falls.

use super::{Evidence, Rule, Seen};
use crate::settings::{DATA, DROPOUT, PATIENCE};

/// Epochs in a row that have to be worse than the best.
const EPOCHS: usize = 3;

/// By this share of the way from a perfect reconstruction to the mean image.
const RISE: f64 = 0.005;

pub(super) const RULE: Rule = Rule {
    name: "over-fitting",
    looks_at: "validation and training loss of every epoch",
    threshold: "three epochs in a row with a validation loss above the lowest by more than 0.5 % of the distance between \
                a perfect reconstruction and the mean image, twice its variation in a healthy run, while the training \
                loss is below that of the best epoch",
    is_event: true,
    needs_steps: false,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let metrics = evidence.metrics;
    let losses: Vec<f64> = metrics.iter().filter_map(|line| line.val_loss).collect();
    let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b]))?;
    let since = losses.len() - 1 - best;
    let place = evidence.position(losses[best])?;
    let is_worse = |loss: &f64| evidence.position(*loss).is_some_and(|now| now - place > RISE);
    let last = metrics.last()?;
    if losses.len() != metrics.len()
        || since < EPOCHS
        || !losses[losses.len() - EPOCHS..].iter().all(is_worse)
        || last.train_loss >= metrics[best].train_loss
    {
        return None;
    }
    let stop = match evidence.settings.patience {
        Some(_) => String::new(),
        None => format!("Stop early with {}, use ", PATIENCE.to(EPOCHS)),
    };
    let more = if stop.is_empty() { "Use " } else { "" };
    Some(Seen {
        seen: format!(
            "since epoch {} the validation loss has risen from {:.5} to {:.5}, while the training loss has fallen from \
             {:.5} to {:.5}",
            metrics[best].epoch,
            losses[best],
            losses[losses.len() - 1],
            metrics[best].train_loss,
            last.train_loss
        ),
        meaning: "the network memorises the training images".into(),
        advice: format!(
            "{stop}{more}more training images ({:#}), or add dropout with {}",
            DATA,
            DROPOUT.to(0.2)
        ),
    })
}
