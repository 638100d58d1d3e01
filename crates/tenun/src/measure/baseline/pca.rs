//! PCA as an autoencoder: what the best linear one scores with the same latent dimension.

use serde::{Deserialize, Serialize};

use crate::data::Images;
use crate::latent::Pca;
use crate::measure::{Evaluation, Given, ImageScores, METRICS, Metric, ScoreError, Scores, evaluate_with};

/// The eigenproblem is at most this large: its time grows with the cube, its memory with the square.
const MOST_FEATURES: usize = 1024;

/// Training images that components are fitted on, at most: the time grows with them, and beyond some thousand the
/// components hardly change.
const MOST_IMAGES: usize = 60_000;

/// Metrics that take probabilities get the output of PCA, which knows nothing of them, clipped to [0.01, 0.99], which
/// serves it best; the other metrics get it clipped to [0, 1].
const MARGIN: f32 = 0.01;

/// Images scored at a time, at most.
const CHUNK: usize = 1024;

/// Numbers of images scored at a time, as far as they are more than one: 16 MiB of floats.
const CHUNK_NUMBERS: usize = 4 << 20;

/// How good PCA is with some number of components.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PcaScores {
    /// Components, which are the latent dimension.
    pub components: usize,
    /// Training images that they were fitted on.
    pub images: usize,
    /// The scores of the reconstructions.
    pub scores: Scores,
}

/// What PCA scores on `test` with its components fitted on `train`, for each of `widths`, in rising order: the best
/// linear autoencoder by squared error (Baldi and Hornik, "Neural networks and principal component analysis: learning
/// from examples without local minima", 1989).
///
/// Widths that PCA cannot have, for want of pixels or of images, are left out. Of more than 60,000 training images,
/// or of more than 1024 whose pixels are more than that, so many are taken, evenly spread.
///
/// `progress` is called as the work goes on, with the part that is done and the whole.
///
/// # Errors
/// If `test` is empty, or of another shape than `train`.
pub fn pca_baseline(
    train: &Images,
    test: &Images,
    widths: &[usize],
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Vec<PcaScores>, ScoreError> {
    let features = train.shape().len();
    let train = train.spread(if features > MOST_FEATURES { MOST_FEATURES } else { MOST_IMAGES });
    let most = if train.len() < 2 { 0 } else { features.min(train.len()) };
    let mut widths: Vec<usize> =
        widths.iter().copied().filter(|&width| (1..=most).contains(&width)).collect();
    widths.sort_unstable();
    widths.dedup();
    let Some(&widest) = widths.last() else { return Ok(Vec::new()) };
    let scoring = test.len() * widths.len();
    let mut fitting = 0;
    let mut pca = Pca::fit_pixels(train.pixels(), features, widest, &mut |done, total| {
        fitting = total;
        progress(done, total + scoring);
    })?;
    let mut found = Vec::with_capacity(widths.len());
    for (at, &width) in widths.iter().rev().enumerate() {
        pca.truncate(width);
        let before = fitting + at * test.len();
        let scores = scores(&pca, test, &mut |done| progress(before + done, fitting + scoring))?;
        found.push(PcaScores { components: width, images: train.len(), scores });
    }
    found.reverse();
    Ok(found)
}

/// Bytes that [`pca_baseline`] takes at most, of so many images with so many features.
pub(crate) fn memory(features: usize, images: usize, components: usize) -> u64 {
    let images = images.min(if features > MOST_FEATURES { MOST_FEATURES } else { MOST_IMAGES });
    let components = components.min(images).min(features);
    let side = images.min(features) as u64;
    let product = |a: usize, b: usize| (a as u64).saturating_mul(b as u64);
    // The products of rows or features: the sum and what is added to it, the eigenvectors and what finding them takes.
    let square = side.saturating_mul(side).saturating_mul(4 * 8);
    // Directions as doubles, and the copy that keeps fewer of them.
    let directions = product(features, components).saturating_mul(2 * 8);
    // Images evenly spread are copied; some are scored at a time, by several arrays of floats.
    let chunk = product(features, (CHUNK_NUMBERS / features.max(1)).clamp(1, CHUNK).min(images));
    product(features, images)
        .saturating_add(square)
        .saturating_add(directions)
        .saturating_add(chunk.saturating_mul(5 * 4))
}

/// `progress` is called with the number of images done.
fn scores(pca: &Pca, test: &Images, progress: &mut dyn FnMut(usize)) -> Result<Scores, ScoreError> {
    let features = test.shape().len();
    let mut per_image = ImageScores::default();
    let chunk = (CHUNK_NUMBERS / features.max(1)).clamp(1, CHUNK);
    for start in (0..test.len()).step_by(chunk) {
        let part = test.part(start..(start + chunk).min(test.len()));
        let mut output = pca.inverse_transform(&pca.transform(&floats(&part))?)?;
        output.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        let inside: Vec<f32> = output.iter().map(|value| value.clamp(MARGIN, 1.0 - MARGIN)).collect();
        let reconstruction = |i: usize| &inside[i * features..(i + 1) * features];
        let probabilities: Vec<(&'static Metric, Vec<f64>)> = METRICS
            .into_iter()
            .filter(|metric| metric.takes_probabilities())
            .filter_map(|metric| Some((metric, metric.values(&part, reconstruction)?)))
            .collect();
        let given: Vec<Given<'_>> =
            probabilities.iter().map(|(metric, values)| (*metric, &values[..])).collect();
        per_image.extend(evaluate_with(&part, &output, &given, None)?.per_image);
        progress(start + part.len());
    }
    Ok(Evaluation::of(per_image, None)?.overall)
}

fn floats(images: &Images) -> Vec<f32> {
    images.pixels().iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

#[cfg(test)]
mod tests {
    use tenun_engine::{Loss, Shape};

    use super::*;
    use crate::measure::{BCE, MSE};

    fn images(count: usize, salt: usize) -> Images {
        let pixel = |at: usize| ((at / 16 + salt) * (at % 16 + 1) * 7 % 256) as u8;
        Images::new(Shape::new(1, 4, 4), (0..count * 16).map(pixel).collect()).unwrap()
    }

    #[test]
    fn more_components_lose_less_and_all_of_them_nothing() {
        let (train, test) = (images(60, 0), images(20, 3));
        let mut told = Vec::new();
        let mut progress = |done, total| told.push((done, total));
        let found = pca_baseline(&train, &test, &[16, 2, 8, 2, 99, 0], &mut progress).unwrap();
        let widths: Vec<usize> = found.iter().map(|pca| pca.components).collect();
        assert_eq!(widths, [2, 8, 16]);
        for by in Loss::ALL {
            assert!(found.is_sorted_by(|a, b| a.scores.by(by) > b.scores.by(by)), "{found:?}");
        }
        assert!(
            found.iter().all(|pca| pca.scores.get(&BCE) > pca.scores.floor(&BCE) && pca.images == 60),
            "{found:?}"
        );
        assert!(found[2].scores.get(&MSE).unwrap() < 1e-9, "as many components as pixels: {found:?}");
        let (last, total) = *told.last().unwrap();
        assert!(told.is_sorted() && last == total && told.iter().all(|told| told.1 == total), "{told:?}");
    }

    #[test]
    fn without_images_to_find_components_in_there_is_none() {
        assert_eq!(pca_baseline(&images(1, 0), &images(2, 0), &[1], &mut |_, _| ()).unwrap(), []);
    }
}
