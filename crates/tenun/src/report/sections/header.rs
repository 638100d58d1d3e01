//! Title and subtitle: which network, which images, how long it was trained.

use crate::report::Context;
use crate::settings::network_title;
use crate::text::counted;

pub(in crate::report) fn title(context: &Context<'_>) -> String {
    let network = network_title(context.settings);
    format!("{network} on {}", context.collection.train.name())
}

pub(in crate::report) fn subtitle(context: &Context<'_>) -> String {
    let network = context.model.network();
    let epochs = context.epochs.last().map_or(0, |line| line.epoch);
    format!(
        "{}, {}-dimensional latent code; trained for {} on {} of {}",
        counted(network.parameter_count(), "parameter"),
        network.latent().len(),
        counted(epochs as usize, "epoch"),
        counted(context.collection.train.len(), "image"),
        network.input(),
    )
}
