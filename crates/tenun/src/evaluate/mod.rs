//! How good reconstructions are, and against what.
//!
//! [`evaluate`] measures reconstructions against their images by five metrics: overall, per class
//! and per image. A figure alone says little, so three come to compare it with: the BCE's *floor*
//! ([`bce::floor`]), which even a perfect reconstruction scores, the *mean-image baseline*
//! ([`mean_image_baseline`]), which needs no network at all, and *PCA* of the same width
//! ([`pca_baseline`]), the best linear autoencoder.
//!
//! All sums are made in `f64`, image by image in the order of the data, so that the figures do not
//! depend on the number of threads.

mod baseline;
pub mod bce;
mod error;
mod mae;
mod mse;
mod non_finite;
mod pca;
mod psnr;
mod scores;
mod ssim;
#[cfg(test)]
mod tests;

pub use baseline::{mean_image, mean_image_baseline};
pub use error::EvaluateError;
pub use mae::mae;
pub use mse::mse;
pub use pca::{PcaScores, pca_baseline};
pub use psnr::psnr;
pub use scores::{
    ClassScores, Evaluation, Extremes, ImageScores, Labels, Metric, Scores, evaluate, evaluate_with_bce,
};
pub use ssim::Ssim;
