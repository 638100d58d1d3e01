//! Sparse codes: how much of a code is silent.

use super::Figure;

/// How sparse the codes `[image][unit]` are.
///
/// Hoyer's measure (√n − Σ|a| / √Σa²) / (√n − 1) is 0 where all units are equally active and 1 where one is alone:
/// Hoyer, "Non-negative matrix factorization with sparseness constraints" (2004). It is the mean over images with a
/// code other than zero.
pub(super) fn figures(codes: &[f32], units: usize) -> Vec<Figure> {
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
    #[allow(clippy::cast_precision_loss)]
    let mut figures = vec![
        Figure::new("code_mean", mean, "mean absolute number of a code"),
        Figure::new(
            "code_zeros",
            zeros as f64 / count,
            "share of the numbers of codes that are exactly zero",
        ),
    ];
    if !hoyer.is_empty() {
        #[allow(clippy::cast_precision_loss)]
        let mean = hoyer.iter().sum::<f64>() / hoyer.len() as f64;
        figures.push(Figure::new(
            "code_hoyer",
            mean,
            "Hoyer's sparseness of a code: 0 even, 1 a single unit",
        ));
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_code_is_not_sparse_and_a_single_unit_is() {
        let value = |codes: &[f32], name: &str| {
            figures(codes, 4).into_iter().find(|figure| figure.name == name).unwrap().value
        };
        assert!(value(&[1.0, -1.0, 1.0, 1.0], "code_hoyer").abs() < 1e-12);
        assert!((value(&[0.0, 3.0, 0.0, 0.0], "code_hoyer") - 1.0).abs() < 1e-12);
        assert!((value(&[0.0, 3.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0], "code_zeros") - 0.25).abs() < 1e-12);
        assert_eq!(figures(&[0.0; 4], 4).len(), 2, "a code of zeros has no direction");
    }
}
