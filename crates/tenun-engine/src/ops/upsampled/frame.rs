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

use tenun_kernels::upsampled::{Interleave, OutputRow};

use crate::Shape;
use crate::program::Grid;

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
    outputs: Vec<Output>,
}

/// A row of outputs, and where the edge row and the middle row begin that it is made of, in vectors.
struct Output {
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
            let row =
                |(row, g)| Output { row, edge: frame.edge_row(edge(g)), middle: frame.middle_row(middle(g)) };
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

    /// How the outputs of a strip are put together in a tensor of the layout `y`.
    pub(super) fn interleave(&self, strip: &Strip, y: &Grid) -> Interleave {
        let row = |of: &Output| OutputRow { y: y.at(0, of.row, 0), edge: of.edge, middle: of.middle };
        Interleave {
            rows: strip.outputs.iter().map(row).collect(),
            edges: self.columns.edges.len(),
            row_length: self.row_length(),
            outputs: y.shape().width,
            // Then the first output is the second of its pair.
            begins_with_second: self.columns.first.rem_euclid(2) == 1,
            sums_plane: self.plane(),
            y_plane: y.plane(),
        }
    }
}
