//! How good a model is, and beside what.
//!
//! [`METRICS`] is the table of metrics; whatever shows scores iterates over it. [`evaluate`] measures reconstructions
//! against their images in all of them: overall, per class and per image. A number alone says little, so three come to
//! compare it with: what a perfect reconstruction scores (for the BCE the entropy of the pixels, [`bce::floor`]), the
//! *mean-image baseline* ([`mean_image_baseline`]), which needs no network at all, and *PCA* with the same latent dimension
//! ([`pca_baseline`]), the best linear autoencoder. [`score`] takes all of them of a model, and what its [`family`] is
//! judged by besides.
//!
//! All sums are made in `f64`, image by image in the order of the data, so that scores do not depend on the number of
//! threads.

mod baseline;
mod by_metric;
mod error;
pub mod family;
mod metric;
mod scored;
mod scores;
mod scores_json;
#[cfg(test)]
mod tests;

pub(crate) use baseline::pca_memory;
pub use baseline::{PcaScores, mean_image, mean_image_baseline, one_image_baseline, pca_baseline};
pub use by_metric::ByMetric;
pub use error::{MeasureError, ScoreError};
pub use metric::*;
pub(crate) use scored::NUMBERS_AT_A_TIME;
pub use scored::{ModelScores, ScoreOn, Scored, SetScores, score, score_reconstructions};
pub use scores::{
    ClassScores, Evaluation, Extremes, Given, ImageScores, Labels, Score, Scores, evaluate, evaluate_with,
};
