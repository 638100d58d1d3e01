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

    /// Mean and standard deviation of each channel over all images; pixels go from 0 to 1.
    #[must_use]
    pub fn moments(&self) -> Vec<(f64, f64)> {
        // Bytes and their squares add up exactly in 64 bits.
        let mut sums = vec![(0_u64, 0_u64); self.shape.channels];
        for (plane, pixels) in self.pixels().chunks_exact(self.shape.area().max(1)).enumerate() {
            let (sum, squares) = &mut sums[plane % self.shape.channels];
            for &byte in pixels {
                *sum += u64::from(byte);
                *squares += u64::from(byte) * u64::from(byte);
            }
        }
        let count = (self.len() * self.shape.area()).max(1) as f64;
        let moments = |(sum, squares): (u64, u64)| {
            let mean = sum as f64 / count;
            let variance = (squares as f64 / count - mean * mean).max(0.0);
            (mean / 255.0, variance.sqrt() / 255.0)
        };
        sums.into_iter().map(moments).collect()
    }

    /// The images with their rows as columns.
    #[must_use]
    pub(crate) fn transposed(&self) -> Self {
        let Shape { channels, height, width } = self.shape;
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for plane in self.pixels.chunks_exact(self.shape.area()) {
            for column in 0..width {
                pixels.extend(plane[column..].iter().step_by(width));
            }
        }
        Self { shape: Shape::new(channels, width, height), pixels: pixels.into() }
    }

    /// Whether no two of them differ.
    #[must_use]
    pub fn are_all_equal(&self) -> bool {
        let mut images = self.pixels().chunks_exact(self.shape.len());
        images.next().is_none_or(|first| images.all(|image| image == first))
    }

    /// The sum of all images, pixel by pixel: `[channel][row][column]`.
    #[must_use]
    pub fn sum(&self) -> Vec<u64> {
        // Bytes add up exactly in 64 bits, in whatever order they come.
        let mut sums = vec![0_u64; self.shape.len()];
        for image in self.pixels().chunks_exact(sums.len()) {
            for (sum, &byte) in sums.iter_mut().zip(image) {
                *sum += u64::from(byte);
            }
        }
        sums
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

/// The mean of `count` images of which this is the sum, in `[0, 1]`.
pub(crate) fn mean_of(sum: &[u64], count: usize) -> Vec<f32> {
    let scale = 1.0 / (255.0 * count.max(1) as f64);
    sum.iter().map(|&sum| (sum as f64 * scale) as f32).collect()
}
