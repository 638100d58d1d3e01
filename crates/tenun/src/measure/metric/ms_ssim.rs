//! Multi-scale structural similarity (MS-SSIM).

use tenun_engine::Shape;

use super::ssim::{C2, Local, Windows};
use super::{Better, ImageMetric, Measures, Metric, Perfect};

/// The exponents of the scales, the finest first.
const WEIGHTS: [f64; 5] = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

/// The shortest side of an image whose coarsest scale still holds the window of 11×11: 10 · 2⁴ + 1.
const SHORTEST: usize = 161;

/// Multi-scale structural similarity.
///
/// `MS-SSIM = SSIM₅^γ₅ · Π CSⱼ^γⱼ`, j from 1 to 4, where scale j + 1 is scale j halved by averaging 2×2 pixels, SSIM is the mean
/// of [`super::Ssim`]'s index over the places of its window, and CS the mean of its factor for contrast and structure,
/// `(2 σₓᵧ + C₂) / (σₓ² + σᵧ² + C₂)`. γ = 0.0448, 0.2856, 0.3001, 0.2363, 0.1333. It is the mean over the channels; a mean below
/// zero counts as zero. Source: Wang, Simoncelli and Bovik, "Multi-scale structural similarity for image quality
/// assessment", 2003.
///
/// The same numbers as `ms_ssim` of pytorch-msssim with `data_range=1`. As there, an odd side is halved with a row of zeros
/// before its first, and images with a side under 161 pixels are not measured: with fewer scales, or a smaller window, the
/// value could not be compared with anyone's.
pub static MS_SSIM: Metric = Metric {
    name: "ms_ssim",
    label: "MS-SSIM",
    unit: "",
    better: Better::Higher,
    decimals: 4,
    meaning: "structural similarity at five scales, from 0 for unrelated images to 1 for equal ones",
    of: Measures::Images(ImageMetric {
        meter: |shape| {
            let mut ms_ssim = MsSsim::new(shape);
            Box::new(move |target, reconstruction| ms_ssim.ms_ssim(target, reconstruction))
        },
        refuses: |shape| {
            (shape.height.min(shape.width) < SHORTEST).then(|| {
                format!("needs {SHORTEST}×{SHORTEST} pixels or more, got {}×{}", shape.height, shape.width)
            })
        },
        perfect: Perfect::Always(1.0),
        on_logits: None,
    }),
};

/// Measures it on images of one size; keeps its buffers from image to image.
#[derive(Clone, Debug)]
struct MsSsim {
    shape: Shape,
    /// The window over each scale.
    scales: Vec<Windows>,
    /// Both images at the scale at hand, `[row][column]`.
    pair: [Vec<f64>; 2],
}

impl MsSsim {
    /// Buffers for images of `shape`.
    fn new(shape: Shape) -> Self {
        let mut size = (shape.height, shape.width);
        let scales = WEIGHTS.map(|_| {
            let windows = Windows::new(size.0, size.1);
            size = (size.0.div_ceil(2), size.1.div_ceil(2));
            windows
        });
        Self { shape, scales: scales.into(), pair: [Vec::new(), Vec::new()] }
    }

    /// MS-SSIM of one image, bytes divided by 255, and its reconstruction in `[0, 1]`, both `[channel][row][column]` and of
    /// this size, which has at least 161 rows and columns.
    fn ms_ssim(&mut self, target: &[u8], reconstruction: &[f32]) -> f64 {
        let area = self.shape.area();
        let mut sum = 0.0;
        for channel in 0..self.shape.channels {
            let pixels = channel * area..(channel + 1) * area;
            let [xs, ys] = &mut self.pair;
            xs.clear();
            xs.extend(target[pixels.clone()].iter().map(|&byte| f64::from(byte) / 255.0));
            ys.clear();
            ys.extend(reconstruction[pixels].iter().map(|&value| f64::from(value)));
            sum += self.channel();
        }
        sum / self.shape.channels.max(1) as f64
    }

    /// That of the channel in `pair`.
    fn channel(&mut self) -> f64 {
        let [xs, ys] = &mut self.pair;
        let (mut height, mut width) = (self.shape.height, self.shape.width);
        let mut product = 1.0;
        for (scale, (windows, weight)) in self.scales.iter_mut().zip(WEIGHTS).enumerate() {
            let of = |local: &Local| [local.similarity(), contrast_structure(local)];
            let [similarity, contrast_structure] = windows.mean(|i| (xs[i], ys[i]), of);
            let is_coarsest = scale + 1 == WEIGHTS.len();
            let factor: f64 = if is_coarsest { similarity } else { contrast_structure };
            product *= factor.max(0.0).powf(weight);
            for plane in [&mut *xs, &mut *ys] {
                halve(plane, height, width);
            }
            (height, width) = (height.div_ceil(2), width.div_ceil(2));
        }
        product
    }
}

/// SSIM's factor for contrast and structure.
fn contrast_structure(local: &Local) -> f64 {
    let covariance = local.products - local.mean_x * local.mean_y;
    let variances = local.squares - local.mean_x * local.mean_x - local.mean_y * local.mean_y;
    (2.0 * covariance + C2) / (variances + C2)
}

/// Averages blocks of 2×2 pixels in place. A row, or column, of zeros stands before the first where the side is odd.
fn halve(plane: &mut Vec<f64>, height: usize, width: usize) {
    let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
    for row in 0..rows {
        for column in 0..columns {
            let mut sum = 0.0;
            // Places are counted from one before the image where its side is odd.
            for y in (2 * row..2 * row + 2).filter_map(|y| y.checked_sub(height % 2)) {
                for x in (2 * column..2 * column + 2).filter_map(|x| x.checked_sub(width % 2)) {
                    sum += plane[y * width + x];
                }
            }
            // Written behind everything that is still to be read.
            plane[row * columns + column] = 0.25 * sum;
        }
    }
    plane.truncate(rows * columns);
}

#[cfg(test)]
mod tests {
    use super::super::golden::Case;
    use super::*;

    /// As the script has them.
    fn pixel(seed: usize, c: usize, i: usize, j: usize) -> (usize, usize) {
        let byte = (seed * 31 + c * 57 + i * 2 + j + (i / 16) * (j / 16) * 23) % 256;
        let noise = (seed * 17 + c * 13 + i * 29 + j * 41 + (i / 32) * 90) % 256;
        (byte, byte * 3 + noise)
    }

    #[test]
    fn ms_ssim_is_that_of_pytorch_msssim() {
        for case in Case::all(include_str!("golden/ms_ssim.json")) {
            let (shape, expected) = (case.shape(), case.score("ms_ssim"));
            let (target, output) = case.images(pixel);
            let mut measure = MsSsim::new(shape);
            let first = measure.ms_ssim(&target, &output);
            assert!((first - expected).abs() < 1e-9, "{shape}: expected {expected}, got {first}");
            assert_eq!(measure.ms_ssim(&target, &output), first, "buffers carry nothing over");
        }
    }

    #[test]
    fn equal_images_score_one_and_small_ones_are_refused() {
        let shape = Shape::new(1, 161, 170);
        let target: Vec<u8> = (0..shape.len()).map(|at| (at * 37 % 251) as u8).collect();
        let copy: Vec<f32> = target.iter().map(|&byte| f32::from(byte) / 255.0).collect();
        assert!((MsSsim::new(shape).ms_ssim(&target, &copy) - 1.0).abs() < 1e-6);
        let inverse: Vec<f32> = copy.iter().map(|value| 1.0 - value).collect();
        assert_eq!(MsSsim::new(shape).ms_ssim(&target, &inverse), 0.0, "below zero counts as zero");
        assert_eq!(MS_SSIM.refuses(shape), None);
        let reason = MS_SSIM.refuses(Shape::new(3, 160, 400)).unwrap();
        assert_eq!(reason, "needs 161×161 pixels or more, got 160×400");
    }
}
