//! What an up-sampled convolution needs beside correlations: sums of rows that are shifted against each other, rows that
//! are interleaved, and sums over boxes.

use std::ops::Range;

use crate::simd::{Simd, Vector};

/// A row of sums of up to four rows; positions are in vectors.
#[derive(Clone, Copy, Debug)]
pub struct ShiftedSum {
    /// Where the terms begin.
    pub from: [usize; 4],
    /// How many of them there are: 4, to which the bias is added; 2; or 1, which is copied.
    pub terms: usize,
    /// Where the sums go.
    pub to: usize,
    /// Numbers in the row.
    pub length: usize,
}

/// Writes rows of sums: bias + ((a + b) + (c + d)), a + b or a.
#[inline(always)]
pub(crate) fn shifted_sums<S: Simd>(s: S, rows: &[ShiftedSum], bias: f32, x: &[f32], y: &mut [f32]) {
    let bias = s.splat(bias);
    for row in rows {
        let length = row.length * S::LANES;
        let [a, b, c, d] = row.from.map(|from| &x[from * S::LANES..][..length]);
        let to = &mut y[row.to * S::LANES..][..length];
        match row.terms {
            4 => {
                for (i, to) in to.chunks_exact_mut(S::LANES).enumerate() {
                    let at = i * S::LANES;
                    let top = s.load(&a[at..]) + s.load(&b[at..]);
                    let bottom = s.load(&c[at..]) + s.load(&d[at..]);
                    (bias + (top + bottom)).store(to);
                }
            }
            2 => {
                let pairs = a.chunks_exact(S::LANES).zip(b.chunks_exact(S::LANES));
                for (to, (a, b)) in to.chunks_exact_mut(S::LANES).zip(pairs) {
                    (s.load(a) + s.load(b)).store(to);
                }
            }
            _ => to.copy_from_slice(a),
        }
    }
}

/// A row of outputs, and where the edge row and the middle row begin that it is made of, in vectors.
#[derive(Clone, Copy, Debug)]
pub struct OutputRow {
    /// Where the outputs of the first filter go.
    pub y: usize,
    /// Corner sums, followed by top-and-bottom sums.
    pub edge: usize,
    /// Left-and-right sums, followed by centre sums.
    pub middle: usize,
}

/// Rows of outputs of some filters, made of edge rows and middle rows.
#[derive(Clone, Debug)]
pub struct Interleave {
    /// The rows of outputs.
    pub rows: Vec<OutputRow>,
    /// Numbers in the first part of an edge row or middle row.
    pub edges: usize,
    /// Numbers in a whole one.
    pub row_length: usize,
    /// Numbers in a row of outputs.
    pub outputs: usize,
    /// Whether the first output is the second of its pair.
    pub begins_with_second: bool,
    /// Vectors from the sums of one filter to those of the next.
    pub sums_plane: usize,
    /// Vectors from the outputs of one filter to those of the next.
    pub y_plane: usize,
}

/// Writes the outputs of the `filters`, of which `sums` has the edge rows and middle rows.
#[inline(always)]
pub(crate) fn interleave<S: Simd>(s: S, of: &Interleave, filters: Range<usize>, sums: &[f32], y: &mut [f32]) {
    let (length, outputs) = (of.row_length * S::LANES, of.outputs * S::LANES);
    for (i, filter) in filters.enumerate() {
        let sums = &sums[i * of.sums_plane * S::LANES..];
        for row in &of.rows {
            let edge = &sums[row.edge * S::LANES..][..length];
            let middle = &sums[row.middle * S::LANES..][..length];
            let y = &mut y[(row.y + filter * of.y_plane) * S::LANES..][..outputs];
            output_row(s, of, edge, middle, y);
        }
    }
}

/// One row of outputs from its edge row and its middle row.
#[inline(always)]
fn output_row<S: Simd>(s: S, of: &Interleave, edge: &[f32], middle: &[f32], y: &mut [f32]) {
    let split = of.edges * S::LANES;
    let (corner, top_bottom) = edge.split_at(split);
    let (left_right, centre) = middle.split_at(split);
    // Each number of the two parts: a row of the one kind and a row of the other, added.
    let mut edges = corner.chunks_exact(S::LANES).zip(left_right.chunks_exact(S::LANES));
    let mut middles = top_bottom.chunks_exact(S::LANES).zip(centre.chunks_exact(S::LANES));
    let Some(mut m) = add_pair(s, middles.next()) else { return };
    let mut y = y;
    if of.begins_with_second {
        let Some(e) = add_pair(s, edges.next()) else { return };
        let (first, rest) = y.split_at_mut(S::LANES);
        (e + m).store(first);
        y = rest;
    }
    let mut pairs = y.chunks_exact_mut(2 * S::LANES);
    for pair in &mut pairs {
        let (Some(e), Some(next)) = (add_pair(s, edges.next()), add_pair(s, middles.next())) else { return };
        (e + m).store(pair);
        (e + next).store(&mut pair[S::LANES..]);
        m = next;
    }
    if let Some(e) = add_pair(s, edges.next()) {
        // The last output is the first of its pair.
        (e + m).store(pairs.into_remainder());
    }
}

/// The sum of a pair of vectors, if there is one.
#[inline(always)]
fn add_pair<S: Simd>(s: S, pair: Option<(&[f32], &[f32])>) -> Option<S::V> {
    let (a, b) = pair?;
    Some(s.load(a) + s.load(b))
}

/// Where the rows of one channel stand, in vectors.
#[derive(Clone, Copy, Debug)]
pub struct Plane {
    /// The first number.
    pub start: usize,
    /// From one row to the next.
    pub row: usize,
    /// Rows.
    pub height: usize,
    /// Numbers in a row.
    pub width: usize,
}

impl Plane {
    /// The floats of one row.
    #[inline(always)]
    fn row<S: Simd>(&self, row: usize) -> Range<usize> {
        let start = (self.start + row * self.row) * S::LANES;
        start..start + self.width * S::LANES
    }
}

/// Sums over all factor × factor boxes of one channel.
///
/// First the rows of a box are added, number by number, into one row; then factor neighbours of that row, both from low
/// to high. A box that overhangs the map sums what lies inside; where nothing does, that is zero.
#[derive(Clone, Copy, Debug)]
pub struct BoxSum {
    /// Rows and columns of a box.
    pub factor: usize,
    /// How far the first box begins before the map: box (i, j) begins at (i − shift, j − shift).
    pub shift: usize,
    /// The map.
    pub from: Plane,
    /// The sums.
    pub to: Plane,
}

impl BoxSum {
    /// Whether a row of boxes has anything in it.
    #[must_use]
    pub fn is_row(&self, i: usize) -> bool {
        !self.rows(i).is_empty()
    }

    /// The rows of the map that row `i` of the boxes sums.
    #[inline(always)]
    fn rows(&self, i: usize) -> Range<usize> {
        i.saturating_sub(self.shift)..(i + self.factor).saturating_sub(self.shift).min(self.from.height)
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

/// Writes the sums of the boxes of one channel, and gives the sum of all its numbers over pixels and lanes.
///
/// `from` and `to` begin where the channel's border does; `row` is as long as a row of `from`, and
/// zero if the factor is two.
#[inline(always)]
pub(crate) fn box_sum<S: Simd>(s: S, of: &BoxSum, from: &[f32], row: &mut [f32], to: &mut [f32]) -> f32 {
    let &BoxSum { factor, shift, .. } = of;
    let mut total = s.zero();
    for i in 0..of.to.height {
        let Range { start, end } = of.rows(i);
        if start >= end {
            to[of.to.row::<S>(i)].fill(0.0);
            continue;
        }
        // Rows 0, factor, 2 · factor… of the boxes cover the map exactly once.
        let counted = i >= shift && (i - shift).is_multiple_of(factor);
        let to = &mut to[of.to.row::<S>(i)];
        let first = &from[of.from.row::<S>(start)];
        if factor == 2 {
            // Two rows or, at an edge, one and zeros: the sums of columns need not leave the registers.
            let second = if end - start == 2 { &from[of.from.row::<S>(start + 1)] } else { &*row };
            total = match counted {
                true => of.pairs::<S, true>(s, first, second, to, total),
                false => of.pairs::<S, false>(s, first, second, to, total),
            };
            continue;
        }
        let row = &mut row[..first.len()];
        row.copy_from_slice(first);
        for r in start + 1..end {
            let more = &from[of.from.row::<S>(r)];
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
            let end = (j + factor).saturating_sub(shift).min(of.from.width);
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
    total.sum()
}
