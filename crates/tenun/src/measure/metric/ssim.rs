//! Structural similarity (SSIM).

use tenun_engine::Shape;

use super::{Better, ImageMetric, Measures, Metric, Perfect, any_shape};

/// Structural similarity.
pub static SSIM: Metric = Metric {
    name: "ssim",
    label: "SSIM",
    unit: "",
    better: Better::Higher,
    decimals: 4,
    meaning: "structural similarity, from 0 for unrelated images to 1 for equal ones",
    of: Measures::Images(ImageMetric {
        meter: |shape| {
            let mut ssim = Ssim::new(shape);
            Box::new(move |target, reconstruction| ssim.ssim(target, reconstruction))
        },
        refuses: any_shape,
        perfect: Perfect::Always(1.0),
        on_logits: None,
    }),
};

/// Standard deviation of the Gaussian window, in pixels.
const SIGMA: f64 = 1.5;
/// The window reaches this many pixels to each side: 11×11 in all.
const RADIUS: usize = 5;
/// (K₁ L)² with K₁ = 0.01 and pixel range L = 1: keeps the luminance term away from 0/0.
const C1: f64 = 0.01 * 0.01;
/// (K₂ L)² with K₂ = 0.03: keeps the contrast term away from 0/0.
pub(super) const C2: f64 = 0.03 * 0.03;
/// Local moments: mean of x, mean of y, mean of x² + y², mean of xy.
const MOMENTS: usize = 4;

/// Measures structural similarity of images of one size; keeps its buffers from image to image.
///
/// For each place of an 11×11 Gaussian window (σ = 1.5) that lies fully inside the image, with
/// means μ, variances σ² and covariance σₓᵧ under the window's weights,
///
/// `SSIM = (2 μₓμᵧ + C₁)(2 σₓᵧ + C₂) / ((μₓ² + μᵧ² + C₁)(σₓ² + σᵧ² + C₂))`,
///
/// K₁ = 0.01, K₂ = 0.03, L = 1; the mean over all places, then over the channels. 1 is a perfect
/// reconstruction, 0 an unrelated one. Source: Wang, Bovik, Sheikh and Simoncelli, "Image quality
/// assessment: from error visibility to structural similarity", 2004. The same numbers as
/// scikit-image's `structural_similarity` with `gaussian_weights=True, use_sample_covariance=False,
/// data_range=1`.
///
/// Where the image has fewer than 11 rows or columns the window shrinks along that axis to the
/// greatest odd number that fits, its weights scaled to sum to 1 again. (scikit-image refuses such
/// images.)
///
/// ```
/// use tenun::engine::Shape;
/// use tenun::measure::Ssim;
///
/// let image: Vec<u8> = (0..28 * 28).map(|i| (i % 251) as u8).collect();
/// let copy: Vec<f32> = image.iter().map(|&byte| f32::from(byte) / 255.0).collect();
/// assert!((Ssim::new(Shape::new(1, 28, 28)).ssim(&image, &copy) - 1.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug)]
pub struct Ssim {
    shape: Shape,
    windows: Windows,
}

impl Ssim {
    /// Buffers and weights for images of `shape`.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self { shape, windows: Windows::new(shape.height, shape.width) }
    }

    /// SSIM of one image, bytes divided by 255, and its reconstruction in `[0, 1]`, both
    /// `[channel][row][column]` and of this size. Two images without pixels are equal: 1.
    ///
    /// # Panics
    /// If a slice is shorter than the shape says.
    #[must_use]
    pub fn ssim(&mut self, target: &[u8], reconstruction: &[f32]) -> f64 {
        if self.shape.is_empty() {
            return 1.0;
        }
        let area = self.shape.area();
        let mut sum = 0.0;
        for channel in 0..self.shape.channels {
            let pixels = channel * area..(channel + 1) * area;
            let (xs, ys) = (&target[pixels.clone()], &reconstruction[pixels]);
            let pixel = |i: usize| (f64::from(xs[i]) * (1.0 / 255.0), f64::from(ys[i]));
            let [similarity] = self.windows.mean(pixel, |local| [local.similarity()]);
            sum += similarity;
        }
        sum / self.shape.channels.max(1) as f64
    }
}

/// What the window sees at one place: means of x, of y, of x² + y², and of xy.
pub(super) struct Local {
    pub(super) mean_x: f64,
    pub(super) mean_y: f64,
    pub(super) squares: f64,
    pub(super) products: f64,
}

impl Local {
    /// SSIM at this place.
    pub(super) fn similarity(&self) -> f64 {
        let mean_product = self.mean_x * self.mean_y;
        let mean_squares = self.mean_x * self.mean_x + self.mean_y * self.mean_y;
        let covariance = self.products - mean_product;
        let variances = self.squares - mean_squares;
        ((2.0 * mean_product + C1) * (2.0 * covariance + C2)) / ((mean_squares + C1) * (variances + C2))
    }
}

/// The window over one channel, at every place where it lies fully inside.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    height: usize,
    width: usize,
    row_weights: Vec<f64>,
    column_weights: Vec<f64>,
    /// `[row][moment][column]`.
    moments: Vec<f64>,
    /// `[moment][column]` of one row of windows, filtered down the columns.
    filtered: Vec<f64>,
    /// The same, filtered along the row as well.
    local: Vec<f64>,
}

impl Windows {
    /// Buffers and weights for channels of this size.
    pub(super) fn new(height: usize, width: usize) -> Self {
        let row_weights = gaussian(height);
        let column_weights = gaussian(width);
        let out_width = (width + 1).saturating_sub(column_weights.len());
        Self {
            height,
            width,
            moments: vec![0.0; height * width * MOMENTS],
            filtered: vec![0.0; width * MOMENTS],
            local: vec![0.0; out_width * MOMENTS],
            row_weights,
            column_weights,
        }
    }

    /// The means over all places of the values that `of` takes of each. `pixel` gives both images' values at a pixel,
    /// row by row.
    ///
    /// The Gaussian is separable: a pass down the columns and one along the rows cost 22 multiplies
    /// a place, where the square window costs 121.
    pub(super) fn mean<const N: usize>(
        &mut self,
        pixel: impl Fn(usize) -> (f64, f64),
        of: impl Fn(&Local) -> [f64; N],
    ) -> [f64; N] {
        self.load(pixel);
        let width = self.width;
        let out_width = width + 1 - self.column_weights.len();
        let out_height = self.height + 1 - self.row_weights.len();
        let mut sums = [0.0; N];
        for top in 0..out_height {
            self.filtered.fill(0.0);
            let rows = self.moments[top * width * MOMENTS..].chunks_exact(width * MOMENTS);
            for (&weight, row) in self.row_weights.iter().zip(rows) {
                add_scaled(&mut self.filtered, weight, row);
            }
            self.local.fill(0.0);
            let lines = self.filtered.chunks_exact(width);
            for (line, out) in lines.zip(self.local.chunks_exact_mut(out_width)) {
                for (offset, &weight) in self.column_weights.iter().enumerate() {
                    add_scaled(out, weight, &line[offset..offset + out_width]);
                }
            }
            let (mx, rest) = self.local.split_at(out_width);
            let (my, rest) = rest.split_at(out_width);
            let (squares, products) = rest.split_at(out_width);
            for place in 0..out_width {
                let values = of(&Local {
                    mean_x: mx[place],
                    mean_y: my[place],
                    squares: squares[place],
                    products: products[place],
                });
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
        sums.map(|sum| sum / (out_width * out_height) as f64)
    }

    fn load(&mut self, pixel: impl Fn(usize) -> (f64, f64)) {
        let width = self.width;
        for (at, row) in self.moments.chunks_exact_mut(width * MOMENTS).enumerate() {
            let (mx, rest) = row.split_at_mut(width);
            let (my, rest) = rest.split_at_mut(width);
            let (squares, products) = rest.split_at_mut(width);
            for column in 0..width {
                let (x, y) = pixel(at * width + column);
                mx[column] = x;
                my[column] = y;
                squares[column] = x * x + y * y;
                products[column] = x * y;
            }
        }
    }
}

fn add_scaled(out: &mut [f64], weight: f64, values: &[f64]) {
    for (out, &value) in out.iter_mut().zip(values) {
        *out += weight * value;
    }
}

/// Weights of the window along an axis of `length` pixels; they sum to 1.
fn gaussian(length: usize) -> Vec<f64> {
    let radius = RADIUS.min(length.saturating_sub(1) / 2) as i32;
    let weights: Vec<f64> =
        (-radius..=radius).map(|x| (-0.5 * (f64::from(x) / SIGMA).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::super::golden::Case;
    use super::*;

    /// As the script has them.
    fn pixel(seed: usize, c: usize, i: usize, j: usize) -> (usize, usize) {
        let byte = (seed * 31 + c * 57 + i * i * 3 + j * (i + 7) * 5) % 256;
        let noise = (seed * 17 + c * 13 + i * 29 + j * 41) % 64;
        (byte, byte * 3 + noise * 4)
    }

    #[test]
    fn ssim_is_that_of_scikit_image() {
        for case in Case::all(include_str!("golden/ssim.json")) {
            let (shape, expected) = (case.shape(), case.score("ssim"));
            let (target, output) = case.images(pixel);
            let got = Ssim::new(shape).ssim(&target, &output);
            assert!((got - expected).abs() < 1e-9, "{shape}: expected {expected}, got {got}");
        }
    }
}
