//! [`MeasureError`]: reconstructions that cannot be measured; [`ScoreError`]: a model that cannot be scored.

use thiserror::Error;

use crate::latent::LatentError;
use crate::model::ModelError;

/// Why reconstructions cannot be measured.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum MeasureError {
    /// There is no image, so there is no mean.
    #[error("no images to measure: expected at least one")]
    NoImages,
    /// A slice does not match the images it belongs to.
    #[error(
        "{what} do not match the images: expected {expected} values, got {got}; pass them for the same images in the same order"
    )]
    Length {
        /// The slice.
        what: String,
        /// The length that the images ask for.
        expected: usize,
        /// The length that came.
        got: usize,
    },
    /// The images to compare are of another size than these.
    #[error("images differ in size: expected {expected}, got {got} (height×width×channels)")]
    Size {
        /// Size of the images measured.
        expected: String,
        /// Size that came.
        got: String,
    },
    /// A value is NaN or infinite.
    #[error(
        "{what} hold {value} in image {image}, value {index}; a diverged model gives such values: train again with a lower learning rate"
    )]
    NotFinite {
        /// The slice.
        what: String,
        /// Number of the image, from 0.
        image: usize,
        /// Place in the image, `[channel][row][column]`, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A label names a class that has no name.
    #[error("image {image} has class {class}: expected a class below {classes}, the number of class names")]
    Class {
        /// Number of the image, from 0.
        image: usize,
        /// Its class.
        class: u32,
        /// How many names there are.
        classes: usize,
    },
}

/// Why a model cannot be scored.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// Its reconstructions cannot be measured.
    #[error(transparent)]
    Measure(#[from] MeasureError),
    /// It cannot be given these images, or it gives numbers that are none.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// PCA cannot be fitted, or applied.
    #[error(transparent)]
    Latent(#[from] LatentError),
}
