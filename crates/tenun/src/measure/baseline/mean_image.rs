//! The mean training image as everyone's reconstruction: what no network at all scores.

use crate::data::Images;
use crate::measure::scores::evaluate_each;
use crate::measure::{MeasureError, Scores};

/// The mean of `images`, pixel by pixel, in `[0, 1]`: `[channel][row][column]`.
///
/// # Errors
/// [`MeasureError::NoImages`].
pub fn mean_image(images: &Images) -> Result<Vec<f32>, MeasureError> {
    if images.is_empty() {
        return Err(MeasureError::NoImages);
    }
    // Bytes add up exactly in 64 bits, so the mean is the same in whatever order they come.
    let mut sums = vec![0_u64; images.shape().len()];
    for image in images.pixels().chunks_exact(sums.len()) {
        for (sum, &byte) in sums.iter_mut().zip(image) {
            *sum += u64::from(byte);
        }
    }
    let scale = 1.0 / (255.0 * images.len() as f64);
    Ok(sums.into_iter().map(|sum| (sum as f64 * scale) as f32).collect())
}

/// Scores of the mean of `train` given as the reconstruction of every image of `test`.
///
/// A model is worth something by how far it is below this; one that scores the same has learned the
/// mean image, as a diverged or dead network does.
///
/// # Errors
/// If a set is empty, or the two differ in size.
pub fn mean_image_baseline(train: &Images, test: &Images) -> Result<Scores, MeasureError> {
    if train.shape() != test.shape() {
        return Err(MeasureError::Size {
            expected: test.shape().to_string(),
            got: train.shape().to_string(),
        });
    }
    let mean = mean_image(train)?;
    Ok(evaluate_each(test, |_| &mean, &[], |_| true, None)?.overall)
}
