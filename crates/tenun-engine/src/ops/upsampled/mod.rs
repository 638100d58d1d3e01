//! [`Upsampled`]: an up-sampling followed by a convolution, computed on the small map.
//!
//! Every pixel of the small map stands f×f times in the large one, so most products of the convolution are the same
//! product again. Nothing is enlarged here; in exact arithmetic the results are those of the two layers, and where all
//! that an output reads is zero, it is exactly its bias.
//!
//! *Forwards* there are three ways ([`forward`] chooses). 3×3 on ×2 needs nine products for 2×2 outputs, where the
//! layers as written need 36: [`frame`] says why, [`four_sums`] does it with four correlations, [`tap_maps`] for few
//! filters with one. In general, and where too few products would be saved, weights that fall on the same small pixel
//! are summed beforehand ([`presummed`]: 16 products in the same case).
//!
//! *Backwards* the gradients of weights and input are the ordinary kernels on sums of f×f boxes of the output's
//! gradient ([`backward`]: nine products).

mod backward;
mod forward;
mod four_sums;
mod frame;
mod presummed;
mod tap_maps;

use tenun_kernels::Kernels;

use super::ConvGeometry;
use crate::Shape;
use crate::place::Parameters;
use crate::place::Place;
use crate::program::{Builder, Op, Port, TensorId, Tile, Uses};
use backward::{Backward, Scratch};
use forward::Forward;

/// A small map, and how many times as high and wide it becomes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Enlarged {
    pub(crate) input: Shape,
    pub(crate) factor: usize,
}

/// The operation.
pub(crate) struct Upsampled {
    parameters: Parameters,
    x: TensorId,
    y: TensorId,
    forward: Forward,
    backward: Option<Backward>,
}

impl Upsampled {
    /// Adds to a plan an up-sampling, followed by the convolution `geometry` of stride 1, which is in its place `at`.
    pub(crate) fn lower(
        builder: &mut Builder,
        small: Enlarged,
        geometry: ConvGeometry,
        at: &Place,
        x: Port,
    ) -> Port {
        let y = builder.output(x, at.output, true);
        let forward = Forward::lower(builder, small, geometry, x, y);
        let scratch = y.gradient.map(|_| Scratch {
            boxes: builder.tensor(Backward::boxes(small, &geometry)),
            row: builder.zeros(Shape::vector(at.output.width)),
        });
        let parameters = Parameters::of(at);
        builder.push(move |grids| {
            let backward = y
                .gradient
                .zip(scratch)
                .map(|(dy, scratch)| Backward::new(small, &geometry, x, dy, scratch, grids));
            Box::new(Self { parameters, x: x.value, y: y.value, forward: forward(grids), backward })
        });
        Port { exclusive: true, ..y }
    }
}

impl Op for Upsampled {
    fn uses(&self) -> Uses {
        let back = self.backward.iter().flat_map(Backward::uses);
        Uses::forward(self.forward.scratch().chain([self.x, self.y])).backward(back)
    }

    fn multiply_adds(&self) -> usize {
        self.forward.multiply_adds() + self.backward.as_ref().map_or(0, Backward::multiply_adds)
    }

    fn packed_len(&self) -> usize {
        self.forward.packed_len() + self.backward.as_ref().map_or(0, Backward::packed_len)
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let (weight, bias) = self.parameters.split(parameters);
        let (forward, backward) = packed.split_at_mut(self.forward.packed_len());
        self.forward.pack(weight, bias, forward);
        if let Some(op) = &self.backward {
            op.pack(weight, backward);
        }
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let packed = &tile.packed[..self.forward.packed_len()];
        self.forward.run(k, tile, self.x, self.y, packed);
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(backward) = &self.backward else { return };
        let packed = &tile.packed[self.forward.packed_len()..];
        backward.run(k, tile, &self.parameters, packed);
    }
}
