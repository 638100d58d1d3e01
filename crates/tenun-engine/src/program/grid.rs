//! [`Grid`]: where the numbers of a tensor stand in its buffer.

use std::ops::{Index, Range};

use tenun_kernels::{Kernels, Rows, View, ViewMut};

use super::TensorId;
use crate::Shape;

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

    /// Bytes of the whole buffer with so many lanes.
    pub(super) fn bytes(&self, lanes: usize) -> usize {
        self.vectors() * lanes * size_of::<f32>()
    }

    /// Vectors in the whole buffer.
    pub(crate) fn vectors(&self) -> usize {
        self.shape.channels * self.plane
    }
}

/// The layouts of all tensors of a plan, and the kernels that it is made for.
pub(crate) struct Grids {
    grids: Vec<Grid>,
    pub(crate) kernels: &'static Kernels,
}

impl Grids {
    pub(super) fn new(grids: Vec<Grid>, kernels: &'static Kernels) -> Self {
        Self { grids, kernels }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Grid> {
        self.grids.iter()
    }

    /// A tensor with its rows.
    pub(crate) fn tensor(&self, id: TensorId) -> Tensor {
        let (grid, lanes) = (&self[id], self.kernels.registers.lanes);
        let Shape { channels, height, width } = grid.shape();
        let starts = (0..channels).flat_map(|c| (0..height).map(move |r| grid.at(c, r, 0) * lanes));
        Tensor { id, rows: Rows::new(starts.collect(), width * lanes, height) }
    }
}

impl Index<TensorId> for Grids {
    type Output = Grid;
    fn index(&self, id: TensorId) -> &Grid {
        &self.grids[id.0]
    }
}

/// A tensor, and where the rows of its image stand in it.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) id: TensorId,
    pub(crate) rows: Rows,
}

impl Tensor {
    /// Its floats, to read.
    pub(crate) fn view<'a>(&'a self, floats: &'a [f32]) -> View<'a> {
        View { floats, rows: &self.rows }
    }

    /// Its floats, to write.
    pub(crate) fn view_mut<'a>(&'a self, floats: &'a mut [f32]) -> ViewMut<'a> {
        ViewMut { floats, rows: &self.rows }
    }
}
