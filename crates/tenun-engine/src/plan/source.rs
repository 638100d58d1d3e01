//! Where a batch's images come from: [`Images`], and how they get into a plan.

use tenun_kernels::Kernels;
use tenun_kernels::images::Chosen;

use crate::program::{Grids, Port, Tensor, Tensors};

/// Images of one shape, one after the other, each `[channel][row][column]`.
#[derive(Clone, Copy, Debug)]
pub enum Images<'a> {
    /// Bytes; a plan takes each as byte / 255, from 0 to 1.
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

/// The tensor into which images are read.
pub(super) struct Intake {
    tensor: Tensor,
    /// Numbers in an image.
    length: usize,
}

impl Intake {
    pub(super) fn new(port: Port, grids: &Grids) -> Self {
        Self { tensor: grids.tensor(port.value), length: grids[port.value].shape().len() }
    }

    /// Numbers in an image.
    pub(super) fn image_len(&self) -> usize {
        self.length
    }

    /// Reads the images with the given indices, one into each lane; lanes beyond them are zero.
    pub(super) fn fill(&self, k: &Kernels, tensors: &mut Tensors, images: Images<'_>, indices: &[u32]) {
        let [to] = tensors.many([self.tensor.id]);
        let (to, length) = (self.tensor.view_mut(to), self.length);
        match images {
            Images::Bytes(images) => k.read_bytes(Chosen { images, length, indices }, to),
            Images::Floats(images) => k.read_floats(Chosen { images, length, indices }, to),
        }
    }
}
