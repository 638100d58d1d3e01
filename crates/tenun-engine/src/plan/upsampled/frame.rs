//! [`Frame`]: how a 3×3 kernel on a map enlarged twofold comes down to nine products for each 2×2 outputs.
//!
//! Along one axis, with padding p, output r stands at g = r − p of the large map and reads the large positions g, g + 1
//! and g + 2. Of these the outer two fall on the small positions e = ⌊g / 2⌋ and e + 1, for both outputs that share e;
//! the middle one falls on m = ⌊(g + 1) / 2⌋. So with
//!
//! ```text
//! edge(e) = w₀ · x[e] + w₂ · x[e + 1]        middle(m) = w₁ · x[m]        y[r] = edge(e) + middle(m)
//! ```
//!
//! two outputs need three products: each edge serves two outputs, and each middle two others. In two dimensions there
//! are four such sums at each small position, of four, two, two and one products a channel, and
//!
//! ```text
//! y[r][c] = corner(e, e') + top_bottom(e, m') + left_right(m, e') + centre(m, m')
//! ```
//!
//! Nothing is ever subtracted: where all that an output reads is zero, it is exactly its bias.
//!
//! The four sums of some rows and filters live in a scratch buffer that stays in the first cache: *edge rows* hold
//! corner sums followed by top-and-bottom sums, *middle rows* left-and-right sums followed by centre sums. An output
//! row is one edge row plus one middle row, and then each number of the first part plus two of the second.

use std::ops::Range;

use super::super::Grid;
use crate::Shape;
use crate::lane::{Simd, Vector};

/// The small positions of edges and middles along one axis.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) edges: Range<isize>,
    pub(super) middles: Range<isize>,
    /// The large position of the first output.
    first: isize,
}

impl Axis {
    /// Of an axis with `outputs` outputs and padding `pad`.
    #[allow(clippy::cast_possible_wrap)] // sizes of images
    pub(super) fn new(pad: usize, outputs: usize) -> Self {
        let (first, last) = (-(pad as isize), outputs as isize - 1 - pad as isize);
        Self { edges: edge(first)..edge(last) + 1, middles: middle(first)..middle(last) + 1, first }
    }

    /// Products of a channel along this axis.
    pub(super) fn products(&self) -> usize {
        2 * self.edges.len() + self.middles.len()
    }
}

/// The edge that the output at large position `g` reads.
fn edge(g: isize) -> isize {
    g.div_euclid(2)
}

/// The middle that it reads.
fn middle(g: isize) -> isize {
    (g + 1).div_euclid(2)
}

/// A few rows of outputs that are computed together.
pub(super) struct Strip {
    /// Edge rows.
    pub(super) edges: Range<isize>,
    /// Middle rows that no strip before has made.
    pub(super) middles: Range<isize>,
    outputs: Vec<OutputRow>,
}

/// A row of outputs, and where the edge row and the middle row begin that it is made of, in vectors.
struct OutputRow {
    row: usize,
    edge: usize,
    middle: usize,
}

/// The layout of the scratch buffer, and the strips.
pub(super) struct Frame {
    pub(super) rows: Axis,
    pub(super) columns: Axis,
    pub(super) strips: Vec<Strip>,
    /// Edge rows that fit, and middle rows: one more, for the one shared by neighbouring strips.
    height: usize,
}

impl Frame {
    /// For a convolution with padding `pad` whose output has the shape `output`, in strips as high as fit into
    /// `vectors` of scratch for each filter.
    #[allow(clippy::cast_possible_wrap)] // sizes of images
    pub(super) fn new(pad: usize, output: Shape, vectors: usize) -> Self {
        let (rows, columns) = (Axis::new(pad, output.height), Axis::new(pad, output.width));
        let mut frame = Self { rows, columns, strips: Vec::new(), height: 1 };
        // As many edge rows, and one middle row more.
        frame.height =
            ((vectors / frame.row_length()).saturating_sub(1) / 2).clamp(1, frame.rows.edges.len());
        let height = frame.height;
        let Axis { edges, middles, first } = frame.rows.clone();
        let mut done = middles.start;
        for start in edges.clone().step_by(height) {
            let strip = start..(start + height as isize).min(edges.end);
            let positions = (0..output.height).map(|row| (row, row as isize + first));
            let positions: Vec<_> = positions.filter(|(_, g)| strip.contains(&edge(*g))).collect();
            let end = positions.last().map_or(done, |&(_, g)| middle(g) + 1);
            let row = |(row, g)| OutputRow {
                row,
                edge: frame.edge_row(edge(g)),
                middle: frame.middle_row(middle(g)),
            };
            let outputs = positions.into_iter().map(row).collect();
            frame.strips.push(Strip { edges: strip, middles: done..end, outputs });
            done = end;
        }
        frame
    }

    /// Edge rows of a strip.
    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// Vectors in a row of the scratch buffer.
    pub(super) fn row_length(&self) -> usize {
        self.columns.edges.len() + self.columns.middles.len()
    }

    /// Where edge row `e` begins, in vectors.
    #[allow(clippy::cast_sign_loss)] // not before the first
    pub(super) fn edge_row(&self, e: isize) -> usize {
        (e - self.rows.edges.start) as usize % self.height * self.row_length()
    }

    /// Where middle row `m` begins, in vectors.
    #[allow(clippy::cast_sign_loss)] // not before the first
    pub(super) fn middle_row(&self, m: isize) -> usize {
        (self.height + (m - self.rows.middles.start) as usize % (self.height + 1)) * self.row_length()
    }

    /// Vectors of the scratch buffer that one filter needs: odd, against cache-set conflicts.
    pub(super) fn plane(&self) -> usize {
        ((2 * self.height + 1) * self.row_length()) | 1
    }

    /// Writes the outputs of a strip of the `filters`, whose sums are in `sums`, into `y` of the layout `grid`.
    #[inline(always)]
    pub(super) fn combine<S: Simd>(
        &self,
        s: S,
        strip: &Strip,
        filters: Range<usize>,
        sums: &[f32],
        (grid, y): (&Grid, &mut [f32]),
    ) {
        let length = self.row_length() * S::LANES;
        let outputs = grid.shape().width * S::LANES;
        for (i, filter) in filters.enumerate() {
            let sums = &sums[i * self.plane() * S::LANES..];
            for row in &strip.outputs {
                let edge = &sums[row.edge * S::LANES..][..length];
                let middle = &sums[row.middle * S::LANES..][..length];
                let y = &mut y[grid.at(filter, row.row, 0) * S::LANES..][..outputs];
                self.output_row(s, edge, middle, y);
            }
        }
    }

    /// One row of outputs from its edge row and its middle row.
    #[inline(always)]
    fn output_row<S: Simd>(&self, s: S, edge: &[f32], middle: &[f32], y: &mut [f32]) {
        let split = self.columns.edges.len() * S::LANES;
        let (corner, top_bottom) = edge.split_at(split);
        let (left_right, centre) = middle.split_at(split);
        // Each number of the two parts: a row of the one kind and a row of the other, added.
        let mut edges = corner.chunks_exact(S::LANES).zip(left_right.chunks_exact(S::LANES));
        let mut middles = top_bottom.chunks_exact(S::LANES).zip(centre.chunks_exact(S::LANES));
        let Some(mut m) = add(s, middles.next()) else { return };
        let mut y = y;
        if self.columns.first.rem_euclid(2) == 1 {
            // The first output is the second of its pair.
            let Some(e) = add(s, edges.next()) else { return };
            let (first, rest) = y.split_at_mut(S::LANES);
            (e + m).store(first);
            y = rest;
        }
        let mut pairs = y.chunks_exact_mut(2 * S::LANES);
        for pair in &mut pairs {
            let (Some(e), Some(next)) = (add(s, edges.next()), add(s, middles.next())) else { return };
            (e + m).store(pair);
            (e + next).store(&mut pair[S::LANES..]);
            m = next;
        }
        if let Some(e) = add(s, edges.next()) {
            // The last output is the first of its pair.
            (e + m).store(pairs.into_remainder());
        }
    }
}

/// The sum of a pair of vectors, if there is one.
#[inline(always)]
fn add<S: Simd>(s: S, pair: Option<(&[f32], &[f32])>) -> Option<S::V> {
    let (a, b) = pair?;
    Some(s.load(a) + s.load(b))
}
