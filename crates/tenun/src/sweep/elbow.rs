//! The elbow of a curve: where more costs much and gains little.

/// The elbow of a falling convex curve through `points` (x rising, at least three of them), as a place among them: the point
/// farthest under the straight line between its ends, both axes scaled to 0…1. None where no point lies under it.
///
/// With `log`, x counts by its logarithm, as on the axis of the picture; where the elbow is depends on that choice.
///
/// Source: Satopää, Albrecht, Irwin and Raghavan, "Finding a 'Kneedle' in a haystack" (2011), who call it the knee: the greatest
/// difference from the diagonal of the scaled curve; here without their smoothing, for a few measured points.
///
/// ```
/// use tenun::sweep::elbow;
///
/// let points = [(2.0, 10.0), (4.0, 4.0), (8.0, 3.0), (16.0, 2.5)];
/// assert_eq!(elbow(&points, true), Some(1));
/// ```
#[must_use]
pub fn elbow(points: &[(f64, f64)], log: bool) -> Option<usize> {
    let along = |x: f64| if log { x.ln() } else { x };
    let (&(first, top), &(last, bottom)) = (points.first()?, points.last()?);
    let (width, height) = (along(last) - along(first), top - bottom);
    if points.len() < 3 || !(width > 0.0 && height > 0.0) {
        return None;
    }
    let depth = |&(x, y): &(f64, f64)| {
        let across = (along(x) - along(first)) / width;
        let down = (top - y) / height;
        down - across
    };
    let deepest = points.iter().map(depth).enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    // A straight line has no elbow, whatever its last digits say.
    (deepest.1 > 1e-9).then_some(deepest.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_elbow_is_where_the_curve_bends() {
        // 1/x between 1 and 16: the chord's slope is that of the curve at x = 4.
        let points: Vec<(f64, f64)> = (1..=16).map(|x| (f64::from(x), 1.0 / f64::from(x))).collect();
        assert_eq!(elbow(&points, false), Some(3));
    }

    #[test]
    fn the_axis_decides_with() {
        // Under the chord: 0.49, 0.58, 0.42 along x, and 0.31, 0.28, 0.14 along its logarithm.
        let points = [(1.0, 1.0), (2.0, 0.5), (4.0, 0.3), (8.0, 0.2), (16.0, 0.1)];
        assert_eq!(elbow(&points, false), Some(2));
        assert_eq!(elbow(&points, true), Some(1));
    }

    #[test]
    fn lines_and_rising_curves_have_none() {
        assert_eq!(elbow(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)], false), None);
        assert_eq!(elbow(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.5)], false), None);
        assert_eq!(elbow(&[(1.0, 3.0), (2.0, 1.0)], false), None);
        assert_eq!(elbow(&[], true), None);
        // Concave: it lies above its chord.
        assert_eq!(elbow(&[(1.0, 3.0), (2.0, 2.9), (3.0, 1.0)], false), None);
    }
}
