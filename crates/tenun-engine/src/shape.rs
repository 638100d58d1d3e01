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
