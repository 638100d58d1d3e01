//! Holding images out of training, for an honest choice between models.

use super::digest::Hasher;
use super::{DataError, Dataset, ImageDigest};

/// Splits `set` in two: the images to train on, and about `fraction` of the images, held out.
///
/// Whether an image is held out follows from its pixels and `seed` alone: from a number `h` between 0 and 1, which SHA-256
/// gives, and which is below `fraction` for the images held out. So images that are added, removed or put in another order
/// move no other image to the other side; equal images are on one side; and a larger fraction holds out all that a smaller
/// one does. The number held out is binomially distributed around `fraction × n`. Where chance would have it none, the images
/// of the smallest `h` are held out all the same; where all, those of the largest are trained on. Classes are not
/// balanced. Both sides keep the order of the source.
///
/// `h` is the first 8 bytes, as a little-endian number of 64 bits over 2⁶⁴, of the SHA-256 of the text `tenun split 1`
/// followed by a line feed, then `seed` in 8 little-endian bytes, then the [`ImageDigest`].
///
/// ```
/// use tenun::data::{Dataset, Images, hold_out};
/// use tenun::engine::Shape;
///
/// let images = |count| Images::new(Shape::new(1, 1, 1), (0..count).collect()).unwrap();
/// let (train, held) = hold_out(&Dataset::new("hundred", images(100)), 0.2, 7)?;
/// assert_eq!(train.len() + held.len(), 100);
/// // Of more images at least the same are held out.
/// let (_, more) = hold_out(&Dataset::new("more", images(120)), 0.2, 7)?;
/// assert!((0..held.len()).all(|at| more.images().image(at) == held.images().image(at)));
/// # Ok::<(), tenun::data::DataError>(())
/// ```
///
/// # Errors
/// [`DataError::Fraction`] if `fraction` is not between 0 and 1 (both excluded; NaN too), if `fraction × n` rounds to none or
/// all of the images, or if there are no two different ones.
pub fn hold_out(set: &Dataset, fraction: f64, seed: u64) -> Result<(Dataset, Dataset), DataError> {
    // Written so that NaN is refused: it is neither above 0 nor below 1.
    let inside = fraction > 0.0 && fraction < 1.0;
    // As many as are asked for; chance makes it a few more or less.
    let asked = (fraction * set.len() as f64).round();
    let inside = inside && asked >= 1.0 && asked < set.len() as f64;
    let numbers: Vec<u64> = set.digests().iter().map(|digest| number(digest, seed)).collect();
    let (least, most) = (numbers.iter().min().copied(), numbers.iter().max().copied());
    let (Some(least), Some(most), true) = (least, most, inside && least != most) else {
        return Err(DataError::Fraction { fraction, count: set.len() });
    };
    // A number that single steps of 2^64 tell apart; what lies between 0 and 1 does not overflow.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let below = ((fraction * 2.0_f64.powi(64)) as u64).clamp(least.saturating_add(1), most);
    let (out, train): (Vec<usize>, Vec<usize>) = (0..set.len()).partition(|&index| numbers[index] < below);
    Ok((set.select(&train), set.select(&out)))
}

/// What decides whether an image is held out.
fn number(digest: &ImageDigest, seed: u64) -> u64 {
    let mut hasher = Hasher::new(b"tenun split 1\n");
    hasher.update(&seed.to_le_bytes());
    hasher.update(digest.bytes());
    let whole = hasher.bytes();
    u64::from_le_bytes(std::array::from_fn(|at| whole[at]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;
    use tenun_engine::Shape;

    use super::*;
    use crate::data::{Images, Labels};

    fn of(numbers: impl IntoIterator<Item = u32>) -> Dataset {
        let pixels: Vec<u8> = numbers.into_iter().flat_map(u32::to_le_bytes).collect();
        let count = pixels.len() / 4;
        let labels =
            Labels::new((0..count as u16).collect(), (0..count).map(|n| n.to_string()).collect()).unwrap();
        Dataset::new("n", Images::new(Shape::new(1, 1, 4), pixels).unwrap()).with_labels(labels).unwrap()
    }

    fn pixels(set: &Dataset) -> HashSet<Vec<u8>> {
        (0..set.len()).map(|at| set.images().image(at).to_vec()).collect()
    }

    #[test]
    fn fractions_that_make_no_sense() {
        for fraction in [f64::NAN, 0.0, -0.1, 1.0, 1.5, f64::INFINITY, 0.01, 0.99] {
            let error = hold_out(&of(0..10), fraction, 1).unwrap_err();
            assert!(matches!(error, DataError::Fraction { count: 10, .. }), "{error}");
            let message = error.to_string();
            assert!(message.contains(&format!("fraction {fraction} of 10")), "{message}");
        }
        assert!(hold_out(&of([7; 20]), 0.5, 1).is_err(), "there is but one image");
        assert!(hold_out(&of([]), 0.5, 1).is_err());
    }

    /// By Python's `hashlib`, in `golden/split.py`, beside this file.
    #[test]
    fn the_images_held_out_are_those_of_another_implementation() {
        let held = |fraction, seed| {
            let (_, held) = hold_out(&of(0..20), fraction, seed).unwrap();
            held.labels().unwrap().classes().to_vec()
        };
        assert_eq!(held(0.3, 0), GOLDEN_03_0);
        assert_eq!(held(0.3, 7), GOLDEN_03_7);
        assert_eq!(held(0.05, 1), GOLDEN_LEAST_1, "its number is 0.077, the smallest");
        let all_but_2: Vec<u16> = (0..20).filter(|&image| image != 2).collect();
        assert_eq!(held(0.95, 1), all_but_2, "its number is 0.904, the largest");
    }

    const GOLDEN_03_0: [u16; 9] = [1, 2, 4, 6, 7, 8, 9, 11, 17];
    const GOLDEN_03_7: [u16; 5] = [3, 4, 7, 9, 12];
    const GOLDEN_LEAST_1: [u16; 1] = [1];

    proptest! {
        #[test]
        fn two_parts_that_make_the_whole(count in 4_u32..200, fraction in 0.2_f64..0.8, seed in 0_u64..1000) {
            let (train, held) = hold_out(&of(0..count), fraction, seed).unwrap();
            prop_assert!(!train.is_empty() && !held.is_empty());
            let classes = |set: &Dataset| set.labels().unwrap().classes().to_vec();
            prop_assert!(classes(&train).is_sorted() && classes(&held).is_sorted());
            let mut all = [classes(&train), classes(&held)].concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..count as u16).collect::<Vec<_>>());
            for index in 0..held.len() {
                prop_assert_eq!(held.id(index), classes(&held)[index].to_string());
            }
        }

        /// Images added in front and behind, some of them twice, and all in another order.
        #[test]
        fn nothing_moves_to_the_other_side(more in 1_u32..50, before in 0_u32..50, seed in 0_u64..1000) {
            let (train, held) = hold_out(&of(100..200), 0.2, seed).unwrap();
            let larger = (100 - before..100).chain((100..200).rev()).chain(200..200 + more).chain(150..160);
            let (more_train, more_held) = hold_out(&of(larger), 0.2, seed).unwrap();
            prop_assert!(pixels(&more_held).is_superset(&pixels(&held)));
            prop_assert!(pixels(&more_train).is_superset(&pixels(&train)));
            prop_assert!(pixels(&more_train).is_disjoint(&pixels(&more_held)));
        }

        #[test]
        fn about_the_fraction_is_held_out(seed in 0_u64..50) {
            let (_, held) = hold_out(&of(0..2000), 0.1, seed).unwrap();
            // Five standard deviations of a binomial distribution: √(2000·0.1·0.9) = 13.4.
            prop_assert!((133..=267).contains(&held.len()), "{}", held.len());
        }
    }
}
