//! [`PixelFacts`]: range of the training pixels, and the losses of a perfect reconstruction and of the mean image.

use tenun_engine::Loss;

use crate::data::Images;
use crate::measure::{Metric, mean_image};

/// Images looked at, at most.
const MOST: usize = 2048;

/// Pixels looked at, at most, where images are large.
const MOST_PIXELS: usize = 4 << 20;

/// Range of the training pixels, and the losses that they allow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PixelFacts {
    /// Images looked at, evenly spread over all.
    pub images: usize,
    /// The least value of a pixel, as a byte.
    pub min: u8,
    /// The greatest.
    pub max: u8,
    /// Whether these images are all the same; false for a single one.
    pub are_equal: bool,
    /// The loss of a perfect reconstruction.
    pub floor: f64,
    /// The loss of their mean given for every image.
    pub mean_image_loss: f64,
}

impl PixelFacts {
    /// Looks at up to 2048 of `images`.
    #[must_use]
    pub fn of(images: &Images, loss: Loss) -> Self {
        let sample = images.spread(MOST.min((MOST_PIXELS / images.shape().len().max(1)).max(1)));
        let pixels = sample.pixels();
        let (min, max) = pixels.iter().fold((u8::MAX, 0), |(min, max), &p| (min.min(p), max.max(p)));
        let mean = mean_image(&sample).unwrap_or_default();
        let metric = Metric::of(loss);
        let values = metric.values(&sample, |_| &mean).unwrap_or_default();
        let mean_of_all = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let (floor, mean_image_loss) = match loss {
            // The metric is the squared error on which the likelihood depends.
            Loss::Gaussian => (least_nll(ROUNDING), least_nll(mean_of_all)),
            _ => (metric.perfect(&sample), mean_of_all),
        };
        Self {
            images: sample.len(),
            min: min.min(max),
            max,
            are_equal: sample.len() > 1 && (1..sample.len()).all(|i| sample.image(i) == sample.image(0)),
            floor,
            mean_image_loss,
        }
    }
}

/// The squared error of bytes that are right but for their rounding, the variance of a uniform distribution.
const ROUNDING: f64 = 1.0 / (12.0 * 255.0 * 255.0);

/// The negative log-likelihood of a normal distribution at its best variance, which is the squared error itself.
fn least_nll(squared_error: f64) -> f64 {
    0.5 * ((std::f64::consts::TAU * squared_error.max(ROUNDING)).ln() + 1.0)
}
