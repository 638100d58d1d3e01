//! [`BoxSum`]: sums over all factor × factor boxes of one channel, and over the whole channel.

use std::ops::Range;

use super::super::Grid;
use crate::lane::{Simd, Vector};

/// The sums of one channel's boxes.
///
/// First the rows of a box are added, number by number, into one row; then factor neighbours of that row, both from low
/// to high. A box that overhangs the map sums what lies inside; where nothing does, that is zero.
pub(super) struct BoxSum {
    factor: usize,
    /// How far the first box begins before the map.
    shift: usize,
    from: Layout,
    to: Layout,
}

/// Where the rows of one channel stand, in floats.
struct Layout {
    start: usize,
    row: usize,
    height: usize,
    width: usize,
}

impl Layout {
    fn of<S: Simd>(grid: &Grid) -> Self {
        let shape = grid.shape();
        Self {
            start: grid.at(0, 0, 0) * S::LANES,
            row: (grid.raw(0, 1, 0) - grid.raw(0, 0, 0)) * S::LANES,
            height: shape.height,
            width: shape.width,
        }
    }

    /// The floats of one row.
    #[inline(always)]
    fn row<S: Simd>(&self, row: usize) -> Range<usize> {
        let start = self.start + row * self.row;
        start..start + self.width * S::LANES
    }
}

impl BoxSum {
    /// Of channels laid out as in `from`, into channels laid out as in `to`; box (i, j) begins at (i − shift,
    /// j − shift).
    pub(super) fn new<S: Simd>(from: &Grid, to: &Grid, factor: usize, shift: usize) -> Self {
        Self { factor, shift, from: Layout::of::<S>(from), to: Layout::of::<S>(to) }
    }

    /// Whether a row of boxes has anything in it.
    pub(super) fn is_row(&self, i: usize) -> bool {
        !self.rows(i).is_empty()
    }

    /// The rows of the map that row `i` of the boxes sums.
    #[inline(always)]
    fn rows(&self, i: usize) -> Range<usize> {
        i.saturating_sub(self.shift)..(i + self.factor).saturating_sub(self.shift).min(self.from.height)
    }

    /// Writes the sums of the boxes of one channel, and gives the sum of all its numbers.
    ///
    /// `from` and `to` begin where the channel's border does; `row` is as long as a row of `from`, and
    /// zero if the factor is two.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&self, s: S, from: &[f32], row: &mut [f32], to: &mut [f32]) -> S::V {
        let &Self { factor, shift, .. } = self;
        let mut total = s.zero();
        for i in 0..self.to.height {
            let Range { start, end } = self.rows(i);
            if start >= end {
                to[self.to.row::<S>(i)].fill(0.0);
                continue;
            }
            // Rows 0, factor, 2 · factor… of the boxes cover the map exactly once.
            let counted = i >= shift && (i - shift).is_multiple_of(factor);
            let to = &mut to[self.to.row::<S>(i)];
            let first = &from[self.from.row::<S>(start)];
            if factor == 2 {
                // Two rows or, at an edge, one and zeros: the sums of columns need not leave the registers.
                let second = if end - start == 2 { &from[self.from.row::<S>(start + 1)] } else { &*row };
                total = match counted {
                    true => self.pairs::<S, true>(s, first, second, to, total),
                    false => self.pairs::<S, false>(s, first, second, to, total),
                };
                continue;
            }
            let row = &mut row[..first.len()];
            row.copy_from_slice(first);
            for r in start + 1..end {
                let more = &from[self.from.row::<S>(r)];
                for (sum, x) in row.chunks_exact_mut(S::LANES).zip(more.chunks_exact(S::LANES)) {
                    (s.load(sum) + s.load(x)).store(sum);
                }
            }
            if counted {
                for x in row.chunks_exact(S::LANES) {
                    total = total + s.load(x);
                }
            }
            for (j, to) in to.chunks_exact_mut(S::LANES).enumerate() {
                let end = (j + factor).saturating_sub(shift).min(self.from.width);
                let start = j.saturating_sub(shift);
                if start < end {
                    let mut columns = row[start * S::LANES..end * S::LANES].chunks_exact(S::LANES);
                    let mut sum = columns.next().map_or(s.zero(), |x| s.load(x));
                    for x in columns {
                        sum = sum + s.load(x);
                    }
                    sum.store(to);
                } else {
                    to.fill(0.0);
                }
            }
        }
        total
    }

    /// One row of sums for factor 2: adds the numbers to `total` if they are `COUNTED`.
    #[inline(always)]
    fn pairs<S: Simd, const COUNTED: bool>(
        &self,
        s: S,
        first: &[f32],
        second: &[f32],
        to: &mut [f32],
        mut total: S::V,
    ) -> S::V {
        let mut columns = first.chunks_exact(S::LANES).zip(second.chunks_exact(S::LANES));
        let Some((x, below)) = columns.next() else { return total };
        let mut before = s.load(x) + s.load(below);
        if COUNTED {
            total = total + before;
        }
        // The first box with anything in it has the first column alone, unless there are none before the map.
        let to = match self.shift.checked_sub(1) {
            Some(empty) => {
                let (empty, rest) = to.split_at_mut(empty * S::LANES);
                empty.fill(0.0);
                let (alone, rest) = rest.split_at_mut(S::LANES);
                before.store(alone);
                rest
            }
            None => to,
        };
        let mut to = to.chunks_exact_mut(S::LANES);
        for ((x, below), to) in columns.zip(&mut to) {
            let sum = s.load(x) + s.load(below);
            if COUNTED {
                total = total + sum;
            }
            (before + sum).store(to);
            before = sum;
        }
        if let Some(alone) = to.next() {
            before.store(alone);
        }
        to.for_each(|empty| empty.fill(0.0));
        total
    }
}
