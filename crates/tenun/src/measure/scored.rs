//! All scores of a model on a set of images, however large the set.

use tenun_engine::{Cpu, Loss};

use crate::Model;
use crate::data::{Dataset, Images};
use crate::measure::{
    Evaluation, ImageScores, PcaScores, ScoreError, Scores, evaluate, evaluate_with_bce, mean_image_baseline,
    pca_baseline,
};
use crate::train::{Observer, Phase};

/// Numbers of reconstructions held at a time: 4 MiB of floats. An observer hears of progress as often.
const CHUNK: usize = 1 << 20;

/// How good a model is on a set of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// All scores.
    pub evaluation: Evaluation,
    /// Those of the mean training image, given for every image.
    pub baseline: Option<Scores>,
    /// Those of PCA with as many components as a code has numbers, found in the training images.
    pub pca: Option<PcaScores>,
}

/// Scores a model on `set`; with `train`, beside the mean of those images, and PCA of them.
///
/// Binary cross-entropy is taken on the logits where the network has them. `observer` is told how far evaluation and PCA
/// have come.
///
/// # Errors
/// If the images have another shape than the network's, or there is none.
pub fn score(
    model: &Model,
    set: &Dataset,
    train: Option<&Images>,
    cpu: &Cpu,
    observer: &mut dyn Observer,
) -> Result<Scored, ScoreError> {
    let images = set.images();
    observer.phase(Phase::Evaluating);
    let chunk = (CHUNK / images.shape().len()).max(1);
    let mut per_image = ImageScores::default();
    for start in (0..images.len()).step_by(chunk) {
        let end = (start + chunk).min(images.len());
        let part = images.part(start..end);
        let reconstructions = model.reconstruct(&part, cpu)?;
        let scores = if model.network().ends_in_sigmoid() {
            let losses = model.losses(Loss::Bce, &part, cpu)?;
            let losses: Vec<f64> = losses.into_iter().map(f64::from).collect();
            evaluate_with_bce(&part, &reconstructions, &losses, None)?
        } else {
            evaluate(&part, &reconstructions, None)?
        };
        per_image.extend(scores.per_image);
        observer.progress(end, images.len());
    }
    let classes =
        set.labels().map(|labels| labels.classes().iter().map(|&c| u32::from(c)).collect::<Vec<_>>());
    let labels = set.labels().zip(classes.as_deref()).map(|(labels, classes)| (classes, labels.names()));
    let baseline = train.map(|train| mean_image_baseline(train, images)).transpose()?;
    let widths = [model.network().latent().len()];
    let mut pca = None;
    if let Some(train) = train {
        observer.phase(Phase::FittingPca);
        let mut progress = |done, total| observer.progress(done, total);
        pca = pca_baseline(train, images, &widths, &mut progress)?.first().copied();
    }
    Ok(Scored { evaluation: Evaluation::of(per_image, labels)?, baseline, pca })
}
