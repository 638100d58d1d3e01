//! [`Gradients`]: the way back through a convolution, given the gradient of its output.
//!
//! The bias's gradient sums the output's gradient, the weight's is an outer product of input and output gradient, and
//! the input's is again a correlation, one for each residue of the stride: an input pixel at distance r past a
//! multiple of the stride meets only the kernel positions with the same residue.

use tenun_kernels::Kernels;
use tenun_kernels::correlate::Correlation;
use tenun_kernels::outer::Outer;

use super::{ConvGeometry, packed_parts, packed_parts_mut};
use crate::Shape;
use crate::place::Parameters;
use crate::program::{Grids, Port, Tensor, TensorId, Tensors, Tile};

/// The gradients of a convolution's bias, weight and, where it has one, input.
pub(super) struct Gradients {
    geometry: ConvGeometry,
    parameters: Parameters,
    x: TensorId,
    dy: Tensor,
    weight: Outer,
    input: Option<InputGradient>,
}

/// The gradient of the input: one correlation of the output's gradient for each residue of the stride.
struct InputGradient {
    dx: TensorId,
    residues: Vec<Residue>,
}

struct Residue {
    correlation: Correlation,
    /// Where its taps stand among the weights of input channel 0.
    weights: Vec<usize>,
}

impl Gradients {
    /// Of the convolution `geometry` of `x`, whose output has the gradient `dy`.
    pub(super) fn new(
        geometry: ConvGeometry,
        parameters: &Parameters,
        x: Port,
        dy: TensorId,
        grids: &Grids,
    ) -> Self {
        let (x_grid, dy_grid) = (&grids[x.value], &grids[dy]);
        let Shape { height, width, .. } = dy_grid.shape();
        let rows: Vec<_> =
            (0..height).map(|r| (geometry.corner(x_grid, r, 0), dy_grid.at(0, r, 0))).collect();
        let offsets = geometry.offsets(x_grid);
        let weight = Outer::new(&rows, width, geometry.stride, offsets, geometry.filters, dy_grid.plane());
        let input = x.gradient.map(|dx| InputGradient::new(&geometry, dy, dx, grids));
        Self { geometry, parameters: parameters.clone(), x: x.value, dy: grids.tensor(dy), weight, input }
    }

    /// The tensors that it uses.
    pub(super) fn uses(&self) -> impl Iterator<Item = TensorId> {
        [self.x, self.dy.id].into_iter().chain(self.input.iter().map(|input| input.dx))
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        let residues = self.input.iter().flat_map(|input| &input.residues);
        self.weight.multiply_adds()
            + residues.map(|residue| residue.correlation.multiply_adds()).sum::<usize>()
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.input.as_ref().map_or(0, InputGradient::packed_len)
    }

    /// Arranges the weights `[filter][channel][row][column]` as the kernels read them.
    pub(super) fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        if let Some(input) = &self.input {
            input.pack(&self.geometry, weight, packed);
        }
    }

    /// Writes the gradients of the parameters and of the input. This operation's own packed weights begin at `start`.
    pub(super) fn run(&self, k: &Kernels, tile: &mut Tile<'_>, start: usize) {
        let Tile { tensors, packed, gradients, .. } = tile;
        let [x, dy] = tensors.many([self.x, self.dy.id]);
        if let Some(bias) = &self.parameters.bias {
            k.channel_sums(self.dy.view(dy), &mut gradients[bias.clone()]);
        }
        k.outer(&self.weight, x, dy, &mut gradients[self.parameters.weight.clone()]);
        if let Some(input) = &self.input {
            input.run(k, tensors, self.dy.id, &packed[start..]);
        }
    }
}

impl InputGradient {
    /// From the output's gradient `dy` to the input's, `dx`.
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // sizes of images, not below zero once the border is added
    fn new(geometry: &ConvGeometry, dy: TensorId, dx: TensorId, grids: &Grids) -> Self {
        let (dy, dx_grid) = (&grids[dy], &grids[dx]);
        let Shape { channels, height, width } = geometry.input;
        let inside = |position: isize| (position + dy.border() as isize) as usize;
        let mut residues = Vec::new();
        for row in geometry.residues(height) {
            for column in geometry.residues(width) {
                let pixels: Vec<_> = row
                    .positions
                    .iter()
                    .flat_map(|r| column.positions.iter().map(move |c| (r, c)))
                    .map(|(&(r, from_row), &(c, from_column))| {
                        (dy.raw(0, inside(from_row), inside(from_column)), dx_grid.at(0, r, c))
                    })
                    .collect();
                if pixels.is_empty() {
                    continue;
                }
                let taps: Vec<_> =
                    row.taps.iter().flat_map(|&r| column.taps.iter().map(move |&c| (r, c))).collect();
                let offsets = (0..geometry.filters)
                    .flat_map(|f| taps.iter().map(move |&((_, r), (_, c))| dy.raw(f, r, c)))
                    .collect();
                let area = geometry.kernel * geometry.kernel;
                let weights = (0..geometry.filters)
                    .flat_map(|f| {
                        taps.iter()
                            .map(move |&((u, _), (v, _))| f * channels * area + u * geometry.kernel + v)
                    })
                    .collect();
                let correlation =
                    Correlation::new(&grids.kernels.registers, &pixels, offsets, channels, dx_grid.plane());
                residues.push(Residue { correlation, weights });
            }
        }
        Self { dx, residues }
    }

    fn correlations(&self) -> impl Iterator<Item = &Correlation> {
        self.residues.iter().map(|residue| &residue.correlation)
    }

    /// Floats that [`Self::pack`] writes.
    fn packed_len(&self) -> usize {
        self.correlations().map(Correlation::packed_len).sum()
    }

    /// Arranges the weights `[filter][channel][row][column]` as the kernels read them.
    fn pack(&self, geometry: &ConvGeometry, weight: &[f32], packed: &mut [f32]) {
        let area = geometry.kernel * geometry.kernel;
        let parts = packed_parts_mut(self.correlations(), packed);
        for ((correlation, to), Residue { weights, .. }) in parts.zip(&self.residues) {
            // Input channel i is the filter here; the taps run over (filter, kernel position).
            correlation.pack(to, None, |i, j| weight[weights[j] + i * area]);
        }
    }

    /// Computes the input's gradient from the output's, `dy`.
    fn run(&self, k: &Kernels, tensors: &mut Tensors, dy: TensorId, packed: &[f32]) {
        let [dy, dx] = tensors.many([dy, self.dx]);
        for (correlation, packed) in packed_parts(self.correlations(), packed) {
            k.correlate(correlation, dy, packed, dx);
        }
    }
}
