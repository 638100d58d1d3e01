//! What a model is compared with: the mean training image, and PCA of the same width.

mod mean_image;
mod pca;

pub use mean_image::{mean_image, mean_image_baseline, one_image_baseline};
pub(crate) use pca::memory as pca_memory;
pub use pca::{PcaScores, pca_baseline};
