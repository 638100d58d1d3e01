//! Denoising: what a network makes of images that were made worse as in its training.

use tenun_engine::{Cpu, ForwardPlan, Images as Source, Loss, Scaling};

use super::Figure;
use crate::Model;
use crate::data::Images;
use crate::measure::{ScoreError, Scores, evaluate, psnr};

/// Images made worse, and what the network makes of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Denoised {
    /// The images as the network sees them, `[image][channel][row][column]`; noise may leave 0–1.
    pub corrupted: Vec<f32>,
    /// What it makes of them.
    pub reconstructions: Vec<f32>,
}

/// Corrupts images as in the first epoch of a run with this seed, and reconstructs them; none if the network
/// corrupts nothing.
///
/// # Errors
/// If the images have another shape than the network's.
pub fn denoised(
    model: &Model,
    images: &Images,
    seed: u64,
    cpu: &Cpu,
) -> Result<Option<Denoised>, ScoreError> {
    model.check(images)?;
    let network = model.network();
    let Some(mut corruption) = ForwardPlan::corruption(network, seed, Scaling::unit(), cpu) else {
        return Ok(None);
    };
    let source = Source::Bytes(images.pixels());
    let length = images.pixels().len();
    let (mut corrupted, mut reconstructions) = (vec![0.0; length], vec![0.0; length]);
    corruption.run(model.parameters(), source, &mut corrupted);
    // The loss is not used; squared error is defined for every network.
    let plan = ForwardPlan::corrupted(network, Loss::Mse, seed, Scaling::unit(), cpu);
    let mut plan = plan.expect("squared error can be taken on every network");
    plan.run(model.parameters(), source, &mut reconstructions);
    Ok(Some(Denoised { corrupted, reconstructions }))
}

impl Denoised {
    /// The errors of corrupted images and of their reconstructions, against the images as they were.
    pub(super) fn figures(&self, images: &Images) -> Result<Vec<Figure>, ScoreError> {
        let seen: Vec<f32> = self.corrupted.iter().map(|x| x.clamp(0.0, 1.0)).collect();
        let before = evaluate(images, &seen, None)?.overall;
        let after = evaluate(images, &self.reconstructions, None)?.overall;
        let of = |scores: Scores| Quality { mse: scores.mse, mae: scores.mae, ssim: scores.ssim };
        Ok(Denoising { corrupted: of(before), bce: after.bce, denoised: of(after) }.figures())
    }
}

/// How good images are beside the originals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Mean squared error.
    pub mse: f64,
    /// Mean absolute error.
    pub mae: f64,
    /// Mean structural similarity.
    pub ssim: f64,
}

impl Quality {
    /// Peak signal-to-noise ratio of the mean squared error, in decibels.
    #[must_use]
    pub fn psnr(&self) -> f64 {
        psnr(self.mse)
    }
}

/// What a network that corrupts its input is judged by: how bad the images are that it is given, and how good is what
/// it makes of them. Other scores are of images that went in clean, which it was not trained for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Denoising {
    /// The corrupted images, cut to 0–1.
    pub corrupted: Quality,
    /// What the network makes of them.
    pub denoised: Quality,
    /// Binary cross-entropy of that, nats a pixel.
    pub bce: f64,
}

/// The names of its figures.
const FIGURES: [&str; 7] = [
    "corrupted_mse",
    "denoised_mse",
    "denoised_bce",
    "corrupted_mae",
    "denoised_mae",
    "corrupted_ssim",
    "denoised_ssim",
];

impl Denoising {
    /// From the figures of a model; none where it corrupts nothing.
    #[must_use]
    pub fn of(figures: &[Figure]) -> Option<Self> {
        let value = |name: &str| figures.iter().find(|figure| figure.name == name).map(|figure| figure.value);
        let [mse_before, mse, bce, mae_before, mae, ssim_before, ssim] = FIGURES.map(value);
        Some(Self {
            corrupted: Quality { mse: mse_before?, mae: mae_before?, ssim: ssim_before? },
            denoised: Quality { mse: mse?, mae: mae?, ssim: ssim? },
            bce: bce?,
        })
    }

    /// Whether a figure is one of those in here.
    #[must_use]
    pub fn has(figure: &Figure) -> bool {
        FIGURES.contains(&figure.name.as_str())
    }

    /// The score of the denoised images in `loss`, as [`Scores::by`] gives it.
    #[must_use]
    pub fn by(&self, loss: Loss) -> f64 {
        match loss {
            Loss::Bce => self.bce,
            Loss::Mse | Loss::Gaussian => self.denoised.mse,
            Loss::Mae => self.denoised.mae,
        }
    }

    fn figures(&self) -> Vec<Figure> {
        let Self { corrupted, denoised, bce } = self;
        let values = [
            (corrupted.mse, "mean squared error of the corrupted images, cut to 0–1"),
            (denoised.mse, "mean squared error of what the network makes of them"),
            (*bce, "binary cross-entropy of that, nats a pixel"),
            (corrupted.mae, "mean absolute error of the corrupted images"),
            (denoised.mae, "mean absolute error of what the network makes of them"),
            (corrupted.ssim, "structural similarity of the corrupted images"),
            (denoised.ssim, "structural similarity of what the network makes of them"),
        ];
        let figures = FIGURES.into_iter().zip(values);
        figures.map(|(name, (value, meaning))| Figure::new(name, value, meaning)).collect()
    }
}
