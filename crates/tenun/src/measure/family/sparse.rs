//! Sparse codes: how much of a code is zero.

use super::{Better, Measurement, metric};
use crate::measure::Metric;

/// Size of the numbers of a code.
pub static CODE_MEAN: Metric = metric(
    ("code_mean", "mean |code|"),
    "",
    Better::Neither,
    4,
    "mean absolute value of the numbers of a code",
);

/// Zeros in a code.
pub static CODE_ZEROS: Metric = metric(
    ("code_zeros", "zeros in a code"),
    "",
    Better::Neither,
    4,
    "share of the numbers of a code that are exactly zero",
);

/// Hoyer's sparseness of a code.
pub static CODE_HOYER: Metric = metric(
    ("code_hoyer", "Hoyer sparseness"),
    "",
    Better::Neither,
    4,
    "Hoyer's sparseness of a code: 0 if all units are equally active, 1 if a single one is",
);

pub(super) static METRICS: [&Metric; 3] = [&CODE_MEAN, &CODE_ZEROS, &CODE_HOYER];

/// How sparse the codes `[image][unit]` are.
///
/// Hoyer's measure (√n − Σ|a| / √Σa²) / (√n − 1) is 0 where all units are equally active and 1 where one is alone:
/// Hoyer, "Non-negative matrix factorization with sparseness constraints" (2004). It is the mean over images with a
/// code other than zero.
pub(super) fn measure(codes: &[f32], units: usize) -> Vec<Measurement> {
    let images = codes.len() / units.max(1);
    #[allow(clippy::cast_precision_loss)]
    let (count, root) = (codes.len() as f64, (units as f64).sqrt());
    let zeros = codes.iter().filter(|&&a| a == 0.0).count();
    let mean = codes.iter().map(|&a| f64::from(a.abs())).sum::<f64>() / count;
    let hoyer: Vec<f64> = codes
        .chunks_exact(units)
        .filter_map(|code| {
            let one: f64 = code.iter().map(|&a| f64::from(a.abs())).sum();
            let two = code.iter().map(|&a| f64::from(a).powi(2)).sum::<f64>().sqrt();
            (two > 0.0 && units > 1).then(|| (root - one / two) / (root - 1.0))
        })
        .collect();
    let mut found = vec![Measurement::new(&CODE_MEAN, mean, images)];
    #[allow(clippy::cast_precision_loss)]
    found.push(Measurement::new(&CODE_ZEROS, zeros as f64 / count, images));
    if !hoyer.is_empty() {
        #[allow(clippy::cast_precision_loss)]
        let mean = hoyer.iter().sum::<f64>() / hoyer.len() as f64;
        found.push(Measurement::new(&CODE_HOYER, mean, images));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_code_is_not_sparse_and_a_single_unit_is() {
        let value = |codes: &[f32], metric: &Metric| {
            measure(codes, 4).into_iter().find(|found| found.metric == metric).unwrap().value
        };
        assert!(value(&[1.0, -1.0, 1.0, 1.0], &CODE_HOYER).abs() < 1e-12);
        assert!((value(&[0.0, 3.0, 0.0, 0.0], &CODE_HOYER) - 1.0).abs() < 1e-12);
        assert!((value(&[0.0, 3.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0], &CODE_ZEROS) - 0.25).abs() < 1e-12);
        assert_eq!(measure(&[0.0; 4], 4).len(), 2, "a code of zeros has no direction");
    }
}
