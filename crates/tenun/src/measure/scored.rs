//! [`Scored`]: a model measured on a set of images, however large the set, beside what it is compared with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenun_engine::Cpu;

use super::family::{self, Denoising, Measurement};
use super::{
    ClassScores, Evaluation, Given, ImageMetric, ImageScores, METRICS, Measures, Metric, PcaScores,
    ScoreError, Scores, evaluate_with, mean_image_baseline, one_image_baseline, pca_baseline,
};
use crate::Model;
use crate::data::{Dataset, Images};
use crate::train::{Observer, Phase};

/// Numbers of reconstructions held at a time: 4 MiB of floats. An observer hears of progress as often.
pub(crate) const NUMBERS_AT_A_TIME: usize = 1 << 20;

/// Scores, and the images they were measured on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetScores {
    /// The images: `test`, `held-out` or `training`; of another source than the run's also `new` or `mixed`.
    pub measured_on: String,
    /// How many they are.
    pub images: usize,
    /// The scores. The images went in clean, whatever the network does to its input in training.
    #[serde(flatten)]
    pub overall: Scores,
    /// The names of the metrics that these images cannot be measured with, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub absent: BTreeMap<String, String>,
}

/// How good a model is on a set of images, beside what it is compared with: in `summary.json`, and in `tenun eval --json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelScores {
    /// Its scores.
    pub scores: SetScores,
    /// Those of the mean training image given for every image.
    pub mean_image: Scores,
    /// Those of PCA with the same latent dimension, fitted on the training images; none where there are too few pixels or
    /// images for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pca: Option<PcaScores>,
    /// Of a network that corrupts its input in training, how good its reconstructions of corrupted images are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denoising: Option<Denoising>,
    /// What else the families that the network belongs to are judged by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub family: Vec<Measurement>,
}

impl ModelScores {
    /// The value of a metric of a family; of several codebooks that of the first.
    #[must_use]
    pub fn of_family(&self, metric: &Metric) -> Option<f64> {
        self.family.iter().find(|measurement| measurement.metric == metric).map(|found| found.value)
    }
}

/// A model measured on a set of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// How good it is, beside what it is compared with.
    pub model: ModelScores,
    /// Its scores class by class; empty where the images have no classes.
    pub classes: Vec<ClassScores>,
    /// Its scores image by image.
    pub per_image: ImageScores,
}

/// The images that a model is measured on, and what it takes to compare it.
#[derive(Clone, Copy, Debug)]
pub struct ScoreOn<'a> {
    /// The images.
    pub set: &'a Dataset,
    /// What they are called: `test`, `held-out`, `training`, `new` or `mixed`.
    pub called: &'a str,
    /// The training images, of which the baselines are.
    pub train: &'a Images,
    /// The mean training image, where it is not that of `train`.
    pub mean: Option<&'a [f32]>,
    /// What is drawn at random follows from this seed.
    pub seed: u64,
}

/// Measures a model in every metric, its own and those of its families, beside the mean training image and PCA.
/// `observer` is told how far evaluation and PCA have come.
///
/// # Errors
/// If the images have another shape than the network's, or there is none.
pub fn score(
    model: &Model,
    on: &ScoreOn<'_>,
    cpu: &Cpu,
    observer: &mut dyn Observer,
) -> Result<Scored, ScoreError> {
    let images = on.set.images();
    let Evaluation { overall, classes, per_image } = score_reconstructions(model, on.set, cpu, observer)?;
    let denoising = family::denoising(model, images, on.seed, cpu)?;
    let family = family::measure(model, images, on.seed, cpu)?;
    let absent = METRICS.into_iter().filter_map(|metric| {
        let reason = metric.refuses(images.shape())?;
        Some((metric.name.to_owned(), reason))
    });
    let scores = SetScores {
        measured_on: on.called.to_owned(),
        images: images.len(),
        overall,
        absent: absent.collect(),
    };
    observer.phase(Phase::FittingPca);
    let mut progress = |done, total| observer.progress(done, total);
    let pca = pca_baseline(on.train, images, &[model.network().latent().len()], &mut progress)?;
    let model = ModelScores {
        scores,
        mean_image: match on.mean {
            Some(mean) => one_image_baseline(mean, images)?,
            None => mean_image_baseline(on.train, images)?,
        },
        pca: pca.first().copied(),
        denoising,
        family,
    };
    Ok(Scored { model, classes, per_image })
}

/// Measures the reconstructions of a model: overall, per class and per image. Binary cross-entropy is taken on the logits
/// where the network has them. `observer` is told how far it has come.
///
/// # Errors
/// If the images have another shape than the network's, or there is none.
pub fn score_reconstructions(
    model: &Model,
    set: &Dataset,
    cpu: &Cpu,
    observer: &mut dyn Observer,
) -> Result<Evaluation, ScoreError> {
    let images = set.images();
    observer.phase(Phase::Evaluating);
    let chunk = (NUMBERS_AT_A_TIME / images.shape().len()).max(1);
    let mut per_image = ImageScores::default();
    for start in (0..images.len()).step_by(chunk) {
        let end = (start + chunk).min(images.len());
        let part = images.part(start..end);
        let reconstructions = model.reconstruct(&part, cpu)?;
        let mut on_logits: Vec<(&'static Metric, Vec<f64>)> = Vec::new();
        for metric in METRICS.into_iter().filter(|_| model.network().ends_in_sigmoid()) {
            if let Measures::Images(ImageMetric { on_logits: Some(loss), .. }) = metric.of {
                let losses = model.losses(loss, &part, cpu)?;
                on_logits.push((metric, losses.into_iter().map(f64::from).collect()));
            }
        }
        let given: Vec<Given<'_>> = on_logits.iter().map(|(metric, values)| (*metric, &values[..])).collect();
        per_image.extend(evaluate_with(&part, &reconstructions, &given, None)?.per_image);
        observer.progress(end, images.len());
    }
    let classes =
        set.labels().map(|labels| labels.classes().iter().map(|&c| u32::from(c)).collect::<Vec<_>>());
    let labels = set.labels().zip(classes.as_deref()).map(|(labels, classes)| (classes, labels.names()));
    Ok(Evaluation::of(per_image, labels)?)
}
