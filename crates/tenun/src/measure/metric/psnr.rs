//! Peak signal-to-noise ratio.

use super::{Better, MSE, Measures, Metric};

/// Peak signal-to-noise ratio, of several images that of their mean squared error.
pub static PSNR: Metric = Metric {
    name: "psnr",
    label: "PSNR",
    unit: "dB",
    better: Better::Higher,
    decimals: 2,
    meaning: "peak signal-to-noise ratio: the MSE in decibels",
    of: Measures::Derived { from: &MSE, by: psnr, perfect: f64::INFINITY },
};

/// Peak signal-to-noise ratio of a mean squared error, in decibels; pixels range over `[0, 1]`.
///
/// `10 log₁₀(1 / MSE)`. No error at all is infinitely good: `f64::INFINITY`.
///
/// Over many images there are two averages in use. [`crate::measure::Scores`] takes the PSNR *of the mean
/// MSE*, which belongs to the MSE printed beside it and stays finite when one image is perfect. The
/// other, the mean of the images' PSNR, is never lower (Jensen's inequality), and can be had from
/// [`crate::measure::ImageScores`].
///
/// ```
/// assert!((tenun::measure::psnr(0.01) - 20.0).abs() < 1e-12);
/// ```
#[must_use]
pub fn psnr(mse: f64) -> f64 {
    10.0 * mse.recip().log10()
}
