//! [`Upsampled`]: an up-sampling followed by a convolution, computed on the small map.
//!
//! Every pixel of the small map stands f×f times in the large one, so most products of the convolution are the same
//! product again. Nothing is enlarged here; in exact arithmetic the results are those of the two layers.
//!
//! *Forwards*, an output at distance ρ past a multiple of f reads, under its k×k kernel, only ⌊(ρ + k − 1) / f⌋ + 1
//! small pixels along an axis. The weights that fall on the same pixel are summed beforehand: f² correlations, one for
//! each pair of residues (3×3 on ×2: 16 products for 2×2 outputs, where the layers as written need 36).
//!
//! *Backwards*, let B be the f×f box sum of the output's gradient. Small pixel (y, x) and kernel position (u, v)
//! meet in B(f·y − u + p, f·x − v + p): the input's gradient is a correlation of B with stride f and the flipped
//! kernel, and the weight's gradient an outer product of the input and B at the same places (9 products, not 36).

mod backward;
mod box_sum;

use std::ops::Range;

use super::convolution::{ConvGeometry, ranges};
use super::{Builder, Grid, Op, Port, TensorId, Tile};
use crate::Shape;
use crate::lane::Simd;
use crate::lane::correlate::Correlation;
use crate::layer::positions;
use crate::network::Placed;
use backward::{Backward, Scratch};

/// Along one axis, the outputs of one residue of the factor, and what they read.
struct Residue {
    /// Outputs, each with the first small position that it reads, counted from the map's edge.
    positions: Vec<(usize, isize)>,
    /// For each small position that is read, the kernel positions that fall on it.
    taps: Vec<Range<usize>>,
}

/// The residues along an axis with `outputs` outputs.
///
/// Output r reads the large positions r − pad + u, which are the small positions ⌊(r − pad + u) / factor⌋.
#[allow(clippy::cast_possible_wrap)] // sizes of images
fn residues(kernel: usize, pad: usize, factor: usize, outputs: usize) -> Vec<Residue> {
    (0..factor)
        .map(|residue| {
            let taps = (0..=(residue + kernel - 1) / factor)
                .map(|t| {
                    let from = (t * factor).saturating_sub(residue);
                    from..((t + 1) * factor - residue).min(kernel)
                })
                .collect();
            let positions = (0..outputs)
                .map(|r| (r, r as isize - pad as isize))
                .filter(|(_, start)| start.rem_euclid(factor as isize) as usize == residue)
                .map(|(r, start)| (r, start.div_euclid(factor as isize)))
                .collect();
            Residue { positions, taps }
        })
        .collect()
}

/// Zeros that the small map needs around it along an axis.
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // sizes of images
fn border(residues: &[Residue], size: usize) -> usize {
    let reads = residues.iter().flat_map(|residue| {
        residue.positions.iter().map(|&(_, first)| (first, first + residue.taps.len() as isize - 1))
    });
    reads.map(|(first, last)| (-first).max(last - (size as isize - 1))).fold(0, isize::max) as usize
}

/// One pair of residues forwards.
struct Class {
    correlation: Correlation,
    /// Kernel rows and columns whose weights are summed, for each tap of one channel.
    sums: Vec<(Range<usize>, Range<usize>)>,
}

/// The operation.
pub(crate) struct Upsampled {
    /// The convolution; its input is the large map.
    geometry: ConvGeometry,
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    x: TensorId,
    y: TensorId,
    forward: Vec<Class>,
    backward: Option<Backward>,
}

impl Upsampled {
    /// Adds to a plan an up-sampling by `factor` of an `input` map, followed by the convolution `geometry` of
    /// stride 1, which is in its place `at`.
    pub(crate) fn lower<S: Simd>(
        builder: &mut Builder<S>,
        (input, factor): (Shape, usize),
        geometry: ConvGeometry,
        at: &Placed,
        x: Port,
    ) -> Port {
        let ConvGeometry { filters, kernel, pad, .. } = geometry;
        let output = at.output;
        let rows = residues(kernel, pad, factor, output.height);
        let columns = residues(kernel, pad, factor, output.width);
        builder.border(x.value, border(&rows, input.height).max(border(&columns, input.width)));
        let y = builder.output(x, output, true);
        let scratch = y.gradient.map(|_| Scratch {
            boxes: builder.tensor(Backward::boxes((input, factor), &geometry)),
            row: builder.tensor(Shape::vector(output.width)),
        });
        let (weight, bias) = ranges(at);
        builder.push(move |grids| {
            let forward = classes(&rows, &columns, &grids[x.value], &grids[y.value], filters);
            let backward = y
                .gradient
                .zip(scratch)
                .map(|(dy, scratch)| Backward::new::<S>((input, factor), &geometry, (x, dy), scratch, grids));
            Box::new(Self { geometry, weight, bias, x: x.value, y: y.value, forward, backward })
        });
        Port { exclusive: true, ..y }
    }
}

/// The correlations of the forward pass, one for each pair of residues that has outputs.
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // not below zero once the border is added
fn classes(rows: &[Residue], columns: &[Residue], x: &Grid, y: &Grid, filters: usize) -> Vec<Class> {
    let inside = |position: isize| (position + x.border() as isize) as usize;
    let channels = x.shape().channels;
    let pairs = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
    pairs
        .map(|(row, column)| {
            let pixels: Vec<_> = row
                .positions
                .iter()
                .flat_map(|r| column.positions.iter().map(move |c| (r, c)))
                .map(|(&(r, from_row), &(c, from_column))| {
                    (x.raw(0, inside(from_row), inside(from_column)), y.at(0, r, c))
                })
                .collect();
            let (height, width) = (row.taps.len(), column.taps.len());
            let offsets = positions(Shape::new(channels, height, width)).map(|(c, r, l)| x.raw(c, r, l));
            let correlation = Correlation::new(&pixels, offsets.collect(), filters, y.plane());
            let sums = row
                .taps
                .iter()
                .flat_map(|r| column.taps.iter().map(move |c| (r.clone(), c.clone())))
                .collect();
            Class { correlation, sums }
        })
        .collect()
}

impl<S: Simd> Op<S> for Upsampled {
    fn packed_len(&self) -> usize {
        let forward: usize = self.forward.iter().map(|class| class.correlation.packed_len()).sum();
        forward + self.backward.as_ref().map_or(0, Backward::packed_len)
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let weight = &parameters[self.weight.clone()];
        let bias = self.bias.clone().map(|range| &parameters[range]);
        let kernel = self.geometry.kernel;
        let taps = kernel * kernel;
        let channels = self.geometry.input.channels;
        let mut rest = packed;
        for Class { correlation, sums } in &self.forward {
            let (to, after) = std::mem::take(&mut rest).split_at_mut(correlation.packed_len());
            rest = after;
            correlation.pack::<S>(to, bias, |f, j| {
                let (channel, (rows, columns)) = (j / sums.len(), &sums[j % sums.len()]);
                let start = (f * channels + channel) * taps;
                let at = |u: usize, v: usize| weight[start + u * kernel + v];
                rows.clone().flat_map(|u| columns.clone().map(move |v| at(u, v))).sum()
            });
        }
        if let Some(backward) = &self.backward {
            backward.pack::<S>(weight, rest);
        }
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let mut rest = tile.packed;
        let [x, y] = tile.many([self.x, self.y]);
        for Class { correlation, .. } in &self.forward {
            let (packed, after) = rest.split_at(correlation.packed_len());
            rest = after;
            s.enter(
                #[inline(always)]
                || correlation.run(s, x, packed, y),
            );
        }
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some(backward) = &self.backward else { return };
        let packed = &tile.packed[tile.packed.len() - backward.packed_len()..];
        backward.run(s, tile, (&self.weight, self.bias.as_ref()), packed);
    }
}
