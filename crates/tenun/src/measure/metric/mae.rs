//! Mean absolute error.

use super::{Better, ImageMetric, Measures, Metric, Perfect, any_shape};

/// Mean absolute error.
pub static MAE: Metric = Metric {
    name: "mae",
    label: "MAE",
    unit: "",
    better: Better::Lower,
    decimals: 5,
    meaning: "mean absolute error of a pixel, whose values are 0 to 1",
    of: Measures::Images(ImageMetric {
        meter: |_| Box::new(mae),
        refuses: any_shape,
        perfect: Perfect::Always(0.0),
        on_logits: None,
    }),
};

/// Mean absolute error of one image, in units of the pixel range `[0, 1]`.
///
/// `1/n Σ |t − p|`, with `t = byte / 255`. Both slices have the same order and length.
///
/// ```
/// assert_eq!(tenun::measure::mae(&[255, 0], &[0.5, 0.25]), 0.375);
/// ```
#[must_use]
pub fn mae(targets: &[u8], reconstruction: &[f32]) -> f64 {
    let pairs = targets.iter().zip(reconstruction);
    let sum: f64 = pairs.map(|(&t, &p)| (f64::from(t) / 255.0 - f64::from(p)).abs()).sum();
    sum / targets.len().min(reconstruction.len()).max(1) as f64
}
