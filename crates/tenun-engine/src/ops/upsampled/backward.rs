//! The gradients of an up-sampled convolution: [`Backward`].
//!
//! Let B\[f\]\[i\]\[j\] be the sum of the factor × factor box of the gradient of output f that begins at (i − s, j − s),
//! with s = kernel − 1 − pad; what lies outside the output counts as zero. Small pixel (y, x) and kernel position
//! (u, v) meet in B at (factor · y + kernel − 1 − u, factor · x + kernel − 1 − v), so
//!
//! ```text
//! dw[f][c][u][v] = Σ_lanes Σ_(y, x)  x[c][y][x] · B[f][factor · y + kernel − 1 − u][factor · x + kernel − 1 − v]
//! dx[c][y][x]    = Σ_f Σ_(u, v)      w[f][c][u][v] · B[f][factor · y + kernel − 1 − u][factor · x + kernel − 1 − v]
//! ```
//!
//! Both are the ordinary kernels with a stride. The output's gradient is read once: a filter's B, and with it the
//! gradient of its bias, is made just before the gradient of its weights, and is still in the cache then.

use std::ops::Range;

use tenun_kernels::Kernels;
use tenun_kernels::correlate::Correlation;
use tenun_kernels::outer::Outer;
use tenun_kernels::upsampled::{BoxSum, Plane};

use super::Enlarged;
use crate::Shape;
use crate::ops::{ConvGeometry, packed_parts, packed_parts_mut};
use crate::place::Parameters;
use crate::program::{Grid, Grids, Port, TensorId, Tile};

/// What is needed to go backwards.
pub(super) struct Backward {
    filters: usize,
    channels: usize,
    kernel: usize,
    x: TensorId,
    dy: TensorId,
    scratch: Scratch,
    box_sum: BoxSum,
    /// Floats from one filter to the next, in B and in the output's gradient.
    box_plane: usize,
    dy_plane: usize,
    /// The gradient of one filter's weights.
    weight: Outer,
    input: Option<InputGradient>,
}

/// The gradient of the input.
struct InputGradient {
    dx: TensorId,
    classes: Vec<RowClass>,
}

/// Rows of small pixels that meet the same kernel rows.
struct RowClass {
    correlation: Correlation,
    /// The kernel rows that meet any output there: without padding, fewer at the upper and lower edge.
    kernel_rows: Range<usize>,
}

/// Buffers.
#[derive(Clone, Copy)]
pub(super) struct Scratch {
    /// B of all filters.
    pub(super) boxes: TensorId,
    /// One row of the output's gradient.
    pub(super) row: TensorId,
}

impl Backward {
    /// The shape of B: every place where small pixels and kernel positions meet.
    pub(super) fn boxes(Enlarged { input, factor }: Enlarged, geometry: &ConvGeometry) -> Shape {
        let across = |size: usize| factor * (size - 1) + geometry.kernel;
        Shape::new(geometry.filters, across(input.height), across(input.width))
    }

    /// Of an up-sampling of the map `x`, followed by the convolution `geometry`, whose output has
    /// the gradient `dy`.
    pub(super) fn new(
        Enlarged { input, factor }: Enlarged,
        geometry: &ConvGeometry,
        x: Port,
        dy: TensorId,
        scratch: Scratch,
        grids: &Grids,
    ) -> Self {
        let &ConvGeometry { filters, kernel, pad, .. } = geometry;
        let (x_grid, dy_grid, box_grid): (&Grid, &Grid, &Grid) =
            (&grids[x.value], &grids[dy], &grids[scratch.boxes]);
        let taps = |filters: usize, rows: Range<usize>| -> Vec<usize> {
            let flipped = move |f, u, v| box_grid.raw(f, kernel - 1 - u, kernel - 1 - v);
            let kernels = (0..filters).flat_map(|f| rows.clone().map(move |u| (f, u)));
            kernels.flat_map(|(f, u)| (0..kernel).map(move |v| flipped(f, u, v))).collect()
        };
        let small = |y: usize| (box_grid.raw(0, factor * y, 0), x_grid.at(0, y, 0));
        let rows: Vec<_> = (0..input.height).map(small).collect();
        let weight =
            Outer::new(&rows, input.width, factor, taps(1, 0..kernel), input.channels, x_grid.plane());
        let (from, to) = (plane(dy_grid), plane(box_grid));
        let box_sum = BoxSum { factor, shift: kernel - 1 - pad, from, to };
        let input_gradient = x.gradient.map(|dx| {
            let mut rows_of = Vec::<(Range<usize>, Vec<usize>)>::new();
            for y in 0..input.height {
                let meets = |u: &usize| box_sum.is_row(factor * y + kernel - 1 - u);
                let first = (0..kernel).find(meets).unwrap_or(0);
                let kernel_rows =
                    first..(first..kernel).take_while(meets).last().map_or(first, |last| last + 1);
                match rows_of.iter_mut().find(|(known, _)| *known == kernel_rows) {
                    Some((_, rows)) => rows.push(y),
                    None => rows_of.push((kernel_rows, vec![y])),
                }
            }
            let class = |(kernel_rows, rows): (Range<usize>, Vec<usize>)| {
                let pixels: Vec<_> = rows
                    .into_iter()
                    .flat_map(|r| (0..input.width).map(move |c| (r, c)))
                    .map(|(r, c)| (box_grid.raw(0, factor * r, factor * c), grids[dx].at(0, r, c)))
                    .collect();
                let offsets = taps(filters, kernel_rows.clone());
                let (k, plane) = (&grids.kernels.registers, grids[dx].plane());
                RowClass {
                    correlation: Correlation::new(k, &pixels, offsets, input.channels, plane),
                    kernel_rows,
                }
            };
            InputGradient { dx, classes: rows_of.into_iter().map(class).collect() }
        });
        Self {
            filters,
            channels: input.channels,
            kernel,
            x: x.value,
            dy,
            scratch,
            box_sum,
            box_plane: box_grid.plane() * grids.kernels.registers.lanes,
            dy_plane: dy_grid.plane() * grids.kernels.registers.lanes,
            weight,
            input: input_gradient,
        }
    }

    /// The tensors that it uses.
    pub(super) fn uses(&self) -> impl Iterator<Item = TensorId> {
        let own = [self.x, self.dy, self.scratch.boxes, self.scratch.row];
        own.into_iter().chain(self.input.iter().map(|input| input.dx))
    }

    fn classes(&self) -> impl Iterator<Item = &RowClass> {
        self.input.iter().flat_map(|input| &input.classes)
    }

    fn correlations(&self) -> impl Iterator<Item = &Correlation> {
        self.classes().map(|class| &class.correlation)
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        self.filters * self.weight.multiply_adds()
            + self.correlations().map(Correlation::multiply_adds).sum::<usize>()
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.correlations().map(Correlation::packed_len).sum()
    }

    /// Arranges the weights for the gradient of the input.
    pub(super) fn pack(&self, weight: &[f32], packed: &mut [f32]) {
        let (channels, kernel) = (self.channels, self.kernel);
        let parts = packed_parts_mut(self.correlations(), packed);
        for ((correlation, to), RowClass { kernel_rows, .. }) in parts.zip(self.classes()) {
            let (taps, skipped) = (kernel_rows.len() * kernel, kernel_rows.start * kernel);
            correlation.pack(to, None, |c, j| {
                let (f, at) = (j / taps, j % taps);
                weight[(f * channels + c) * kernel * kernel + skipped + at]
            });
        }
    }

    /// Writes the gradients of weights, bias and input.
    pub(super) fn run(
        &self,
        k: &Kernels,
        tile: &mut Tile<'_>,
        Parameters { weight, bias }: &Parameters,
        packed: &[f32],
    ) {
        let Tile { tensors, gradients, .. } = tile;
        let Scratch { boxes, row } = self.scratch;
        let [x, dy, boxes, row] = tensors.many([self.x, self.dy, boxes, row]);
        let weights = self.channels * self.kernel * self.kernel;
        for f in 0..self.filters {
            let plane = &mut boxes[f * self.box_plane..];
            let sum = k.box_sum(&self.box_sum, &dy[f * self.dy_plane..], row, plane);
            if let Some(bias) = bias {
                gradients[bias.start + f] = sum;
            }
            let to = &mut gradients[weight.start + f * weights..][..weights];
            k.outer(&self.weight, plane, x, to);
        }
        if let Some(InputGradient { dx, .. }) = &self.input {
            let [boxes, dx] = tensors.many([self.scratch.boxes, *dx]);
            for (correlation, packed) in packed_parts(self.correlations(), packed) {
                k.correlate(correlation, boxes, packed, dx);
            }
        }
    }
}

/// Where the rows of one channel stand.
fn plane(grid: &Grid) -> Plane {
    let Shape { height, width, .. } = grid.shape();
    Plane { start: grid.at(0, 0, 0), row: grid.raw(0, 1, 0) - grid.raw(0, 0, 0), height, width }
}
