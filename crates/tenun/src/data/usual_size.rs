//! The size that most of some images have, which is the one to bring the others to.

use std::collections::HashMap;

use super::error::UsualSize;

/// Images that are looked at, at most, to learn which size most of them have.
const LOOKED_AT: usize = 2000;

/// The size that most of some images have, by those of them, evenly spread, whose sizes `size` finds.
pub(super) fn usual<I>(
    images: impl ExactSizeIterator<Item = I>,
    size: impl FnMut(I) -> Option<(usize, usize)>,
) -> Option<UsualSize> {
    let step = images.len().div_ceil(LOOKED_AT).max(1);
    let mut counts: HashMap<(usize, usize), usize> = HashMap::new();
    for size in images.step_by(step).filter_map(size) {
        *counts.entry(size).or_default() += 1;
    }
    let of = counts.values().sum();
    let most = counts.into_iter().max_by_key(|&(size, images)| (images, std::cmp::Reverse(size)));
    most.map(|(size, images)| UsualSize { size, images, of })
}
