//! An array as images, wherever its axes are.

use std::path::Path;

use tenun_engine::Shape;

use super::array::{Array, Element};
use super::axes::AxisOrder;
use super::decode::on_white_value;
use super::pixels::{NoPixels, Range, to_bytes};
use super::{DataError, Images};

/// What an array is, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Named<'a> {
    pub(crate) path: &'a Path,
    /// Which array of the file.
    pub(crate) place: &'a str,
    /// Where its shape stands.
    pub(crate) shape: &'a str,
}

impl Named<'_> {
    fn malformed(&self, field: &str, expected: &str, got: String, advice: String) -> DataError {
        DataError::malformed(self.path, format!("{}{field}", self.place), expected, got, advice)
    }

    /// The range of an array of pixels.
    pub(crate) fn range(&self, array: &Array) -> Result<Range, DataError> {
        if let Element::Text { .. } = array.element {
            let advice = "these are texts, such as labels: give the array of pictures".into();
            return Err(self.malformed("elements", "numbers", "texts".into(), advice));
        }
        Range::of(array).map_err(|wrong| self.no_pixels(array, wrong))
    }

    fn no_pixels(&self, array: &Array, wrong: NoPixels) -> DataError {
        let NoPixels { index, got, expected, advice } = wrong;
        self.malformed(&format!("element {:?}", position(array, index)), expected, got, advice)
    }

    /// The images of an array whose axes are in this order; `together` is the range of all arrays of the same kind in the
    /// file.
    pub(crate) fn images(
        &self,
        array: &Array,
        order: Result<AxisOrder, String>,
        together: Range,
        notes: &mut Vec<String>,
    ) -> Result<Images, DataError> {
        let got = || format!("{:?}", array.axes);
        if array.axes.contains(&0) {
            let advice = "the array holds nothing: give another".into();
            return Err(self.malformed(
                self.shape,
                "at least one image of at least one pixel",
                got(),
                advice,
            ));
        }
        let axes = order.map_err(|advice| {
            self.malformed(self.shape, "N×H×W, N×H×W×C or N×C×H×W with 1, 3 or 4 channels C", got(), advice)
        })?;
        let channels = axes.channels.map_or(1, |axis| array.axes[axis]);
        let (height, width) = (array.axes[axes.rows], array.axes[axes.columns]);
        let values = to_bytes(array, together, notes).map_err(|wrong| self.no_pixels(array, wrong))?;
        let in_order =
            axes.images == 0 && axes.rows < axes.columns && (axes.channels != Some(3) || channels == 1);
        let pixels = if in_order && !array.fortran { values } else { planes(array, axes, channels, &values) };
        let (channels, pixels) = match channels {
            4 => (3, on_white(&pixels, height * width)),
            other => (other, pixels),
        };
        Images::new(Shape::new(channels, height, width), pixels)
            .ok_or_else(|| self.malformed(self.shape, "whole images", got(), "give another array".into()))
    }
}

/// The index of each axis of the element that lies at `offset` in the file.
fn position(array: &Array, offset: usize) -> Vec<usize> {
    array.strides().iter().zip(&array.axes).map(|(&stride, &axis)| offset / stride % axis).collect()
}

/// The elements `[image][channel][row][column]`, wherever they lie in the array.
fn planes(array: &Array, axes: AxisOrder, channels: usize, values: &[u8]) -> Vec<u8> {
    let strides = array.strides();
    let channel_stride = axes.channels.map_or(0, |axis| strides[axis]);
    let mut pixels = Vec::with_capacity(values.len());
    for image in 0..array.axes[axes.images] {
        for channel in 0..channels {
            for row in 0..array.axes[axes.rows] {
                let start =
                    image * strides[axes.images] + channel * channel_stride + row * strides[axes.rows];
                let line = values[start..].iter().step_by(strides[axes.columns]);
                pixels.extend(line.take(array.axes[axes.columns]));
            }
        }
    }
    pixels
}

/// Planar RGB and opacity as RGB on white.
fn on_white(pixels: &[u8], area: usize) -> Vec<u8> {
    let mut flat = Vec::with_capacity(pixels.len() / 4 * 3);
    for image in pixels.chunks_exact(4 * area) {
        let (colours, opacity) = image.split_at(3 * area);
        for plane in colours.chunks_exact(area) {
            flat.extend(plane.iter().zip(opacity).map(|(&value, &alpha)| on_white_value(value, alpha)));
        }
    }
    flat
}
