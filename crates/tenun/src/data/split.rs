//! Holding images out of training, for an honest choice between models.

use tenun_engine::{Philox, Purpose};

use super::{DataError, Dataset};

/// Splits `set` in two: the images to train on, and `round(fraction × n)` of the `n` images held out.
///
/// The images are put in the random order that `seed` gives for this purpose; the first of them are held out. So
/// the same seed holds out the same images whatever happens
/// elsewhere, and a larger fraction holds out all that a smaller one does. Classes are not balanced. Both sides
/// keep the order of the source, share no image, and together are the whole set.
///
/// ```
/// use tenun::data::{Dataset, Images, hold_out};
/// use tenun::engine::Shape;
///
/// let images = Images::new(Shape::new(1, 1, 1), (0..10).collect()).unwrap();
/// let (train, held) = hold_out(&Dataset::new("ten", images), 0.2, 7)?;
/// assert_eq!((train.len(), held.len()), (8, 2));
/// # Ok::<(), tenun::data::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Fraction`] if `fraction` is not between 0 and 1 (both excluded; NaN too) or would leave one side
/// without images.
pub fn hold_out(set: &Dataset, fraction: f64, seed: u64) -> Result<(Dataset, Dataset), DataError> {
    let count = set.len();
    // Written so that NaN is refused: it is neither above 0 nor below 1.
    let inside = fraction > 0.0 && fraction < 1.0;
    let held = (fraction * count as f64).round() as usize;
    if !inside || held == 0 || held >= count {
        return Err(DataError::Fraction { fraction, count });
    }
    let mut is_held = vec![false; count];
    for &index in &Philox::new(seed, Purpose::Split).permutation(count, 0)[..held] {
        is_held[index as usize] = true;
    }
    let (out, train): (Vec<usize>, Vec<usize>) = (0..count).partition(|&index| is_held[index]);
    Ok((set.select(&train), set.select(&out)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tenun_engine::Shape;

    use super::*;
    use crate::data::{Images, Labels};

    fn numbers(count: usize) -> Dataset {
        let pixels = (0..count as u32).flat_map(u32::to_le_bytes).collect();
        let labels =
            Labels::new((0..count as u16).collect(), (0..count).map(|n| n.to_string()).collect()).unwrap();
        Dataset::new("n", Images::new(Shape::new(1, 1, 4), pixels).unwrap()).with_labels(labels).unwrap()
    }

    #[test]
    fn fractions_that_make_no_sense() {
        for fraction in [f64::NAN, 0.0, -0.1, 1.0, 1.5, f64::INFINITY, 0.01, 0.99] {
            let error = hold_out(&numbers(10), fraction, 1).unwrap_err();
            assert!(matches!(error, DataError::Fraction { count: 10, .. }), "{error}");
            let message = error.to_string();
            assert!(message.contains(&format!("fraction {fraction} of 10")), "{message}");
        }
    }

    proptest! {
        #[test]
        fn two_parts_that_make_the_whole(count in 4_usize..200, fraction in 0.2_f64..0.8, seed in 0_u64..1000) {
            let (train, held) = hold_out(&numbers(count), fraction, seed).unwrap();
            prop_assert_eq!(held.len(), (fraction * count as f64).round() as usize);
            let classes = |set: &Dataset| set.labels().unwrap().classes().to_vec();
            prop_assert!(classes(&train).is_sorted() && classes(&held).is_sorted());
            let mut all = [classes(&train), classes(&held)].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..count as u16).collect::<Vec<_>>());
            for index in 0..held.len() {
                prop_assert_eq!(held.id(index), classes(&held)[index].to_string());
            }
            let again = hold_out(&numbers(count), fraction, seed).unwrap();
            prop_assert_eq!(&again, &(train, held));
        }
    }
}
