//! Loss curves: training and validation loss, epoch by epoch.

use maud::html;
use tenun_engine::Loss;

use crate::Error;
use crate::measure::Metric;
use crate::picture::{LossCurves, loss_curves};
use crate::report::Context;
use crate::report::illustration::{Description, Illustration};
use crate::report::section::{Content, Section};

pub(super) const SECTION: Section = Section { id: "curves", heading: "Loss curves", compose };

/// What the loss is called along its axis.
fn loss_name(loss: Loss) -> String {
    match loss {
        // Its metric is only the squared error in it.
        Loss::Gaussian => "Gaussian negative log-likelihood (nats per pixel)".to_owned(),
        _ => Metric::of(loss).heading(),
    }
}

fn compose(context: &Context<'_>) -> Result<Option<Content>, Error> {
    if context.epochs.is_empty() {
        return Ok(None);
    }
    let train: Vec<f64> = context.epochs.iter().map(|line| line.train_loss).collect();
    let validation: Vec<f64> = context.epochs.iter().filter_map(|line| line.val_loss).collect();
    let loss = context.settings.training.loss;
    let name = loss_name(loss);
    let curves = LossCurves {
        loss: &name,
        train: &train,
        validation: &validation,
        floor: context.scored.model.scores.overall.floor(Metric::of(loss)),
        best_epoch: (context.best_epoch > 0).then_some(context.best_epoch as usize),
        log: false,
    };
    let caption = match (validation.is_empty(), context.held_out.is_some()) {
        (true, _) => "Training loss of each epoch.",
        (false, true) => "Training loss of each epoch, and the loss on the images held out for validation.",
        (false, false) => "Training loss of each epoch, and the loss on the test images.",
    };
    let description =
        Description { file: "curves", heading: "", caption: caption.into(), alt: "Loss over the epochs" };
    let picture = Illustration::draw(description, |theme| loss_curves(&curves, theme))?;
    Ok(Some(Content::with(html! { (picture) }, vec![picture])))
}
