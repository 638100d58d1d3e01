//! [`Convolution`]: the operation of convolutions, and of dense layers, which are convolutions of a single pixel.
//!
//! Forwards it is one correlation. Backwards, the bias's gradient sums the output's gradient, the weight's is an
//! outer product of input and output gradient, and the input's is again a correlation, one for each residue of
//! the stride: an input pixel at distance r past a multiple of the stride meets only the kernel positions with the
//! same residue.

use std::ops::Range;

use super::grid::{Grid, Rows};
use super::{Builder, Op, Port, TensorId, Tile};
use crate::Shape;
use crate::lane::correlate::Correlation;
use crate::lane::outer::Outer;
use crate::lane::{Simd, Vector};
use crate::network::Placed;

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
struct Residue {
    /// Input positions, each with the position in the output gradient that its last tap reads, counted from the
    /// image's edge; negative inside the border.
    positions: Vec<(usize, isize)>,
    /// Kernel positions, each with its distance from that first-read position.
    taps: Vec<(usize, usize)>,
}

impl ConvGeometry {
    /// The residues of the stride along an axis of `size` pixels.
    ///
    /// The output o reads the input i = stride · o + k − pad; so i meets the outputs (i + pad − k) / stride, for
    /// the k that divide.
    #[allow(clippy::cast_possible_wrap)] // sizes of images
    fn residues(&self, size: usize) -> Vec<Residue> {
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

    /// Offsets of all taps `[channel][row][column]` from the corner of the kernel.
    fn offsets(&self, grid: &Grid) -> Vec<usize> {
        let kernel = 0..self.kernel;
        (0..self.input.channels)
            .flat_map(|c| kernel.clone().flat_map(move |u| (0..self.kernel).map(move |v| (c, u, v))))
            .map(|(c, u, v)| grid.raw(c, u, v))
            .collect()
    }
}

/// The gradient of the input for one residue of the stride.
struct InputGradient {
    correlation: Correlation,
    /// Kernel positions of the taps, `row · kernel + column`.
    kernel: Vec<usize>,
}

/// The operation.
pub(crate) struct Convolution {
    geometry: ConvGeometry,
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    x: TensorId,
    y: TensorId,
    forward: Correlation,
    backward: Option<Backward>,
}

struct Backward {
    dy: TensorId,
    dy_rows: Rows,
    dx: Option<TensorId>,
    weight: Outer,
    input: Vec<InputGradient>,
}

impl Convolution {
    /// Adds a convolution to a plan.
    pub(crate) fn lower<S: Simd>(
        builder: &mut Builder<S>,
        geometry: ConvGeometry,
        at: &Placed,
        x: Port,
    ) -> Port {
        let output = at.output;
        builder.border(x.value, geometry.pad);
        let y = builder.output(x, output, true);
        if let (Some(dy), Some(_)) = (y.gradient, x.gradient) {
            let Shape { height, width, .. } = geometry.input;
            let border = geometry.gradient_border(height, output.height);
            builder.border(dy, border.max(geometry.gradient_border(width, output.width)));
        }
        let (weight, bias) = ranges(at);
        builder.push(move |grids| {
            let x_grid = &grids[x.value];
            let corner = |row: usize, column: usize| {
                let shift = x_grid.border() - geometry.pad;
                x_grid.raw(0, row * geometry.stride + shift, column * geometry.stride + shift)
            };
            let y_grid = &grids[y.value];
            let pixels: Vec<_> = (0..output.height)
                .flat_map(|r| (0..output.width).map(move |c| (r, c)))
                .map(|(r, c)| (corner(r, c), y_grid.at(0, r, c)))
                .collect();
            let offsets = geometry.offsets(x_grid);
            let forward = Correlation::new(&pixels, offsets.clone(), geometry.filters, y_grid.plane());
            let backward = y.gradient.map(|dy| {
                let dy_grid = &grids[dy];
                let rows: Vec<_> = (0..output.height).map(|r| (corner(r, 0), dy_grid.at(0, r, 0))).collect();
                let weight = Outer::new(
                    &rows,
                    output.width,
                    geometry.stride,
                    offsets,
                    geometry.filters,
                    dy_grid.plane(),
                );
                let input =
                    x.gradient.map_or_else(Vec::new, |dx| input_gradients(&geometry, dy_grid, &grids[dx]));
                let dy_rows = Rows::of::<S>(dy_grid);
                Backward { dy, dy_rows, dx: x.gradient, weight, input }
            });
            Box::new(Self { geometry, weight, bias, x: x.value, y: y.value, forward, backward })
        });
        Port { exclusive: true, ..y }
    }

    /// Where the packed weights of each input gradient stand after those of the forward pass.
    fn packed_parts(&self) -> impl Iterator<Item = (&InputGradient, Range<usize>)> {
        let mut start = self.forward.packed_len();
        let gradients = self.backward.iter().flat_map(|backward| &backward.input);
        gradients.map(move |gradient| {
            let end = start + gradient.correlation.packed_len();
            let range = start..end;
            start = end;
            (gradient, range)
        })
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

/// The ranges of weight and, if there is one, bias.
pub(super) fn ranges(at: &Placed) -> (Range<usize>, Option<Range<usize>>) {
    (at.parameters[0].range.clone(), at.parameters.get(1).map(|bias| bias.range.clone()))
}

/// The gradient of a convolution's input.
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // sizes of images, not below zero once the border is added
fn input_gradients(geometry: &ConvGeometry, dy: &Grid, dx: &Grid) -> Vec<InputGradient> {
    let Shape { channels, height, width } = geometry.input;
    let inside = |position: isize| (position + dy.border() as isize) as usize;
    let mut gradients = Vec::new();
    for row in geometry.residues(height) {
        for column in geometry.residues(width) {
            let pixels: Vec<_> = row
                .positions
                .iter()
                .flat_map(|r| column.positions.iter().map(move |c| (r, c)))
                .map(|(&(r, from_row), &(c, from_column))| {
                    (dy.raw(0, inside(from_row), inside(from_column)), dx.at(0, r, c))
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
            let kernel = taps.iter().map(|&((u, _), (v, _))| u * geometry.kernel + v).collect();
            let correlation = Correlation::new(&pixels, offsets, channels, dx.plane());
            gradients.push(InputGradient { correlation, kernel });
        }
    }
    gradients
}

impl<S: Simd> Op<S> for Convolution {
    fn packed_len(&self) -> usize {
        self.packed_parts().last().map_or(self.forward.packed_len(), |(_, range)| range.end)
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let weight = &parameters[self.weight.clone()];
        let bias = self.bias.clone().map(|range| &parameters[range]);
        let area = self.geometry.kernel * self.geometry.kernel;
        let taps = self.geometry.input.channels * area;
        self.forward.pack::<S>(packed, bias, |f, j| weight[f * taps + j]);
        for (InputGradient { correlation, kernel }, range) in self.packed_parts() {
            // Input channel i is the filter here; the taps run over (filter, kernel position).
            correlation.pack::<S>(&mut packed[range], None, |i, j| {
                let (f, at) = (j / kernel.len(), kernel[j % kernel.len()]);
                weight[f * taps + i * area + at]
            });
        }
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let packed = tile.packed;
        let [x, y] = tile.many([self.x, self.y]);
        s.enter(
            #[inline(always)]
            || self.forward.run(s, x, packed, y),
        );
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some(backward) = &self.backward else { return };
        let Tile { tensors, packed, gradients, .. } = tile;
        let [x, dy] = tensors.many([self.x, backward.dy]);
        s.enter(
            #[inline(always)]
            || {
                if let Some(bias) = &self.bias {
                    bias_gradient(s, dy, &backward.dy_rows, &mut gradients[bias.clone()]);
                }
                backward.weight.run(s, x, dy, &mut gradients[self.weight.clone()]);
            },
        );
        let Some(dx) = backward.dx else { return };
        let [dy, dx] = tensors.many([backward.dy, dx]);
        for (gradient, range) in self.packed_parts() {
            s.enter(
                #[inline(always)]
                || gradient.correlation.run(s, dy, &packed[range], dx),
            );
        }
    }
}
