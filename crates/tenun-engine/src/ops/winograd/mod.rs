//! [`Winograd`]: 3×3 convolutions of stride 1 by blocks of 2×2 outputs, with 2¼ times fewer products.
//!
//! The formulas are in [`tenun_kernels::winograd`]. Each of the three passes, forwards, the gradient of the input and
//! that of the weights, is computed so or by the direct kernels, whichever measured faster for its shape:
//! [`Passes::fastest`]. In exact arithmetic the results are those of [`super::Convolution`], and outputs whose receptive
//! field is all zero are exactly the bias in both.
//!
//! The gradient of the input is the forward pass over the output's gradient, with channels and filters exchanged and the
//! kernel turned by half a turn.

use tenun_kernels::correlate::Correlation;
use tenun_kernels::outer::Outer;
use tenun_kernels::winograd::correlate::{self as blocks, Block, Source};
use tenun_kernels::winograd::outer::{self as block_outer, Gradient};
use tenun_kernels::{Kernels, Registers};

use super::ConvGeometry;
use crate::Shape;
use crate::place::Parameters;
use crate::place::Place;
use crate::program::{Builder, Grid, Grids, Op, Port, Tensor, TensorId, Tensors, Tile, Uses};
use crate::shape::positions;

/// Which passes go by blocks; the others go by the direct kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passes {
    pub(crate) forward: bool,
    pub(crate) input: bool,
    pub(crate) weight: bool,
}

impl Passes {
    /// What measured fastest for a convolution, or None where that is the direct kernels throughout.
    ///
    /// It depends on the shape alone, never on the register width: the two ways round differently.
    pub(crate) fn fastest(geometry: &ConvGeometry) -> Option<Self> {
        let ConvGeometry { input, filters, kernel, stride, pad } = *geometry;
        let fits = kernel == 3 && stride == 1 && pad <= 2;
        // Fewer channels or filters do not pay for the transforms; on smaller maps too much of the last blocks overhangs.
        let least = input.channels.min(filters);
        let large = input.height.min(input.width) >= 6;
        let wide = least >= 8 && input.channels.max(filters) >= 16;
        (fits && wide && large).then_some(Self { forward: true, input: true, weight: least >= 16 })
    }
}

/// A correlation in either way.
pub(super) enum Way {
    Direct(Correlation),
    Blocks(blocks::Correlation),
}

impl Way {
    pub(super) fn packed_len(&self) -> usize {
        match self {
            Self::Direct(direct) => direct.packed_len(),
            Self::Blocks(blocks) => blocks.packed_len(),
        }
    }

    /// `weight(f, c, u, v)` is the weight of filter f and channel c in row u and column v of the kernel.
    fn pack(
        &self,
        packed: &mut [f32],
        bias: Option<&[f32]>,
        weight: impl Fn(usize, usize, usize, usize) -> f32 + Sync,
    ) {
        match self {
            Self::Direct(direct) => {
                direct.pack(packed, bias, |f, j| weight(f, j / 9, j % 9 / 3, j % 3));
            }
            Self::Blocks(blocks) => {
                blocks.pack(packed, bias, |f, c| [0, 1, 2].map(|u| [0, 1, 2].map(|v| weight(f, c, u, v))));
            }
        }
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        match self {
            Self::Direct(direct) => direct.multiply_adds(),
            Self::Blocks(blocks) => blocks.multiply_adds(),
        }
    }

    /// Arranges biases and weights `[filter][channel][row][column]` for the way forwards.
    pub(super) fn pack_forward(&self, packed: &mut [f32], bias: Option<&[f32]>, weight: &[f32]) {
        match self {
            // The order of the weights is that of the taps.
            Self::Direct(direct) => {
                let taps = weight.len() / direct.filters().max(1);
                direct.pack(packed, bias, |f, j| weight[f * taps + j]);
            }
            Self::Blocks(blocks) => {
                let channels = blocks.channels();
                blocks.pack(packed, bias, |f, c| {
                    [0, 1, 2].map(|u| [0, 1, 2].map(|v| weight[(f * channels + c) * 9 + u * 3 + v]))
                });
            }
        }
    }

    fn run(&self, k: &Kernels, x: &[f32], packed: &[f32], scratch: &mut [f32], y: &mut [f32]) {
        match self {
            Self::Direct(direct) => k.correlate(direct, x, packed, y),
            Self::Blocks(blocks) => k.winograd_correlate(blocks, x, packed, scratch, y),
        }
    }
}

/// The weight's gradient in either way.
enum WeightWay {
    Direct(Outer),
    Blocks(block_outer::Outer),
}

/// The operation.
pub(crate) struct Winograd {
    parameters: Parameters,
    x: TensorId,
    y: TensorId,
    /// Room for what the kernel writes between its stages.
    scratch: TensorId,
    forward: Way,
    backward: Option<Gradients>,
}

/// The way back: the gradients of bias, weight and, where it has one, input, given that of the output.
pub(super) struct Gradients {
    parameters: Parameters,
    /// Channels of the input.
    channels: usize,
    x: TensorId,
    dy: Tensor,
    scratch: TensorId,
    weight: WeightWay,
    input: Option<(TensorId, Way)>,
}

/// A convolution, and which of its passes go by blocks.
#[derive(Clone, Copy)]
pub(super) struct Convolved<'a> {
    pub(super) geometry: ConvGeometry,
    pub(super) passes: Passes,
    pub(super) parameters: &'a Parameters,
}

/// The border that a map needs for a correlation of `pad` to an output of so many pixels: blocks overhang where
/// these are odd.
fn border(pad: usize, output: Shape, by_blocks: bool) -> usize {
    pad + usize::from(by_blocks && (output.height % 2 == 1 || output.width % 2 == 1))
}

/// A layout as the kernels know it.
fn source(grid: &Grid) -> Source {
    Source { row: grid.raw(0, 1, 0), plane: grid.plane(), channels: grid.shape().channels }
}

/// A correlation from the map `x`, padded by `pad` zeros, to the map `y`.
fn correlation(registers: &Registers, x: &Grid, y: &Grid, pad: usize, by_blocks: bool) -> Way {
    let shift = x.border() - pad;
    let Shape { channels: filters, height, width } = y.shape();
    if by_blocks {
        let rows = (0..height).step_by(2);
        let pairs = rows.flat_map(|r| (0..width).step_by(2).map(move |c| (r, c)));
        let blocks = pairs.map(|(r, c)| {
            let (below, beside) = ((r + 1).min(height - 1), (c + 1).min(width - 1));
            let outputs = [y.at(0, r, c), y.at(0, r, beside), y.at(0, below, c), y.at(0, below, beside)];
            Block { input: x.raw(0, r + shift, c + shift), outputs }
        });
        Way::Blocks(blocks::Correlation::new(registers, blocks.collect(), source(x), filters, y.plane()))
    } else {
        let pixels: Vec<_> = positions(Shape::new(1, height, width))
            .map(|(_, r, c)| (x.raw(0, r + shift, c + shift), y.at(0, r, c)))
            .collect();
        Way::Direct(Correlation::new(registers, &pixels, taps(x), filters, y.plane()))
    }
}

/// A correlation by blocks at the given positions of the input, whose outputs go elsewhere.
pub(super) fn windows(registers: &Registers, x: &Grid, inputs: &[usize], filters: usize) -> Way {
    let blocks = inputs.iter().map(|&input| Block { input, outputs: [0; 4] }).collect();
    Way::Blocks(blocks::Correlation::new(registers, blocks, source(x), filters, 0))
}

/// Offsets of all taps `[channel][row][column]` from the corner of the kernel.
fn taps(x: &Grid) -> Vec<usize> {
    positions(Shape::new(x.shape().channels, 3, 3)).map(|(c, u, v)| x.raw(c, u, v)).collect()
}

/// The weight's gradient.
fn weight_gradient(x: &Grid, dy: &Grid, pad: usize, by_blocks: bool) -> WeightWay {
    let shift = x.border() - pad;
    let Shape { channels: filters, height, width } = dy.shape();
    if by_blocks {
        let gradient = Gradient { first: dy.at(0, 0, 0), row: dy.raw(0, 1, 0), plane: dy.plane(), filters };
        let (rows, columns) = (height.div_ceil(2), width.div_ceil(2));
        let first = x.raw(0, shift, shift);
        WeightWay::Blocks(block_outer::Outer::new(first, source(x), gradient, rows, columns))
    } else {
        let rows: Vec<_> = (0..height).map(|r| (x.raw(0, r + shift, shift), dy.at(0, r, 0))).collect();
        WeightWay::Direct(Outer::new(&rows, width, 1, taps(x), filters, dy.plane()))
    }
}

/// Vectors of room that a correlation of a shape by blocks needs; no layout decides it.
fn correlation_scratch(registers: &Registers, channels: usize, filters: usize, by_blocks: bool) -> usize {
    if by_blocks { blocks::scratch_len(registers, channels, filters) } else { 0 }
}

/// Asks for the border and room that the way forwards needs: gives the room.
pub(super) fn prepare_forward(
    builder: &mut Builder,
    geometry: &ConvGeometry,
    passes: Passes,
    output: Shape,
    x: TensorId,
) -> TensorId {
    builder.border(x, border(geometry.pad, output, passes.forward));
    let room =
        correlation_scratch(builder.registers(), geometry.input.channels, geometry.filters, passes.forward);
    builder.tensor(Shape::vector(room))
}

impl Gradients {
    /// Asks for the borders and room that the way back from `dy` needs: gives the room.
    pub(super) fn prepare(
        builder: &mut Builder,
        geometry: &ConvGeometry,
        passes: Passes,
        output: Shape,
        x: Port,
        dy: TensorId,
    ) -> TensorId {
        let ConvGeometry { input, filters, pad, .. } = *geometry;
        builder.border(x.value, border(pad, output, passes.weight));
        builder.border(dy, border(0, output, passes.weight));
        let mut room = 0;
        if passes.weight {
            let blocks = (output.height.div_ceil(2), output.width.div_ceil(2));
            room = block_outer::scratch_len(builder.registers(), input.channels, filters, blocks);
        }
        if x.gradient.is_some() {
            builder.border(dy, border(2 - pad, input, passes.input));
            room = room.max(correlation_scratch(builder.registers(), filters, input.channels, passes.input));
        }
        builder.tensor(Shape::vector(room))
    }

    /// Of the convolution `of` of `x`, whose output has the gradient `dy`.
    pub(super) fn new(of: Convolved<'_>, x: Port, dy: TensorId, scratch: TensorId, grids: &Grids) -> Self {
        let Convolved { geometry, passes, parameters } = of;
        let pad = geometry.pad;
        let input = |dx| correlation(&grids.kernels.registers, &grids[dy], &grids[dx], 2 - pad, passes.input);
        Self {
            parameters: parameters.clone(),
            channels: geometry.input.channels,
            x: x.value,
            dy: grids.tensor(dy),
            scratch,
            weight: weight_gradient(&grids[x.value], &grids[dy], pad, passes.weight),
            input: x.gradient.map(|dx| (dx, input(dx))),
        }
    }

    /// The tensors that it uses.
    pub(super) fn uses(&self) -> impl Iterator<Item = TensorId> {
        [self.x, self.dy.id, self.scratch].into_iter().chain(self.input.iter().map(|(dx, _)| *dx))
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        let weight = match &self.weight {
            WeightWay::Direct(outer) => outer.multiply_adds(),
            WeightWay::Blocks(outer) => outer.multiply_adds(),
        };
        weight + self.input.as_ref().map_or(0, |(_, way)| way.multiply_adds())
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.input.as_ref().map_or(0, |(_, way)| way.packed_len())
    }

    /// Arranges the weights `[filter][channel][row][column]` as the kernels read them.
    pub(super) fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        if let Some((_, way)) = &self.input {
            // Channels and filters change places, and the kernel turns round.
            let at = |f: usize, c: usize| (f * self.channels + c) * 9;
            way.pack(packed, None, |c, f, u, v| weight[at(f, c) + 8 - u * 3 - v]);
        }
    }

    /// Writes the gradients of the parameters to their places in `gradients`, and that of the input.
    pub(super) fn run(&self, k: &Kernels, tensors: &mut Tensors, packed: &[f32], gradients: &mut [f32]) {
        let [x, dy, scratch] = tensors.many([self.x, self.dy.id, self.scratch]);
        if let Some(bias) = &self.parameters.bias {
            k.channel_sums(self.dy.view(dy), &mut gradients[bias.clone()]);
        }
        let to = &mut gradients[self.parameters.weight.clone()];
        match &self.weight {
            WeightWay::Direct(outer) => k.outer(outer, x, dy, to),
            WeightWay::Blocks(outer) => k.winograd_outer(outer, x, dy, scratch, to),
        }
        let Some((dx, way)) = &self.input else { return };
        let [dy, scratch, dx] = tensors.many([self.dy.id, self.scratch, *dx]);
        way.run(k, dy, packed, scratch, dx);
    }
}

impl Winograd {
    /// Adds a 3×3 convolution of stride 1, padded by at most two zeros, to a plan.
    pub(crate) fn lower(
        builder: &mut Builder,
        geometry: ConvGeometry,
        passes: Passes,
        at: &Place,
        x: Port,
    ) -> Port {
        let output = at.output;
        let y = builder.output(x, output, true);
        let scratch = prepare_forward(builder, &geometry, passes, output, x.value);
        let back = y.gradient.map(|dy| (dy, Gradients::prepare(builder, &geometry, passes, output, x, dy)));
        let parameters = Parameters::of(at);
        builder.push(move |grids| {
            let forward = correlation(
                &grids.kernels.registers,
                &grids[x.value],
                &grids[y.value],
                geometry.pad,
                passes.forward,
            );
            let backward = back.map(|(dy, scratch)| {
                let of = Convolved { geometry, passes, parameters: &parameters };
                Gradients::new(of, x, dy, scratch, grids)
            });
            Box::new(Self { parameters, x: x.value, y: y.value, scratch, forward, backward })
        });
        Port { exclusive: true, ..y }
    }
}

impl Op for Winograd {
    fn uses(&self) -> Uses {
        let back = self.backward.iter().flat_map(Gradients::uses);
        Uses::forward([self.x, self.scratch, self.y]).backward(back)
    }

    fn multiply_adds(&self) -> usize {
        self.forward.multiply_adds() + self.backward.as_ref().map_or(0, Gradients::multiply_adds)
    }

    fn packed_len(&self) -> usize {
        self.forward.packed_len() + self.backward.as_ref().map_or(0, Gradients::packed_len)
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let (weight, bias) = self.parameters.split(parameters);
        let (forward, rest) = packed.split_at_mut(self.forward.packed_len());
        self.forward.pack_forward(forward, bias, weight);
        if let Some(backward) = &self.backward {
            backward.pack(weight, rest);
        }
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let packed = &tile.packed[..self.forward.packed_len()];
        let [x, scratch, y] = tile.many([self.x, self.scratch, self.y]);
        self.forward.run(k, x, packed, scratch, y);
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        if let Some(backward) = &self.backward {
            let Tile { tensors, packed, gradients, .. } = tile;
            backward.run(k, tensors, &packed[self.forward.packed_len()..], gradients);
        }
    }
}

#[cfg(test)]
mod tests;
