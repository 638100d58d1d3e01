//! All metrics of a set of reconstructions: overall, per class, per image.

use std::cmp::Ordering;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tenun_engine::Loss;

use super::{MeasureError, Ssim, bce, mae, mse, non_finite, psnr};
use crate::data::Images;

/// Classes of images: a number for each image, and a name for each number.
pub type Labels<'a> = (&'a [u32], &'a [String]);

/// The metrics of some images, each the mean over the images; PSNR is that of the mean MSE.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Binary cross-entropy, nats a pixel ([`bce::bce`]).
    pub bce: f64,
    /// The BCE that a perfect reconstruction scores ([`bce::floor`]).
    pub bce_floor: f64,
    /// Mean squared error ([`super::mse`]).
    pub mse: f64,
    /// Mean absolute error ([`super::mae`]).
    pub mae: f64,
    /// Peak signal-to-noise ratio in decibels ([`super::psnr`]); infinity is `null` in JSON.
    #[serde(with = "non_finite")]
    pub psnr: f64,
    /// Structural similarity, 1 at best ([`super::Ssim`]).
    pub ssim: f64,
}

impl Scores {
    /// The score in the loss `loss`; of a Gaussian likelihood, whose variance the scores do not know, the squared error.
    #[must_use]
    pub fn by(&self, loss: Loss) -> f64 {
        match loss {
            Loss::Bce => self.bce,
            Loss::Mse | Loss::Gaussian => self.mse,
            Loss::Mae => self.mae,
        }
    }

    /// What the score of [`Self::by`] is called in a table, a picture or a sentence.
    #[must_use]
    pub fn name(loss: Loss) -> &'static str {
        match loss {
            Loss::Bce => "BCE",
            Loss::Mse | Loss::Gaussian => "MSE",
            Loss::Mae => "MAE",
        }
    }

    /// How far the BCE lies from floor (0) to that of `baseline` (1); 0 if the two are the same.
    ///
    /// May be under 0 by rounding, and over 1 for a model worse than the baseline.
    #[must_use]
    pub fn bce_position(&self, baseline: f64) -> f64 {
        let range = baseline - self.bce_floor;
        if range > 0.0 { (self.bce - self.bce_floor) / range } else { 0.0 }
    }
}

/// The scores of the images of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// The class's name.
    pub name: String,
    /// How many images it has.
    pub images: usize,
    /// Their scores; `None` if it has no image.
    pub scores: Option<Scores>,
}

/// The metrics image by image; every vector is `[image]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ImageScores {
    /// Binary cross-entropy, nats a pixel.
    pub bce: Vec<f64>,
    /// The BCE that a perfect reconstruction scores.
    pub bce_floor: Vec<f64>,
    /// Mean squared error.
    pub mse: Vec<f64>,
    /// Mean absolute error.
    pub mae: Vec<f64>,
    /// Peak signal-to-noise ratio in decibels; infinity is `null` in JSON.
    #[serde(with = "non_finite::many")]
    pub psnr: Vec<f64>,
    /// Structural similarity.
    pub ssim: Vec<f64>,
}

/// What images are ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Binary cross-entropy. Ranks dark and simple images first, whose floor is low.
    Bce,
    /// Binary cross-entropy above the image's own floor: fair between images.
    BceAboveFloor,
    /// Mean squared error.
    Mse,
    /// Mean absolute error.
    Mae,
    /// Peak signal-to-noise ratio.
    Psnr,
    /// Structural similarity.
    Ssim,
}

/// The images at the ends and in the middle of a ranking, by number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extremes {
    /// The best, the best one first.
    pub best: Vec<usize>,
    /// Those around the median, the better ones first.
    pub median: Vec<usize>,
    /// The worst, the worst one first.
    pub worst: Vec<usize>,
}

/// All scores of a set of reconstructions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Over all images.
    pub overall: Scores,
    /// Class by class, in the order of the names; empty without labels.
    pub classes: Vec<ClassScores>,
    /// Image by image.
    pub per_image: ImageScores,
}

impl ImageScores {
    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.mse.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mse.is_empty()
    }

    /// Images from best to worst by `metric`; equal ones by their number.
    #[must_use]
    pub fn ranking(&self, metric: Metric) -> Vec<usize> {
        let key = |i: usize| match metric {
            Metric::Bce => self.bce[i],
            Metric::BceAboveFloor => self.bce[i] - self.bce_floor[i],
            Metric::Mse => self.mse[i],
            Metric::Mae => self.mae[i],
            Metric::Psnr => -self.psnr[i],
            Metric::Ssim => -self.ssim[i],
        };
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|&a, &b| key(a).partial_cmp(&key(b)).unwrap_or(Ordering::Equal));
        order
    }

    /// The `count` best, median and worst images by `metric`; all of them where there are fewer.
    #[must_use]
    pub fn extremes(&self, metric: Metric, count: usize) -> Extremes {
        let order = self.ranking(metric);
        let count = count.min(order.len());
        let middle = (order.len() - count) / 2;
        Extremes {
            best: order[..count].to_vec(),
            median: order[middle..middle + count].to_vec(),
            worst: order.iter().rev().take(count).copied().collect(),
        }
    }

    /// The mean scores of the images at `indices`; `None` if there are none.
    fn mean(&self, indices: impl Iterator<Item = usize> + Clone) -> Option<Scores> {
        let count = indices.clone().count();
        let mean = |values: &[f64]| indices.clone().map(|i| values[i]).sum::<f64>() / count as f64;
        let mse = mean(&self.mse);
        (count > 0).then(|| Scores {
            bce: mean(&self.bce),
            bce_floor: mean(&self.bce_floor),
            mse,
            mae: mean(&self.mae),
            psnr: psnr(mse),
            ssim: mean(&self.ssim),
        })
    }
}

/// Measures `reconstructions`, `[image][channel][row][column]` in `[0, 1]`, against `images`.
///
/// # Errors
/// If there is no image, a length does not match, a value is not finite, or a class has no name.
///
/// ```
/// use tenun::{data::Images, engine::Shape, measure::evaluate};
///
/// let images = Images::new(Shape::new(1, 2, 2), vec![0, 255, 128, 255]).unwrap();
/// let scores = evaluate(&images, &[0.1, 0.9, 0.5, 0.9], None)?.overall;
/// assert!(scores.bce > scores.bce_floor);
/// assert!((scores.mae - 0.0755).abs() < 1e-4);
/// # Ok::<(), tenun::measure::MeasureError>(())
/// ```
pub fn evaluate(
    images: &Images,
    reconstructions: &[f32],
    labels: Option<Labels<'_>>,
) -> Result<Evaluation, MeasureError> {
    check(images, reconstructions)?;
    let length = images.shape().len();
    evaluate_each(images, |i| &reconstructions[i * length..(i + 1) * length], None, labels)
}

/// As [`evaluate`], with each image's BCE, `[image]`, as it was taken on logits.
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_with_bce(
    images: &Images,
    reconstructions: &[f32],
    image_bce: &[f64],
    labels: Option<Labels<'_>>,
) -> Result<Evaluation, MeasureError> {
    check(images, reconstructions)?;
    length("BCE values", images.len(), image_bce.len())?;
    if let Some((image, &value)) = image_bce.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        return Err(MeasureError::NotFinite { what: "BCE values", image, index: 0, value });
    }
    let pixels = images.shape().len();
    evaluate_each(images, |i| &reconstructions[i * pixels..(i + 1) * pixels], Some(image_bce), labels)
}

/// Measures the reconstruction that `reconstruction` gives for each image's number.
pub(super) fn evaluate_each<'a>(
    images: &Images,
    reconstruction: impl Fn(usize) -> &'a [f32] + Sync,
    image_bce: Option<&[f64]>,
    labels: Option<Labels<'_>>,
) -> Result<Evaluation, MeasureError> {
    if images.is_empty() {
        return Err(MeasureError::NoImages);
    }
    check_labels(images.len(), labels)?;
    let rows: Vec<[f64; 5]> = (0..images.len())
        .into_par_iter()
        .map_init(
            || Ssim::new(images.shape()),
            |ssim, i| {
                let (target, output) = (images.image(i), reconstruction(i));
                let bce = image_bce.map_or_else(|| bce::bce(target, output), |values| values[i]);
                let floor = bce::floor(target);
                [bce, floor, mse(target, output), mae(target, output), ssim.ssim(target, output)]
            },
        )
        .collect();
    let column = |j: usize| rows.iter().map(|row| row[j]).collect::<Vec<f64>>();
    let per_image = ImageScores {
        bce: column(0),
        bce_floor: column(1),
        psnr: rows.iter().map(|row| psnr(row[2])).collect(),
        mse: column(2),
        mae: column(3),
        ssim: column(4),
    };
    Evaluation::of(per_image, labels)
}

impl Evaluation {
    /// The means over scores taken image by image: for sets too large to be reconstructed at once.
    ///
    /// # Errors
    /// If there is no image, or the labels do not match.
    pub fn of(per_image: ImageScores, labels: Option<Labels<'_>>) -> Result<Self, MeasureError> {
        let overall = per_image.mean(0..per_image.len()).ok_or(MeasureError::NoImages)?;
        check_labels(per_image.len(), labels)?;
        let classes = labels.map_or_else(Vec::new, |labels| per_class(&per_image, labels));
        Ok(Self { overall, classes, per_image })
    }
}

impl ImageScores {
    /// Appends the scores of further images.
    pub fn extend(&mut self, more: Self) {
        self.bce.extend(more.bce);
        self.bce_floor.extend(more.bce_floor);
        self.mse.extend(more.mse);
        self.mae.extend(more.mae);
        self.psnr.extend(more.psnr);
        self.ssim.extend(more.ssim);
    }
}

fn per_class(per_image: &ImageScores, (classes, names): Labels<'_>) -> Vec<ClassScores> {
    let mut members = vec![Vec::new(); names.len()];
    for (image, &class) in classes.iter().enumerate() {
        members[class as usize].push(image);
    }
    let scores = |members: &[usize]| per_image.mean(members.iter().copied());
    names
        .iter()
        .zip(&members)
        .map(|(name, members)| ClassScores {
            name: name.clone(),
            images: members.len(),
            scores: scores(members),
        })
        .collect()
}

fn check(images: &Images, reconstructions: &[f32]) -> Result<(), MeasureError> {
    length("reconstructions", images.pixels().len(), reconstructions.len())?;
    if let Some(place) = reconstructions.iter().position(|value| !value.is_finite()) {
        let pixels = images.shape().len();
        return Err(MeasureError::NotFinite {
            what: "reconstructions",
            image: place / pixels,
            index: place % pixels,
            value: f64::from(reconstructions[place]),
        });
    }
    Ok(())
}

fn check_labels(images: usize, labels: Option<Labels<'_>>) -> Result<(), MeasureError> {
    let Some((classes, names)) = labels else { return Ok(()) };
    length("labels", images, classes.len())?;
    match classes.iter().enumerate().find(|&(_, &class)| class as usize >= names.len()) {
        Some((image, &class)) => Err(MeasureError::Class { image, class, classes: names.len() }),
        None => Ok(()),
    }
}

fn length(what: &'static str, expected: usize, got: usize) -> Result<(), MeasureError> {
    if expected == got { Ok(()) } else { Err(MeasureError::Length { what, expected, got }) }
}
