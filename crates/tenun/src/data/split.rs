//! Holding images out of training, for an honest choice between models.

use super::{DataError, Dataset};

/// Splits `set` in two: the images to train on, and `round(fraction × n)` of the `n` images held out.
///
/// `permutation(n, seed)` gives the numbers 0 to `n − 1` in a random order that depends on nothing but its
/// arguments; the first of them are held out. So the same seed holds out the same images whatever happens
/// elsewhere, and a larger fraction holds out all that a smaller one does. Classes are not balanced. Both sides
/// keep the order of the source, share no image, and together are the whole set.
///
/// ```
/// use tenun::data::{Dataset, Images, hold_out};
/// use tenun::engine::Shape;
///
/// let images = Images::new(Shape::new(1, 1, 1), (0..10).collect()).unwrap();
/// let backwards = |n: usize, _seed| (0..n).rev().collect();
/// let (train, held) = hold_out(&Dataset::new("ten", images), 0.2, 7, backwards)?;
/// assert_eq!(train.images().pixels(), [0, 1, 2, 3, 4, 5, 6, 7]);
/// assert_eq!(held.images().pixels(), [8, 9]);
/// # Ok::<(), tenun::data::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Fraction`] if `fraction` is not between 0 and 1 (both excluded; NaN too) or would leave one side
/// without images; [`DataError::Permutation`] if what `permutation` gives is none.
pub fn hold_out(
    set: &Dataset,
    fraction: f64,
    seed: u64,
    permutation: impl FnOnce(usize, u64) -> Vec<usize>,
) -> Result<(Dataset, Dataset), DataError> {
    let count = set.len();
    // Written so that NaN is refused: it is neither above 0 nor below 1.
    let inside = fraction > 0.0 && fraction < 1.0;
    let held = (fraction * count as f64).round() as usize;
    if !inside || held == 0 || held >= count {
        return Err(DataError::Fraction { fraction, count });
    }
    let order = permutation(count, seed);
    if order.len() != count {
        return Err(DataError::Permutation { count, reason: format!("it has {} elements", order.len()) });
    }
    let mut seen = vec![false; count];
    let mut is_held = vec![false; count];
    for (rank, &index) in order.iter().enumerate() {
        match seen.get_mut(index) {
            Some(seen) if !*seen => *seen = true,
            Some(_) => return Err(DataError::Permutation { count, reason: format!("{index} comes twice") }),
            None => return Err(DataError::Permutation { count, reason: format!("{index} is out of range") }),
        }
        is_held[index] = rank < held;
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

    /// Multiplication by an odd number and addition, modulo a power of two, restricted to `0..count`.
    fn scramble(count: usize, seed: u64) -> Vec<usize> {
        let size = count.next_power_of_two() as u64;
        (0..size)
            .map(|n| (n.wrapping_mul(4 * seed + 5).wrapping_add(seed) % size) as usize)
            .filter(|&n| n < count)
            .collect()
    }

    #[test]
    fn fractions_that_make_no_sense() {
        for fraction in [f64::NAN, 0.0, -0.1, 1.0, 1.5, f64::INFINITY, 0.01, 0.99] {
            let error = hold_out(&numbers(10), fraction, 1, scramble).unwrap_err();
            assert!(matches!(error, DataError::Fraction { count: 10, .. }), "{error}");
            let message = error.to_string();
            assert!(message.contains(&format!("fraction {fraction} of 10")), "{message}");
        }
    }

    #[test]
    fn an_order_that_is_no_permutation() {
        let refuse = |order: Vec<usize>| hold_out(&numbers(3), 0.4, 1, |_, _| order).unwrap_err().to_string();
        assert!(refuse(vec![0, 1]).contains("2 elements"));
        assert!(refuse(vec![0, 1, 1]).contains("1 comes twice"));
        assert!(refuse(vec![0, 1, 3]).contains("3 is out of range"));
    }

    proptest! {
        #[test]
        fn two_parts_that_make_the_whole(count in 4_usize..200, fraction in 0.2_f64..0.8, seed in 0_u64..1000) {
            let (train, held) = hold_out(&numbers(count), fraction, seed, scramble).unwrap();
            prop_assert_eq!(held.len(), (fraction * count as f64).round() as usize);
            let classes = |set: &Dataset| set.labels().unwrap().classes().to_vec();
            prop_assert!(classes(&train).is_sorted() && classes(&held).is_sorted());
            let mut all = [classes(&train), classes(&held)].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..count as u16).collect::<Vec<_>>());
            for index in 0..held.len() {
                prop_assert_eq!(held.id(index), classes(&held)[index].to_string());
            }
            let again = hold_out(&numbers(count), fraction, seed, scramble).unwrap();
            prop_assert_eq!(&again, &(train, held));
        }
    }
}
