//! [`Shape`]: channels, height and width of one image's activations.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Channels, height and width of one image's activations; the image axis is never part of it.
///
/// A vector of `k` numbers, as a dense layer gives it, is `k` channels of 1×1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Channels: 1 for grey, 3 for RGB, or the number of filters.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Shape {
    /// A shape from its three axes.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// The shape of a vector of `features` numbers: that many channels of 1×1.
    #[must_use]
    pub const fn vector(features: usize) -> Self {
        Self::new(features, 1, 1)
    }

    /// Numbers in one image of this shape: channels × height × width.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether an axis is zero.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Pixels in one channel: height × width.
    #[must_use]
    pub const fn area(&self) -> usize {
        self.height * self.width
    }

    /// Whether this is a vector, 1×1 in space.
    #[must_use]
    pub const fn is_vector(&self) -> bool {
        self.height == 1 && self.width == 1
    }

    /// [`Self::len`], or `None` if it does not fit a `usize`: for shapes that a file asks for.
    #[must_use]
    pub fn checked_len(&self) -> Option<usize> {
        self.channels.checked_mul(self.height)?.checked_mul(self.width)
    }
}

impl fmt::Display for Shape {
    /// Height×width×channels, as people say it: `4×4×8`; a vector is just its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_vector() {
            write!(f, "{}", self.channels)
        } else {
            write!(f, "{}×{}×{}", self.height, self.width, self.channels)
        }
    }
}

/// The positions, `(channel, row, column)` in row-major order, under each output of windows of `size`.
pub(crate) fn windows(
    size: usize,
    input: Shape,
    output: Shape,
) -> impl Iterator<Item = Vec<(usize, usize, usize)>> {
    positions(output).map(move |(c, r, l)| {
        let rows = r * size..((r + 1) * size).min(input.height);
        rows.flat_map(|row| (l * size..((l + 1) * size).min(input.width)).map(move |column| (c, row, column)))
            .collect()
    })
}

/// All positions of a shape, `(channel, row, column)`, in storage order.
pub(crate) fn positions(shape: Shape) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..shape.channels)
        .flat_map(move |c| (0..shape.height).flat_map(move |r| (0..shape.width).map(move |l| (c, r, l))))
}

/// Where a position stands in an image without borders.
pub(crate) fn flat(shape: Shape, (channel, row, column): (usize, usize, usize)) -> usize {
    (channel * shape.height + row) * shape.width + column
}
