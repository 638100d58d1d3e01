//! The mean training image as everyone's reconstruction: what no network at all scores.

use crate::data::Images;
use crate::data::images::mean_of;
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
    Ok(mean_of(&images.sum(), images.len()))
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
    one_image_baseline(&mean_image(train)?, test)
}

/// Scores of one image, `[channel][row][column]`, given as the reconstruction of every image of `test`.
///
/// # Errors
/// If there is no image, or the one is of another size.
pub fn one_image_baseline(mean: &[f32], test: &Images) -> Result<Scores, MeasureError> {
    if mean.len() != test.shape().len() {
        return Err(MeasureError::Size {
            expected: format!("{} pixel values", test.shape().len()),
            got: mean.len().to_string(),
        });
    }
    Ok(evaluate_each(test, |_| mean, &[], |_| true, None)?.overall)
}
