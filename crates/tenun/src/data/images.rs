//! [`Images`]: a set of pictures of one size, as bytes.

use std::ops::Range;

use bytes::Bytes;
use tenun_engine::Shape;

/// A set of images of one size, one byte a value.
///
/// The bytes are planar, image by image: `[image][channel][row][column]`. Images stay bytes from
/// the file to the first kernel, so a data set takes a quarter of the memory that floats would. Clones and parts
/// share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    shape: Shape,
    pixels: Bytes,
}

impl Images {
    /// Wraps `pixels`, which hold whole images of `shape`, `[image][channel][row][column]`.
    ///
    /// Returns `None` if the bytes are not a whole number of images, or an image has no pixels.
    #[must_use]
    pub fn new(shape: Shape, pixels: Vec<u8>) -> Option<Self> {
        Self::from_bytes(shape, pixels.into())
    }

    /// As [`Self::new`], of bytes that may lie in a mapped file.
    pub(crate) fn from_bytes(shape: Shape, pixels: Bytes) -> Option<Self> {
        let length = shape.len();
        (length > 0 && pixels.len().is_multiple_of(length)).then_some(Self { shape, pixels })
    }

    /// Channels, height and width of every image.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pixels.len() / self.shape.len()
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// The bytes of all images, `[image][channel][row][column]`.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The bytes of image `index`, `[channel][row][column]`.
    ///
    /// # Panics
    /// If there is no such image.
    #[must_use]
    pub fn image(&self, index: usize) -> &[u8] {
        let length = self.shape.len();
        &self.pixels[index * length..(index + 1) * length]
    }

    /// Keeps the first `count` images, or all if there are no more.
    pub fn truncate(&mut self, count: usize) {
        self.pixels.truncate(count.saturating_mul(self.shape.len()));
    }

    /// The images of a range, without copying them.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let length = self.shape.len();
        Self { shape: self.shape, pixels: self.pixels.slice(range.start * length..range.end * length) }
    }

    /// At most `most` of the images, evenly spread, so that of classes in turn none is left out; without copying them
    /// where that is all.
    #[must_use]
    pub fn spread(&self, most: usize) -> Self {
        if self.len() <= most {
            return self.clone();
        }
        self.select(&(0..most).map(|i| i * self.len() / most).collect::<Vec<_>>())
    }

    /// The images at `indices`, in that order.
    ///
    /// # Panics
    /// If an index is out of range.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let mut pixels = Vec::with_capacity(indices.len() * self.shape.len());
        for &index in indices {
            pixels.extend_from_slice(self.image(index));
        }
        Self { shape: self.shape, pixels: pixels.into() }
    }
}
