//! [`Pca`]: principal component analysis.

use std::ops::Range;

use nalgebra::{DMatrix, SymmetricEigen};
use rayon::prelude::*;
use thiserror::Error;

use crate::text::counted;

/// Rows are worked through in blocks of this many, whatever the number of threads, so that sums are
/// always made in the same order.
const BLOCK: usize = 512;

/// Numbers of a block, at most, as far as it has more than one row: 8 MiB of doubles.
const BLOCK_NUMBERS: usize = 1 << 20;

/// Rows of a block, by their features.
fn block(features: usize) -> usize {
    (BLOCK_NUMBERS / features.max(1)).clamp(1, BLOCK)
}

/// The eigenvectors of a matrix take about as long as the products of this many rows for each of its own: measured on
/// 60,000 images of 784 pixels, and of use to a progress bar only.
const EIGEN_ROWS: usize = 10;

/// Why numbers have no principal components, or no summary.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LatentError {
    /// The data is empty or has no features.
    #[error("no data: {} of {}; expected at least one of each", counted(*rows, "row"), counted(*features, "feature"))]
    Empty {
        /// Rows that came.
        rows: usize,
        /// Features that came.
        features: usize,
    },
    /// One row has no variance.
    #[error("principal components need at least two rows, got {rows}; pass more images")]
    TooFewRows {
        /// Rows that came.
        rows: usize,
    },
    /// The values are not whole rows.
    #[error("{} are not whole rows of {}", counted(*values, "value"), counted(*features, "feature"))]
    Length {
        /// Values that came.
        values: usize,
        /// Features in a row.
        features: usize,
    },
    /// Zero components, or more than there can be.
    #[error("cannot find {}: expected 1 to {most}, the lesser of rows and features", counted(*got, "component"))]
    Components {
        /// Components asked for.
        got: usize,
        /// Most that there can be.
        most: usize,
    },
    /// A value is NaN or infinite.
    #[error(
        "row {row} holds {value} at feature {feature}; a diverged model gives such codes: train again with a lower learning rate"
    )]
    NotFinite {
        /// Number of the row, from 0.
        row: usize,
        /// Number of the feature, from 0.
        feature: usize,
        /// The value.
        value: f32,
    },
}

/// Principal components of rows of numbers: the orthogonal directions of greatest variance.
///
/// With the mean μ taken off, the eigenvectors of the covariance `XᵀX / (n − 1)` in the order of
/// falling eigenvalue; in `f64`. Where there are fewer rows than features, they come from the
/// smaller matrix `XXᵀ`, which has the same eigenvalues. Each direction is turned so that its
/// loading of largest absolute value is positive (the first such), which makes it unique where its
/// eigenvalue is.
///
/// Source: Jolliffe, "Principal Component Analysis", 2nd edition, 2002.
///
/// ```
/// use tenun::latent::Pca;
///
/// // Four points on the line (1, 1): one component says it all.
/// let points = [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0];
/// let pca = Pca::fit(&points, 2, 2)?;
/// assert!((pca.explained_variance_ratio()[0] - 1.0).abs() < 1e-12);
/// let projected = pca.transform(&points)?;
/// assert!((projected[0] + 1.5 * 2.0_f32.sqrt()).abs() < 1e-6);
/// # Ok::<(), tenun::latent::LatentError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    /// A direction a column: `[feature][component]`.
    directions: DMatrix<f64>,
    variance: Vec<f64>,
    total_variance: f64,
}

impl Pca {
    /// Finds the first `components` principal components of `values`, `[row][feature]`.
    ///
    /// Features that are constant get no loading. Directions beyond the data's rank have no variance
    /// and are any orthogonal ones.
    ///
    /// # Errors
    /// If the values are not whole finite rows, there are fewer than two rows, or `components` is
    /// zero or more than the lesser of rows and features.
    pub fn fit(values: &[f32], features: usize, components: usize) -> Result<Self, LatentError> {
        check(values, features)?;
        Self::of(values, |value| value, features, components, &mut |_, _| ())
    }

    /// As [`Self::fit`], of pixels `[image][feature]`, each a byte that stands for byte / 255: without a copy of them all
    /// as floats, which would be four times as large. `progress` is called as the work goes on, with the part that is done
    /// and the whole.
    ///
    /// # Errors
    /// As [`Self::fit`].
    pub fn fit_pixels(
        pixels: &[u8],
        features: usize,
        components: usize,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, LatentError> {
        check_whole(pixels.len(), features)?;
        Self::of(pixels, |byte| f32::from(byte) / 255.0, features, components, progress)
    }

    /// Of whole finite rows.
    fn of<T: Copy + Sync>(
        values: &[T],
        number: impl Fn(T) -> f32 + Copy + Sync,
        features: usize,
        components: usize,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, LatentError> {
        let rows = values.len() / features;
        if rows < 2 {
            return Err(LatentError::TooFewRows { rows });
        }
        let most = rows.min(features);
        if !(1..=most).contains(&components) {
            return Err(LatentError::Components { got: components, most });
        }
        let mean = mean(values, number, features, rows);
        let fewer_rows = rows < features;
        // The products of rows, then the eigenvectors, which take about as long as so many rows more.
        let work = rows + EIGEN_ROWS * rows.min(features);
        progress(0, work);
        let products = if fewer_rows {
            gram(values, number, &mean)
        } else {
            scatter(values, number, &mean, &mut |rows| progress(rows, work))
        };
        progress(rows, work);
        let freedom = (rows - 1) as f64;
        let total_variance = products.trace() / freedom;
        let eigen = SymmetricEigen::new(products);
        let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        order.truncate(components);
        let variance = order.iter().map(|&i| eigen.eigenvalues[i].max(0.0) / freedom).collect();
        let vectors = eigen.eigenvectors.select_columns(&order);
        let mut directions = if fewer_rows { spanned(values, number, &mean, &vectors) } else { vectors };
        if fewer_rows {
            orthonormalise(&mut directions, total_variance * freedom);
        }
        fix_signs(&mut directions);
        progress(work, work);
        Ok(Self { mean, directions, variance, total_variance })
    }

    /// How many features a row has.
    #[must_use]
    pub fn features(&self) -> usize {
        self.mean.len()
    }

    /// How many components were kept.
    #[must_use]
    pub fn components(&self) -> usize {
        self.variance.len()
    }

    /// Forgets all but the first `components` components; keeps what there is if that is fewer.
    pub fn truncate(&mut self, components: usize) {
        let components = components.min(self.components());
        self.variance.truncate(components);
        self.directions = self.directions.columns(0, components).into_owned();
    }

    /// Component `component`: its loading of each feature, `[feature]`, of length 1; `None` if there
    /// is no such component.
    #[must_use]
    pub fn loadings(&self, component: usize) -> Option<Vec<f64>> {
        (component < self.components()).then(|| self.directions.column(component).iter().copied().collect())
    }

    /// Variance along each component, `[component]`, falling.
    #[must_use]
    pub fn explained_variance(&self) -> &[f64] {
        &self.variance
    }

    /// The part of all variance that lies along each component, `[component]`, in `[0, 1]`; zeros
    /// where the data has no variance.
    #[must_use]
    pub fn explained_variance_ratio(&self) -> Vec<f64> {
        let total = self.total_variance;
        self.variance.iter().map(|&v| if total > 0.0 { v / total } else { 0.0 }).collect()
    }

    /// Projects rows `[row][feature]` on the components: `[row][component]`.
    ///
    /// # Errors
    /// If the values are not whole finite rows.
    pub fn transform(&self, values: &[f32]) -> Result<Vec<f32>, LatentError> {
        check(values, self.features())?;
        let blocks = values.par_chunks(block(self.features()) * self.features());
        let parts: Vec<Vec<f32>> = blocks
            .map(|block| {
                let scores = self.directions.tr_mul(&centre(block, |value| value, &self.mean));
                scores.iter().map(|&score| score as f32).collect()
            })
            .collect();
        Ok(parts.concat())
    }

    /// Goes back from projections `[row][component]` to rows `[row][feature]`.
    ///
    /// # Errors
    /// If the values are not whole finite rows.
    pub fn inverse_transform(&self, projections: &[f32]) -> Result<Vec<f32>, LatentError> {
        let components = self.components();
        check(projections, components)?;
        let blocks = projections.par_chunks(block(self.features()) * components);
        let parts: Vec<Vec<f32>> = blocks
            .map(|block| {
                let scores = DMatrix::from_iterator(
                    components,
                    block.len() / components,
                    block.iter().map(|&v| f64::from(v)),
                );
                let mut rows = &self.directions * scores;
                for mut row in rows.column_iter_mut() {
                    row.iter_mut().zip(&self.mean).for_each(|(value, mean)| *value += mean);
                }
                rows.iter().map(|&value| value as f32).collect()
            })
            .collect();
        Ok(parts.concat())
    }
}

/// The number of rows of `values`, if they are whole, finite and not empty.
pub(super) fn check(values: &[f32], features: usize) -> Result<usize, LatentError> {
    check_whole(values.len(), features)?;
    if let Some(place) = values.iter().position(|value| !value.is_finite()) {
        let (row, feature) = (place / features, place % features);
        return Err(LatentError::NotFinite { row, feature, value: values[place] });
    }
    Ok(values.len() / features)
}

/// Whether so many values are whole rows, and not none.
fn check_whole(values: usize, features: usize) -> Result<(), LatentError> {
    if features == 0 || values == 0 {
        return Err(LatentError::Empty { rows: values.checked_div(features).unwrap_or(0), features });
    }
    if !values.is_multiple_of(features) {
        return Err(LatentError::Length { values, features });
    }
    Ok(())
}

fn mean<T: Copy>(values: &[T], number: impl Fn(T) -> f32, features: usize, rows: usize) -> Vec<f64> {
    let mut mean = vec![0.0; features];
    for row in values.chunks_exact(features) {
        mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(number(value)));
    }
    mean.iter_mut().for_each(|sum| *sum /= rows as f64);
    mean
}

/// The rows less the mean, a row a column (nalgebra stores columns one after the other):
/// `[feature][row]`.
fn centre<T: Copy>(values: &[T], number: impl Fn(T) -> f32 + Copy, mean: &[f64]) -> DMatrix<f64> {
    let centred = values
        .chunks_exact(mean.len())
        .flat_map(|row| row.iter().zip(mean).map(move |(&value, mean)| f64::from(number(value)) - mean));
    DMatrix::from_iterator(mean.len(), values.len() / mean.len(), centred)
}

/// The rows less the mean of a range of features, as [`centre`] has them.
fn centre_part<T: Copy>(
    values: &[T],
    number: impl Fn(T) -> f32 + Copy,
    mean: &[f64],
    part: Range<usize>,
) -> DMatrix<f64> {
    let centred = values.chunks_exact(mean.len()).flat_map(|row| {
        let pairs = row[part.clone()].iter().zip(&mean[part.clone()]);
        pairs.map(move |(&value, mean)| f64::from(number(value)) - mean)
    });
    DMatrix::from_iterator(part.len(), values.len() / mean.len(), centred)
}

/// Ranges of features whose numbers over all rows are a block: all rows as doubles would be eight times the images.
fn feature_blocks(features: usize, rows: usize) -> impl Iterator<Item = Range<usize>> {
    let size = (BLOCK_NUMBERS / rows.max(1)).max(1);
    (0..features).step_by(size).map(move |start| start..(start + size).min(features))
}

/// `XXᵀ` of the centred rows, `[row][row]`.
fn gram<T: Copy>(values: &[T], number: impl Fn(T) -> f32 + Copy, mean: &[f64]) -> DMatrix<f64> {
    let rows = values.len() / mean.len();
    let mut sum = DMatrix::zeros(rows, rows);
    for part in feature_blocks(mean.len(), rows) {
        let centred = centre_part(values, number, mean, part);
        sum += centred.tr_mul(&centred);
    }
    sum
}

/// `Xᵀ` of the centred rows times `vectors`, `[feature][component]`.
fn spanned<T: Copy>(
    values: &[T],
    number: impl Fn(T) -> f32 + Copy,
    mean: &[f64],
    vectors: &DMatrix<f64>,
) -> DMatrix<f64> {
    let mut directions = DMatrix::zeros(mean.len(), vectors.ncols());
    for part in feature_blocks(mean.len(), values.len() / mean.len()) {
        let product = centre_part(values, number, mean, part.clone()) * vectors;
        directions.rows_mut(part.start, part.len()).copy_from(&product);
    }
    directions
}

/// `XᵀX` of the centred rows, `[feature][feature]`. `progress` is called with the number of rows done.
fn scatter<T: Copy + Sync>(
    values: &[T],
    number: impl Fn(T) -> f32 + Copy + Sync,
    mean: &[f64],
    progress: &mut dyn FnMut(usize),
) -> DMatrix<f64> {
    let features = mean.len();
    // Blocks in groups: as many matrices live at once as a group has blocks, not as the data has.
    let group = BLOCK * features * 8;
    let mut sum = DMatrix::zeros(features, features);
    let mut rows = 0;
    for group in values.chunks(group) {
        let parts: Vec<DMatrix<f64>> = group
            .par_chunks(BLOCK * features)
            .map(|block| {
                let centred = centre(block, number, mean);
                &centred * centred.transpose()
            })
            .collect();
        for part in parts {
            sum += part;
        }
        rows += group.len() / features;
        progress(rows);
    }
    sum
}

/// Makes the columns orthonormal, first to last (modified Gram–Schmidt, twice).
///
/// A column with no length left, which a direction without variance has, is replaced by the first
/// axis that is not yet spanned.
fn orthonormalise(columns: &mut DMatrix<f64>, total: f64) {
    let smallest = (total * 1e-24).sqrt();
    let mut axis = 0;
    for j in 0..columns.ncols() {
        let mut column = columns.column(j).into_owned();
        let mut smallest = smallest;
        loop {
            for _ in 0..2 {
                for k in 0..j {
                    let previous = columns.column(k);
                    let along = previous.dot(&column);
                    column.axpy(-along, &previous, 1.0);
                }
            }
            let norm = column.norm();
            if norm > smallest || axis == columns.nrows() {
                column /= norm;
                break;
            }
            column.fill(0.0);
            column[axis] = 1.0;
            smallest = 1e-6;
            axis += 1;
        }
        columns.set_column(j, &column);
    }
}

fn fix_signs(columns: &mut DMatrix<f64>) {
    for mut column in columns.column_iter_mut() {
        let largest = column.iter().fold(0.0_f64, |best, &v| if v.abs() > best.abs() { v } else { best });
        if largest < 0.0 {
            column.neg_mut();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A projection that went through `f32` is this exact.
    const FLOAT_ROUNDING: f32 = 1e-4;

    fn wavy(rows: usize, features: usize) -> Vec<f32> {
        (0..rows * features)
            .map(|i| {
                let (r, f) = ((i / features) as f32, (i % features) as f32);
                (r * 0.7).sin() * (f + 1.0) + (r * 1.3 + f * f * 0.9).cos() * 0.5
            })
            .collect()
    }

    fn assert_orthonormal(pca: &Pca) {
        let gram = pca.directions.tr_mul(&pca.directions);
        let identity = DMatrix::identity(pca.components(), pca.components());
        assert!((gram - identity).amax() < 1e-9);
    }

    fn assert_restores(pca: &Pca, values: &[f32]) {
        let back = pca.inverse_transform(&pca.transform(values).expect("finite")).expect("finite");
        for (a, b) in back.iter().zip(values) {
            assert!((a - b).abs() < FLOAT_ROUNDING, "{a} {b}");
        }
    }

    #[test]
    fn wide_rows_are_worked_through_in_blocks_and_come_out_the_same() {
        // Three blocks of features, and blocks of fewer rows than there are.
        let (rows, features) = (20, 2 * BLOCK_NUMBERS / 20 + 77);
        let values = wavy(rows, features);
        let mean = mean(&values, |value| value, features, rows);
        assert_eq!(feature_blocks(features, rows).count(), 3);
        let whole = centre(&values, |value| value, &mean);
        let (expected, got) = (whole.tr_mul(&whole), gram(&values, |value| value, &mean));
        assert!((&expected - &got).amax() < 1e-9 * expected.amax());
        let vectors = DMatrix::from_fn(rows, 3, |row, column| ((row * 7 + column * 3) as f64).sin());
        let got = spanned(&values, |value| value, &mean, &vectors);
        assert!((whole * &vectors - got).amax() < 1e-9);
        let pca = Pca::fit(&values, features, 5).expect("valid");
        assert_orthonormal(&pca);
    }

    #[test]
    fn all_components_restore_the_rows() {
        let values = wavy(1500, 7);
        let pca = Pca::fit(&values, 7, 7).expect("valid");
        assert_orthonormal(&pca);
        assert_restores(&pca, &values);
        assert!((pca.explained_variance_ratio().iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let mut first = pca.clone();
        first.truncate(2);
        assert_eq!(first.explained_variance_ratio(), pca.explained_variance_ratio()[..2]);
        assert_eq!(
            first.transform(&values[..7]).expect("finite"),
            pca.transform(&values[..7]).expect("finite")[..2]
        );
        assert!(pca.explained_variance().is_sorted_by(|a, b| a >= b));
    }

    #[test]
    fn variances_are_those_of_the_projections() {
        let values = wavy(300, 5);
        let pca = Pca::fit(&values, 5, 3).expect("valid");
        let projected = pca.transform(&values).expect("finite");
        for component in 0..3 {
            let sum: f64 = projected.chunks_exact(3).map(|row| f64::from(row[component]).powi(2)).sum();
            let ratio = sum / 299.0 / pca.explained_variance()[component];
            assert!((ratio - 1.0).abs() < 1e-4, "{ratio}");
        }
    }

    #[test]
    fn fewer_rows_than_features_find_the_same() {
        let values = wavy(6, 40);
        let pca = Pca::fit(&values, 40, 6).expect("valid");
        assert_orthonormal(&pca);
        assert_restores(&pca, &values);
        // The wide way must find what the tall way finds on the same rows.
        let tall = SymmetricEigen::new(scatter(&values, |value| value, &pca.mean, &mut |_| ()));
        let largest = tall.eigenvalues.max() / 5.0;
        assert!((pca.explained_variance()[0] / largest - 1.0).abs() < 1e-9);
        assert!(pca.explained_variance()[5] < 1e-9, "six centred rows have rank five");
    }

    #[test]
    fn threads_change_no_bit() {
        let values = wavy(5000, 6);
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| Pca::fit(&values, 6, 6).expect("valid"))
        };
        assert_eq!(on(1), on(3));
    }

    #[test]
    fn largest_loading_is_positive() {
        for (rows, features) in [(50, 6), (5, 12)] {
            let pca = Pca::fit(&wavy(rows, features), features, 4).expect("valid");
            for component in 0..4 {
                let loadings = pca.loadings(component).expect("kept");
                let largest = loadings.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs()));
                assert!(largest.expect("features") > 0.0);
            }
            assert_eq!(pca.loadings(4), None);
        }
    }

    #[test]
    fn constant_features_get_no_loading() {
        let values: Vec<f32> = (0..20).flat_map(|i| [3.0, i as f32, -1.0]).collect();
        let pca = Pca::fit(&values, 3, 1).expect("valid");
        assert_eq!(pca.loadings(0).expect("kept"), [0.0, 1.0, 0.0]);
        assert_eq!(pca.explained_variance_ratio(), [1.0]);
    }

    #[test]
    fn data_without_variance_has_components_all_the_same() {
        for features in [2, 9] {
            let pca = Pca::fit(&vec![0.25; 4 * features], features, 2).expect("valid");
            assert_orthonormal(&pca);
            assert_eq!(pca.explained_variance_ratio(), [0.0, 0.0]);
            assert_eq!(pca.transform(&vec![0.25; features]).expect("finite"), [0.0, 0.0]);
        }
    }

    #[test]
    fn pixels_are_their_floats() {
        // More rows than features, and fewer.
        for (rows, features) in [(700, 6), (4, 9)] {
            let pixels: Vec<u8> = (0..rows * features).map(|i| (i * i % 251) as u8).collect();
            let floats: Vec<f32> = pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect();
            let found = Pca::fit_pixels(&pixels, features, 3, &mut |_, _| ()).expect("valid");
            assert_eq!(found, Pca::fit(&floats, features, 3).expect("valid"));
        }
        assert!(matches!(Pca::fit_pixels(&[1; 7], 3, 1, &mut |_, _| ()), Err(LatentError::Length { .. })));
        assert!(matches!(Pca::fit_pixels(&[], 3, 1, &mut |_, _| ()), Err(LatentError::Empty { .. })));
    }

    #[test]
    fn wrong_input_is_refused_with_its_place() {
        assert_eq!(Pca::fit(&[], 3, 1), Err(LatentError::Empty { rows: 0, features: 3 }));
        assert_eq!(Pca::fit(&[1.0], 0, 1), Err(LatentError::Empty { rows: 0, features: 0 }));
        assert_eq!(Pca::fit(&[1.0, 2.0], 2, 1), Err(LatentError::TooFewRows { rows: 1 }));
        assert_eq!(Pca::fit(&[1.0; 5], 2, 1), Err(LatentError::Length { values: 5, features: 2 }));
        assert_eq!(Pca::fit(&[1.0; 6], 2, 3), Err(LatentError::Components { got: 3, most: 2 }));
        assert_eq!(Pca::fit(&[1.0; 6], 2, 0), Err(LatentError::Components { got: 0, most: 2 }));
        assert!(matches!(
            Pca::fit(&[1.0, 2.0, 3.0, f32::NAN], 2, 1),
            Err(LatentError::NotFinite { row: 1, feature: 1, value }) if value.is_nan()
        ));
        let pca = Pca::fit(&wavy(4, 3), 3, 2).expect("valid");
        assert_eq!(pca.transform(&[0.0; 4]), Err(LatentError::Length { values: 4, features: 3 }));
        assert!(pca.inverse_transform(&[f32::INFINITY, 0.0]).is_err());
    }
}
