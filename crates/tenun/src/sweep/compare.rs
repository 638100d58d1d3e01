//! What the losses of a sweep are compared with: PCA of the same widths, and the floor.

use tenun_engine::Loss;

use super::results::PcaPoint;
use crate::Error;
use crate::data::Images;
use crate::evaluate::{bce, mae, mse};
use crate::latent::Pca;

/// Wider images than this have no PCA here: its time grows with the cube of their size, its memory with the square.
pub(super) const MOST_FEATURES: usize = 2048;

/// PCA knows nothing of probabilities. Before its cross-entropy is taken its output is clipped to [0.01, 0.99], which
/// serves it best; the other measures take it clipped to [0, 1].
const MARGIN: f32 = 0.01;

/// Images scored at a time.
const CHUNK: usize = 1024;

/// What `by` gives a perfect reconstruction of `images`: mean entropy of the pixels, or zero.
pub(super) fn floor(images: &Images, by: Loss) -> f64 {
    match by {
        Loss::Bce => bce::floor(images.pixels()),
        Loss::Mse | Loss::Mae => 0.0,
    }
}

/// The loss of PCA on `held`, its components those of `train`, for each of `widths`, in rising order; widths that PCA
/// cannot have, for want of pixels or of images, are left out.
pub(super) fn pca(train: &Images, held: &Images, widths: &[usize], by: Loss) -> Result<Vec<PcaPoint>, Error> {
    let features = train.shape().len();
    let most = features.min(train.len());
    let mut widths: Vec<usize> =
        widths.iter().copied().filter(|&width| (1..=most).contains(&width)).collect();
    widths.sort_unstable();
    widths.dedup();
    let Some(&widest) = widths.last() else { return Ok(Vec::new()) };
    let mut pca = Pca::fit(&floats(train), features, widest)?;
    let mut points = Vec::with_capacity(widths.len());
    for &width in widths.iter().rev() {
        pca.truncate(width);
        points.push(PcaPoint { latent: width, loss: loss(&pca, held, by)? });
    }
    points.reverse();
    Ok(points)
}

fn loss(pca: &Pca, held: &Images, by: Loss) -> Result<f64, Error> {
    let mut sum = 0.0;
    let margin = if by == Loss::Bce { MARGIN } else { 0.0 };
    for start in (0..held.len()).step_by(CHUNK) {
        let part = held.part(start..(start + CHUNK).min(held.len()));
        let mut output = pca.inverse_transform(&pca.transform(&floats(&part))?)?;
        output.iter_mut().for_each(|value| *value = value.clamp(margin, 1.0 - margin));
        let features = held.shape().len();
        for (image, output) in part.pixels().chunks_exact(features).zip(output.chunks_exact(features)) {
            sum += match by {
                Loss::Bce => bce::bce(image, output),
                Loss::Mse => mse(image, output),
                Loss::Mae => mae(image, output),
            };
        }
    }
    Ok(sum / held.len() as f64)
}

fn floats(images: &Images) -> Vec<f32> {
    images.pixels().iter().map(|&byte| f32::from(byte) / 255.0).collect()
}

#[cfg(test)]
mod tests {
    use tenun_engine::Shape;

    use super::*;

    fn images(count: usize, salt: usize) -> Images {
        let pixel = |at: usize| ((at / 16 + salt) * (at % 16 + 1) * 7 % 256) as u8;
        Images::new(Shape::new(1, 4, 4), (0..count * 16).map(pixel).collect()).unwrap()
    }

    #[test]
    fn more_components_lose_less_and_all_of_them_nothing() {
        let (train, held) = (images(60, 0), images(20, 3));
        for by in Loss::ALL {
            let points = pca(&train, &held, &[16, 2, 8, 2, 99, 0], by).unwrap();
            let widths: Vec<usize> = points.iter().map(|point| point.latent).collect();
            assert_eq!(widths, [2, 8, 16]);
            assert!(points.iter().all(|point| point.loss > floor(&held, by)), "{points:?}");
            assert!(points.is_sorted_by(|a, b| a.loss > b.loss), "{points:?}");
        }
        let squared = pca(&train, &held, &[16], Loss::Mse).unwrap();
        assert!(squared[0].loss < 1e-9, "as many components as pixels: {squared:?}");
    }

    #[test]
    fn the_floor_is_what_a_perfect_reconstruction_scores() {
        let images = images(5, 1);
        let perfect = bce::bce(images.pixels(), &floats(&images));
        assert!((floor(&images, Loss::Bce) - perfect).abs() < 1e-6);
        assert_eq!(floor(&images, Loss::Mse), 0.0);
    }
}
