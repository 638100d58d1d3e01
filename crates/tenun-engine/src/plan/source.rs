//! Where a batch's images come from: [`Images`], and how they become floats: [`Scaling`].

use super::tile::Tensors;
use super::{Grids, Port, Rows, TensorId};
use crate::lane::Simd;

/// How a byte becomes a float: a table, so any preprocessing of single pixels costs the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaling([f32; 256]);

impl Scaling {
    /// Byte / 255: 0 to 1.
    #[must_use]
    pub fn unit() -> Self {
        #[allow(clippy::cast_precision_loss)]
        Self(std::array::from_fn(|byte| byte as f32 / 255.0))
    }
}

impl Default for Scaling {
    fn default() -> Self {
        Self::unit()
    }
}

/// Images of one shape, one after the other, each `[channel][row][column]`.
#[derive(Clone, Copy, Debug)]
pub enum Images<'a> {
    /// Bytes, which the plan's [`Scaling`] makes floats.
    Bytes(&'a [u8]),
    /// Floats, taken as they are.
    Floats(&'a [f32]),
}

impl Images<'_> {
    /// Numbers in all images together.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Floats(floats) => floats.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The tensor into which images are read, and its rows.
pub(super) struct Intake {
    tensor: TensorId,
    rows: Rows,
    /// Numbers in an image.
    length: usize,
}

impl Intake {
    pub(super) fn new<S: Simd>(port: Port, grids: &Grids) -> Self {
        let grid = &grids[port.value];
        Self { tensor: port.value, rows: Rows::of::<S>(grid), length: grid.shape().len() }
    }

    /// Numbers in an image.
    pub(super) fn image_len(&self) -> usize {
        self.length
    }

    /// Reads the images with the given indices, one into each lane; lanes beyond them are zero.
    pub(super) fn fill<S: Simd>(
        &self,
        tensors: &mut Tensors,
        images: Images<'_>,
        indices: &[u32],
        scaling: &Scaling,
    ) {
        match images {
            Images::Bytes(bytes) => {
                self.fill_with::<S, u8>(tensors, bytes, indices, |byte| scaling.0[usize::from(byte)])
            }
            Images::Floats(floats) => self.fill_with::<S, f32>(tensors, floats, indices, |x| x),
        }
    }

    fn fill_with<S: Simd, T: Copy>(
        &self,
        tensors: &mut Tensors,
        images: &[T],
        indices: &[u32],
        convert: impl Fn(T) -> f32,
    ) {
        let [to] = tensors.many([self.tensor]);
        let image = |index: u32| &images[index as usize * self.length..][..self.length];
        let width = self.rows.row_length() / S::LANES;
        // Row by row, lane by lane: a row of all lanes stays in the first cache while it is filled.
        for (r, row) in self.rows.iter().enumerate() {
            let row = &mut to[row];
            for lane in 0..S::LANES {
                let numbers = row.chunks_exact_mut(S::LANES).map(|lanes| &mut lanes[lane]);
                match indices.get(lane) {
                    Some(&index) => {
                        let from = &image(index)[r * width..(r + 1) * width];
                        for (to, &from) in numbers.zip(from) {
                            *to = convert(from);
                        }
                    }
                    None => numbers.for_each(|to| *to = 0.0),
                }
            }
        }
    }
}
