//! [`PixelFacts`]: range of the training pixels, what they have in common, and the losses of a perfect reconstruction and
//! of the mean image.

use tenun_engine::{Loss, Philox, Purpose};

use crate::data::Images;
use crate::measure::{MSE, Metric, mean_image};

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
    /// The mean squared error of their mean given for every image: the variance of the pixels.
    pub variance: f64,
    /// What their pixels have in common; none where there are too few of them to say.
    pub common: Option<Common>,
}

/// What pixels of the same image have in common, once the mean image is taken away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Common {
    /// The correlation of neighbours, left and right or above and below, whichever is further from 0; in `[-1, 1]`.
    pub neighbours: f64,
    /// The squared correlation of two pixels anywhere, on average, less the 1 / (images − 1) that chance gives.
    pub anywhere: f64,
}

/// Correlations of neighbours nearer to 0 are none …
const NO_NEIGHBOURS: f64 = 0.05;

/// … and squared correlations of pixels anywhere below this.
const NOWHERE: f64 = 0.005;

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
        let squared = MSE.values(&sample, |_| &mean).unwrap_or_default();
        Self {
            images: sample.len(),
            variance: squared.iter().sum::<f64>() / squared.len().max(1) as f64,
            common: Common::of(&sample, &mean),
            min: min.min(max),
            max,
            are_equal: sample.len() > 1 && (1..sample.len()).all(|i| sample.image(i) == sample.image(0)),
            floor,
            mean_image_loss,
        }
    }

    /// Whether pixels of an image have anything to do with each other. Where they have not, as in noise, no code with
    /// fewer numbers than pixels tells more of an image than its mean.
    #[must_use]
    pub fn has_structure(&self) -> bool {
        self.common
            .is_none_or(|common| common.neighbours.abs() >= NO_NEIGHBOURS || common.anywhere >= NOWHERE)
    }
}

/// Fewer images say nothing of correlations of single pixels.
const FEWEST_IMAGES: usize = 64;

/// Fewer pixels are no image.
const FEWEST_PIXELS: usize = 16;

/// Pairs of pixels anywhere that are looked at.
const PAIRS: usize = 4096;

impl Common {
    /// Of `images` and their mean.
    fn of(images: &Images, mean: &[f32]) -> Option<Self> {
        let shape = images.shape();
        if images.len() < FEWEST_IMAGES || shape.area() < FEWEST_PIXELS {
            return None;
        }
        let above_mean =
            |image: usize, at: usize| f64::from(images.image(image)[at]) / 255.0 - f64::from(mean[at]);
        let variance = |at: usize| (0..images.len()).map(|i| above_mean(i, at).powi(2)).sum::<f64>();
        // Of the channels the first is enough: noise in colour is noise in each.
        let along = |step: usize, rows: usize, columns: usize| {
            let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
            for image in 0..images.len() {
                for at in (0..rows).flat_map(|row| (0..columns).map(move |column| row * shape.width + column))
                {
                    let (x, y) = (above_mean(image, at), above_mean(image, at + step));
                    (both, first, second) = (both + x * y, first + x * x, second + y * y);
                }
            }
            ratio(both, (first * second).sqrt())
        };
        let (height, width) = (shape.height, shape.width);
        let directions = [along(1, height, width - 1), along(width, height - 1, width)];
        let neighbours =
            directions.into_iter().flatten().reduce(|a, b| if a.abs() < b.abs() { b } else { a })?;
        let words = Philox::new(0, Purpose::Sample).stream(0, 0);
        let places: Vec<usize> = words.map(|word| word as usize % shape.area()).take(2 * PAIRS).collect();
        let squares = places.chunks_exact(2).filter(|pair| pair[0] != pair[1]).filter_map(|pair| {
            let both: f64 = (0..images.len()).map(|i| above_mean(i, pair[0]) * above_mean(i, pair[1])).sum();
            ratio(both * both, variance(pair[0]) * variance(pair[1]))
        });
        let (sum, count) = squares.fold((0.0, 0_u32), |(sum, count), square| (sum + square, count + 1));
        let anywhere = ratio(sum, f64::from(count))? - 1.0 / (images.len() - 1) as f64;
        Some(Self { neighbours, anywhere })
    }
}

/// One number divided by another; none where that is zero.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// The squared error of bytes that are right but for their rounding, the variance of a uniform distribution.
const ROUNDING: f64 = 1.0 / (12.0 * 255.0 * 255.0);

/// The negative log-likelihood of a normal distribution at its best variance, which is the squared error itself.
fn least_nll(squared_error: f64) -> f64 {
    0.5 * ((std::f64::consts::TAU * squared_error.max(ROUNDING)).ln() + 1.0)
}
