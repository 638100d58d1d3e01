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
mod four_sums;
mod frame;
mod presummed;

use std::ops::Range;

use super::convolution::{ConvGeometry, ranges};
use super::{Builder, Grid, Grids, Op, Port, TensorId, Tile};
use crate::Shape;
use crate::lane::Simd;
use crate::network::Placed;
use backward::{Backward, Scratch};
use four_sums::FourSums;
use frame::Frame;
use presummed::{Presummed, border, residues};

/// The operation.
pub(crate) struct Upsampled {
    weight: Range<usize>,
    bias: Option<Range<usize>>,
    x: TensorId,
    y: TensorId,
    forward: Forward,
    backward: Option<Backward>,
}

/// The way forwards that was chosen.
enum Forward {
    Presummed(Presummed),
    FourSums { op: FourSums, scratch: TensorId },
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
        let value = (x.value, y.value);
        let nine = (kernel == 3 && factor == 2 && std::env::var("NINE").is_ok()).then(|| {
            let frame = Frame::new(pad, output, std::env::var("NINE").unwrap().parse().unwrap());
            let scratch = builder.tensor(Shape::vector(FourSums::scratch::<S>(&frame, filters)));
            (frame, scratch)
        });
        let make = move |grids: &Grids| {
            let (x, y): (&Grid, &Grid) = (&grids[value.0], &grids[value.1]);
            match nine {
                Some((frame, scratch)) => {
                    Forward::FourSums { op: FourSums::new::<S>(frame, filters, x, y), scratch }
                }
                None => Forward::Presummed(Presummed::new(&geometry, (&rows, &columns), x, y)),
            }
        };
        builder.push(move |grids| {
            let forward = make(grids);
            let backward = y
                .gradient
                .zip(scratch)
                .map(|(dy, scratch)| Backward::new::<S>((input, factor), &geometry, (x, dy), scratch, grids));
            Box::new(Self { weight, bias, x: x.value, y: y.value, forward, backward })
        });
        Port { exclusive: true, ..y }
    }
}

impl Forward {
    fn packed_len(&self) -> usize {
        match self {
            Self::Presummed(op) => op.packed_len(),
            Self::FourSums { op, .. } => op.packed_len(),
        }
    }
}

impl<S: Simd> Op<S> for Upsampled {
    fn packed_len(&self) -> usize {
        self.forward.packed_len() + self.backward.as_ref().map_or(0, Backward::packed_len)
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let weight = &parameters[self.weight.clone()];
        let bias = self.bias.clone().map(|range| &parameters[range]);
        let (forward, backward) = packed.split_at_mut(self.forward.packed_len());
        match &self.forward {
            Forward::Presummed(op) => op.pack::<S>(weight, bias, forward),
            Forward::FourSums { op, .. } => op.pack::<S>(weight, bias, forward),
        }
        if let Some(op) = &self.backward {
            op.pack::<S>(weight, backward);
        }
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let packed = tile.packed;
        match &self.forward {
            Forward::Presummed(op) => {
                let [x, y] = tile.many([self.x, self.y]);
                s.enter(
                    #[inline(always)]
                    || op.run(s, x, packed, y),
                );
            }
            Forward::FourSums { op, scratch } => {
                let [x, y, scratch] = tile.many([self.x, self.y, *scratch]);
                s.enter(
                    #[inline(always)]
                    || op.run(s, x, packed, scratch, y),
                );
            }
        }
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some(backward) = &self.backward else { return };
        let packed = &tile.packed[self.forward.packed_len()..];
        backward.run(s, tile, (&self.weight, self.bias.as_ref()), packed);
    }
}
