//! [`Grid`]: where the numbers of a tensor stand in its buffer.

use std::ops::{Index, Range};

use super::TensorId;
use crate::Shape;
use crate::lane::Simd;

/// The layout `[channel][row][column][lane]` of one tensor, with a border of zeros around every channel.
///
/// Positions are counted in vectors of lanes. The border is written once, when the buffer is made, and read by
/// convolutions; operations write the interior only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    shape: Shape,
    border: usize,
    row: usize,
    plane: usize,
}

impl Grid {
    /// A layout with `border` zeros on every side.
    ///
    /// The distance between channels is odd, so that the channels of a pixel do not all fall into one set of
    /// the cache.
    pub(crate) fn new(shape: Shape, border: usize) -> Self {
        let row = shape.width + 2 * border;
        let plane = (row * (shape.height + 2 * border)) | 1;
        Self { shape, border, row, plane }
    }

    /// The position of a number of the image.
    pub(crate) fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        self.raw(channel, row + self.border, column + self.border)
    }

    /// The position counted from the corner of the border.
    pub(crate) fn raw(&self, channel: usize, row: usize, column: usize) -> usize {
        channel * self.plane + row * self.row + column
    }

    /// What lies around the image, channel by channel.
    pub(super) fn outside(&self) -> impl Iterator<Item = Range<usize>> {
        let Shape { channels, height, width } = self.shape;
        let channels = 0..if self.border == 0 { 0 } else { channels };
        channels.flat_map(move |channel| {
            // Before the first row, between rows, and after the last.
            (0..=height).map(move |row| {
                let start = if row == 0 { self.raw(channel, 0, 0) } else { self.at(channel, row - 1, width) };
                let last = self.raw(channel, height + 2 * self.border, 0);
                start..if row == height { last } else { self.at(channel, row, 0) }
            })
        })
    }

    pub(crate) fn shape(&self) -> Shape {
        self.shape
    }

    pub(crate) fn border(&self) -> usize {
        self.border
    }

    /// Vectors from one channel to the next.
    pub(crate) fn plane(&self) -> usize {
        self.plane
    }

    /// Bytes of the whole buffer with lanes of `S`.
    pub(super) fn bytes<S: Simd>(&self) -> usize {
        self.vectors() * S::LANES * size_of::<f32>()
    }

    /// Vectors in the whole buffer.
    pub(crate) fn vectors(&self) -> usize {
        self.shape.channels * self.plane
    }
}

/// The layouts of all tensors of a plan.
pub(crate) struct Grids(pub(super) Vec<Grid>);

impl Index<TensorId> for Grids {
    type Output = Grid;
    fn index(&self, id: TensorId) -> &Grid {
        &self.0[id.0]
    }
}

/// The rows of a tensor's interior as ranges of floats, channel by channel.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    starts: Vec<usize>,
    length: usize,
    height: usize,
}

impl Rows {
    /// The rows of `grid` with lanes of `S`.
    pub(crate) fn of<S: Simd>(grid: &Grid) -> Self {
        let Shape { channels, height, width } = grid.shape();
        let starts =
            (0..channels).flat_map(|c| (0..height).map(move |r| grid.at(c, r, 0) * S::LANES)).collect();
        Self { starts, length: width * S::LANES, height }
    }

    /// All rows in order.
    #[inline(always)]
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        self.starts.iter().map(|&start| start..start + self.length)
    }

    /// The rows of one channel.
    #[inline(always)]
    pub(crate) fn channel(&self, channel: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
        let starts = &self.starts[channel * self.height..(channel + 1) * self.height];
        starts.iter().map(|&start| start..start + self.length)
    }

    /// Where a row of a channel begins.
    #[inline(always)]
    pub(crate) fn start(&self, channel: usize, row: usize) -> usize {
        self.starts[channel * self.height + row]
    }

    /// Where a row begins, counted over all channels.
    #[inline(always)]
    pub(crate) fn nth_start(&self, row: usize) -> usize {
        self.starts[row]
    }

    /// Floats in a row: columns × lanes.
    pub(crate) fn row_length(&self) -> usize {
        self.length
    }
}
