//! [`ConvGeometry`]: the numbers of a convolution.

use tenun_kernels::correlate::Correlation;

use crate::Shape;
use crate::program::Grid;

/// A convolution's numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConvGeometry {
    pub(crate) input: Shape,
    pub(crate) filters: usize,
    pub(crate) kernel: usize,
    pub(crate) stride: usize,
    /// Zeros on each side of the image.
    pub(crate) pad: usize,
}

/// Along one axis, the input positions of one residue of the stride, and the kernel positions they meet.
pub(super) struct Residue {
    /// Input positions, each with the position in the output gradient that its last tap reads, counted from the
    /// image's edge; negative inside the border.
    pub(super) positions: Vec<(usize, isize)>,
    /// Kernel positions, each with its distance from that first-read position.
    pub(super) taps: Vec<(usize, usize)>,
}

impl ConvGeometry {
    /// The residues of the stride along an axis of `size` pixels.
    ///
    /// The output o reads the input i = stride · o + k − pad; so i meets the outputs (i + pad − k) / stride, for
    /// the k that divide.
    #[allow(clippy::cast_possible_wrap)] // sizes of images
    pub(super) fn residues(&self, size: usize) -> Vec<Residue> {
        let Self { kernel, stride, pad, .. } = *self;
        (0..stride)
            .map(|residue| {
                let reach = (kernel + stride - 1 - residue) / stride;
                let positions = (0..size)
                    .filter(|i| (i + pad) % stride == residue)
                    .map(|i| (i, ((i + pad - residue) / stride) as isize - reach as isize + 1))
                    .collect();
                let taps = (0..reach).map(|t| (residue + t * stride, reach - 1 - t)).collect();
                Residue { positions, taps }
            })
            .collect()
    }

    /// Zeros that the output's gradient needs around it along an axis.
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)]
    fn gradient_border(&self, size: usize, outputs: usize) -> usize {
        let mut border = 0;
        for Residue { positions, taps } in self.residues(size) {
            for (_, first) in positions {
                let last = first + taps.len() as isize - 1;
                border = border.max(-first).max(last - (outputs as isize - 1));
            }
        }
        border.max(0) as usize
    }

    /// Zeros that the output's gradient needs around it, where the input has a gradient.
    pub(super) fn gradient_borders(&self, output: Shape) -> usize {
        let Shape { height, width, .. } = self.input;
        self.gradient_border(height, output.height).max(self.gradient_border(width, output.width))
    }

    /// Arranges the weights `[filter][channel][row][column]` for a correlation forwards.
    pub(super) fn pack(
        &self,
        forward: &Correlation,
        bias: Option<&[f32]>,
        weight: &[f32],
        packed: &mut [f32],
    ) {
        let taps = self.input.channels * self.kernel * self.kernel;
        forward.pack(packed, bias, |f, j| weight[f * taps + j]);
    }

    /// Where on the input's grid the kernel's corner is for an output pixel.
    pub(super) fn corner(&self, grid: &Grid, row: usize, column: usize) -> usize {
        let shift = grid.border() - self.pad;
        grid.raw(0, row * self.stride + shift, column * self.stride + shift)
    }

    /// Offsets of all taps `[channel][row][column]` from the corner of the kernel.
    pub(super) fn offsets(&self, grid: &Grid) -> Vec<usize> {
        let kernel = 0..self.kernel;
        (0..self.input.channels)
            .flat_map(|c| kernel.clone().flat_map(move |u| (0..self.kernel).map(move |v| (c, u, v))))
            .map(|(c, u, v)| grid.raw(c, u, v))
            .collect()
    }
}
