//! [`LatentSummary`]: what each unit of the code does over the data.

use serde::{Deserialize, Serialize};

use super::pca::{LatentError, check};

/// What one unit of the code does over the data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnitSummary {
    /// Mean over the images.
    pub mean: f64,
    /// Standard deviation over the images (divided by n).
    pub std: f64,
    /// Least value.
    pub min: f32,
    /// Greatest value.
    pub max: f32,
    /// Part of the images for which it is exactly zero, as ReLU makes it; in `[0, 1]`.
    pub zero_fraction: f64,
}

impl UnitSummary {
    /// Whether the unit says the same of every image, and so nothing.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.min == self.max
    }
}

/// What each unit of the code does over the data.
///
/// ```
/// use tenun::latent::LatentSummary;
///
/// let summary = LatentSummary::new(&[0.0, 5.0, 2.0, 5.0], 2)?;
/// assert_eq!(summary.units[0].mean, 1.0);
/// assert_eq!(summary.units[0].zero_fraction, 0.5);
/// assert_eq!(summary.dead, [1]);
/// # Ok::<(), tenun::latent::LatentError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LatentSummary {
    /// How many images were encoded.
    pub images: usize,
    /// Unit by unit.
    pub units: Vec<UnitSummary>,
    /// Units that are constant over the data: numbers of the code that carry nothing.
    pub dead: Vec<usize>,
    /// Part of all the codes' numbers that are exactly zero, in `[0, 1]`.
    pub zero_fraction: f64,
}

impl LatentSummary {
    /// Summarises `codes`, `[image][unit]`, of `units` numbers each.
    ///
    /// # Errors
    /// If the codes are not whole finite rows, or there is none.
    pub fn new(codes: &[f32], units: usize) -> Result<Self, LatentError> {
        let images = check(codes, units)?;
        let count = images as f64;
        let summaries: Vec<UnitSummary> = (0..units)
            .map(|unit| {
                let values = || codes.iter().skip(unit).step_by(units).copied();
                let mean = values().map(f64::from).sum::<f64>() / count;
                let variance = values().map(|v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
                UnitSummary {
                    mean,
                    std: variance.sqrt(),
                    min: values().fold(f32::INFINITY, f32::min),
                    max: values().fold(f32::NEG_INFINITY, f32::max),
                    zero_fraction: values().filter(|&v| v == 0.0).count() as f64 / count,
                }
            })
            .collect();
        let dead = (0..units).filter(|&unit| summaries[unit].is_dead()).collect();
        let zero_fraction = summaries.iter().map(|unit| unit.zero_fraction).sum::<f64>() / units as f64;
        Ok(Self { images, units: summaries, dead, zero_fraction })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let summary = LatentSummary::new(&[0.0, 1.0, 7.0, 0.0, 3.0, 7.0, 6.0, 5.0, 7.0], 3).expect("valid");
        assert_eq!(summary.images, 3);
        let unit = summary.units[1];
        assert_eq!((unit.mean, unit.min, unit.max, unit.zero_fraction), (3.0, 1.0, 5.0, 0.0));
        assert!((unit.std - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(summary.dead, [2]);
        assert!((summary.units[0].zero_fraction - 2.0 / 3.0).abs() < 1e-12);
        assert!((summary.zero_fraction - 2.0 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn wrong_input_is_refused() {
        assert_eq!(LatentSummary::new(&[], 2), Err(LatentError::Empty { rows: 0, features: 2 }));
        assert_eq!(LatentSummary::new(&[1.0; 3], 2), Err(LatentError::Length { values: 3, features: 2 }));
        assert!(matches!(
            LatentSummary::new(&[1.0, f32::NEG_INFINITY], 1),
            Err(LatentError::NotFinite { row: 1, feature: 0, .. })
        ));
    }
}
