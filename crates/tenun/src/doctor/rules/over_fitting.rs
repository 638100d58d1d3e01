//! `over-fitting`: the validation loss rises while the training loss falls.

use super::{Evidence, Rule, Seen};
use crate::settings::{AUGMENT, DATA, PATIENCE};

/// Epochs in a row that have to be worse than the best.
const EPOCHS: usize = 3;

/// By this share of the way from a perfect reconstruction to the mean image.
const RISE: f64 = 0.005;

/// Epochs before the best one that show by how much it rises from epoch to epoch in any case.
const BEFORE: usize = 10;

/// The best validation loss has come at least so much of that way from the mean image: who has learned nothing yet, cannot
/// know the images by heart.
const LEARNED: f64 = 0.1;

pub(super) const RULE: Rule = Rule {
    name: "over-fitting",
    looks_at: "validation and training loss of every epoch",
    threshold: "three epochs in a row with a validation loss above the lowest by more than 0.5 % of the distance between \
                a perfect reconstruction and the mean image, twice its variation in a healthy run, and by more than it \
                rose from one of the ten epochs before to the next; while the training loss is below that of the best \
                epoch, and below the validation loss; where the network is better than the mean image by a tenth of that distance",
    is_event: true,
    needs_steps: false,
    needs_structure: true,
    check,
};

fn check(evidence: &Evidence<'_>) -> Option<Seen> {
    let metrics = evidence.metrics;
    let losses: Vec<f64> = metrics.iter().filter_map(|line| line.val_loss).collect();
    let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b]))?;
    let since = losses.len() - 1 - best;
    let place = evidence.position(losses[best])?;
    let rises =
        losses[best.saturating_sub(BEFORE)..=best].windows(2).map(|pair| (pair[1] - pair[0]).max(0.0));
    let usual = evidence.share(rises.fold(0.0, f64::max))?;
    let is_worse = |loss: &f64| evidence.position(*loss).is_some_and(|now| now - place > RISE.max(usual));
    let last = metrics.last()?;
    if losses.len() != metrics.len()
        || since < EPOCHS
        || !losses[losses.len() - EPOCHS..].iter().all(is_worse)
        || last.train_loss >= metrics[best].train_loss
        || last.train_loss >= losses[losses.len() - 1]
        || place > 1.0 - LEARNED
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
            "{stop}{more}more training images ({:#}), or change them at random with {}",
            DATA,
            AUGMENT.to("shift=1")
        ),
    })
}
