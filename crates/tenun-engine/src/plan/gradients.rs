//! [`Gradients`]: the way back through a convolution, given the gradient of its output.
//!
//! The bias's gradient sums the output's gradient, the weight's is an outer product of input and output gradient, and
//! the input's is again a correlation, one for each residue of the stride: an input pixel at distance r past a
//! multiple of the stride meets only the kernel positions with the same residue.

use super::convolution::{ConvGeometry, Parameters};
use super::grid::{Grid, Grids, Rows};
use super::tile::{TensorId, Tensors};
use super::{Port, Tile};
use crate::Shape;
use crate::lane::correlate::Correlation;
use crate::lane::outer::Outer;
use crate::lane::{Simd, Vector};

/// The gradients of a convolution's bias, weight and, where it has one, input.
pub(super) struct Gradients {
    geometry: ConvGeometry,
    parameters: Parameters,
    x: TensorId,
    dy: TensorId,
    dy_rows: Rows,
    weight: Outer,
    input: Option<InputGradient>,
}

/// The gradient of the input: one correlation of the output's gradient for each residue of the stride.
struct InputGradient {
    dx: TensorId,
    /// Each with the places of its taps among the weights of input channel 0.
    residues: Vec<(Correlation, Vec<usize>)>,
}

impl Gradients {
    /// Of the convolution `geometry` of `x`, whose output has the gradient `dy`.
    pub(super) fn new<S: Simd>(
        geometry: ConvGeometry,
        parameters: &Parameters,
        (x, dy): (Port, TensorId),
        grids: &Grids,
    ) -> Self {
        let (x_grid, dy_grid) = (&grids[x.value], &grids[dy]);
        let Shape { height, width, .. } = dy_grid.shape();
        let rows: Vec<_> =
            (0..height).map(|r| (geometry.corner(x_grid, r, 0), dy_grid.at(0, r, 0))).collect();
        let offsets = geometry.offsets(x_grid);
        let weight = Outer::new(&rows, width, geometry.stride, offsets, geometry.filters, dy_grid.plane());
        let input = x.gradient.map(|dx| InputGradient::new(&geometry, dy_grid, dx, &grids[dx]));
        let dy_rows = Rows::of::<S>(dy_grid);
        Self { geometry, parameters: parameters.clone(), x: x.value, dy, dy_rows, weight, input }
    }

    /// The tensors that it uses.
    pub(super) fn uses(&self) -> impl Iterator<Item = TensorId> {
        [self.x, self.dy].into_iter().chain(self.input.iter().map(|input| input.dx))
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        let residues = self.input.iter().flat_map(|input| &input.residues);
        self.weight.multiply_adds()
            + residues.map(|(correlation, _)| correlation.multiply_adds()).sum::<usize>()
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.input.as_ref().map_or(0, InputGradient::packed_len)
    }

    /// Arranges the weights `[filter][channel][row][column]` as the kernels read them.
    pub(super) fn pack<S: Simd>(&self, weight: &[f32], packed: &mut [f32]) {
        if let Some(input) = &self.input {
            input.pack::<S>(&self.geometry, weight, packed);
        }
    }

    /// Writes the gradients of the parameters and of the input. This operation's own packed weights begin at `start`.
    pub(super) fn run<S: Simd>(&self, s: S, tile: &mut Tile<'_>, start: usize) {
        let Tile { tensors, packed, gradients, .. } = tile;
        let [x, dy] = tensors.many([self.x, self.dy]);
        s.enter(
            #[inline(always)]
            || {
                if let Some(bias) = &self.parameters.bias {
                    bias_gradient(s, dy, &self.dy_rows, &mut gradients[bias.clone()]);
                }
                self.weight.run(s, x, dy, &mut gradients[self.parameters.weight.clone()]);
            },
        );
        if let Some(input) = &self.input {
            input.run(s, tensors, self.dy, &packed[start..]);
        }
    }
}

/// Writes the gradient of each channel's bias: the sum of the output's gradient.
#[inline(always)]
pub(super) fn bias_gradient<S: Simd>(s: S, dy: &[f32], rows: &Rows, to: &mut [f32]) {
    for (channel, to) in to.iter_mut().enumerate() {
        let mut sum = s.zero();
        for row in rows.channel(channel) {
            for dy in dy[row].chunks_exact(S::LANES) {
                sum = sum + s.load(dy);
            }
        }
        *to = sum.sum();
    }
}

impl InputGradient {
    /// From the output's gradient on the grid `dy` to the input's, `dx`.
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // sizes of images, not below zero once the border is added
    fn new(geometry: &ConvGeometry, dy: &Grid, dx: TensorId, dx_grid: &Grid) -> Self {
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
                residues.push((Correlation::new(&pixels, offsets, channels, dx_grid.plane()), weights));
            }
        }
        Self { dx, residues }
    }

    /// Floats that [`Self::pack`] writes.
    fn packed_len(&self) -> usize {
        self.residues.iter().map(|(correlation, _)| correlation.packed_len()).sum()
    }

    /// Arranges the weights `[filter][channel][row][column]` as the kernels read them.
    fn pack<S: Simd>(&self, geometry: &ConvGeometry, weight: &[f32], packed: &mut [f32]) {
        let area = geometry.kernel * geometry.kernel;
        let mut rest = packed;
        for (correlation, places) in &self.residues {
            let (part, after) = rest.split_at_mut(correlation.packed_len());
            rest = after;
            // Input channel i is the filter here; the taps run over (filter, kernel position).
            correlation.pack::<S>(part, None, |i, j| weight[places[j] + i * area]);
        }
    }

    /// Computes the input's gradient from the output's, `dy`.
    fn run<S: Simd>(&self, s: S, tensors: &mut Tensors, dy: TensorId, packed: &[f32]) {
        let [dy, dx] = tensors.many([dy, self.dx]);
        let mut rest = packed;
        for (correlation, _) in &self.residues {
            let (part, after) = rest.split_at(correlation.packed_len());
            rest = after;
            s.enter(
                #[inline(always)]
                || correlation.run(s, dy, part, dx),
            );
        }
    }
}
