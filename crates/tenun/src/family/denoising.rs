//! Denoising: what a network makes of images that were made worse as in its training.

use tenun_engine::{Cpu, ForwardPlan, Images as Source, Loss, Scaling};

use super::Figure;
use crate::data::Images;
use crate::evaluate::evaluate;
use crate::{Error, Model};

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
pub fn denoised(model: &Model, images: &Images, seed: u64, cpu: &Cpu) -> Result<Option<Denoised>, Error> {
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
    pub(super) fn figures(&self, images: &Images) -> Result<Vec<Figure>, Error> {
        let seen: Vec<f32> = self.corrupted.iter().map(|x| x.clamp(0.0, 1.0)).collect();
        let before = evaluate(images, &seen, None)?.overall;
        let after = evaluate(images, &self.reconstructions, None)?.overall;
        Ok(vec![
            Figure::new(
                "corrupted_mse",
                before.mse,
                "mean squared error of the corrupted images, cut to 0–1",
            ),
            Figure::new("denoised_mse", after.mse, "mean squared error of what the network makes of them"),
            Figure::new("denoised_bce", after.bce, "binary cross-entropy of that, nats a pixel"),
            Figure::new("corrupted_ssim", before.ssim, "structural similarity of the corrupted images"),
            Figure::new(
                "denoised_ssim",
                after.ssim,
                "structural similarity of what the network makes of them",
            ),
        ])
    }
}
