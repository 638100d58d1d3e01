//! How good reconstructions are, and against what.
//!
//! [`evaluate`] measures reconstructions against their images by five metrics: overall, per class
//! and per image. A figure alone says little, so three come to compare it with: the BCE's *floor*
//! ([`bce::floor`]), which even a perfect reconstruction scores, the *mean-image baseline*
//! ([`mean_image_baseline`]), which needs no network at all, and *PCA* of the same width
//! ([`pca_baseline`]), the best linear autoencoder. [`score`] takes all of them of a model. [`family`] has what else a
//! family of autoencoders is judged by.
//!
//! All sums are made in `f64`, image by image in the order of the data, so that the figures do not
//! depend on the number of threads.

mod baseline;
mod error;
pub mod family;
mod metric;
mod non_finite;
mod scored;
mod scores;
#[cfg(test)]
mod tests;

pub use baseline::{PcaScores, mean_image, mean_image_baseline, pca_baseline};
pub use error::{MeasureError, ScoreError};
pub use metric::{Ssim, bce, mae, mse, psnr};
pub use scored::{Scored, score};
pub use scores::{
    ClassScores, Evaluation, Extremes, ImageScores, Labels, Metric, Scores, evaluate, evaluate_with_bce,
};
