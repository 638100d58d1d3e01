//! The operation of units that are to be active rarely; packed are the slope of each unit, and the divergence of all.

use std::ops::Range;

use tenun_kernels::{Kernels, TILE};

use crate::place::Place;
use crate::program::{Builder, Op, Port, Tensor, TermId, Tile, Uses};

/// The divergence of a mean from its target, and the slope.
pub(crate) type Divergence = Box<dyn Fn(f32) -> (f64, f64) + Send + Sync>;

struct Sparsity {
    divergence: Divergence,
    weight: f32,
    /// The mean activations, among all parameters.
    means: Range<usize>,
    term: TermId,
    x: Tensor,
    dx: Option<Tensor>,
}

/// Adds to a plan for training what active units cost.
pub(crate) fn lower(builder: &mut Builder, divergence: Divergence, weight: f32, at: &Place, x: Port) -> Port {
    let term = builder.term("sparsity", at);
    let means = at.parameters[0].range.clone();
    builder.push(move |grids| {
        let dx = x.gradient.map(|id| grids.tensor(id));
        Box::new(Sparsity { divergence, weight, means, term, x: grids.tensor(x.value), dx })
    });
    // Read again on the way back, so nothing may overwrite it.
    Port { exclusive: false, ..x }
}

impl Op for Sparsity {
    fn uses(&self) -> Uses {
        let back = self.dx.iter().map(|dx| dx.id).chain([self.x.id]);
        Uses::forward([self.x.id]).backward(back)
    }

    fn packed_len(&self) -> usize {
        self.means.len() + 1
    }

    #[allow(clippy::cast_possible_truncation)]
    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let mut total = 0.0;
        for (&mean, to) in parameters[self.means.clone()].iter().zip(&mut *packed) {
            let (value, slope) = (self.divergence)(mean);
            total += value;
            *to = slope as f32;
        }
        packed[self.means.len()] = total as f32;
    }

    fn forward(&self, _: &Kernels, tile: &mut Tile<'_>) {
        *tile.term_mut(self.term) = [tile.packed[self.means.len()]; TILE];
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Tile { tensors, packed, gradients, weights, .. } = tile;
        let x = self.x.view(tensors.get(self.x.id));
        k.lane_sums(x, weights, &mut gradients[self.means.clone()]);
        let Some(dx) = &self.dx else { return };
        let [d] = tensors.many([dx.id]);
        let slopes = &packed[..self.means.len()];
        k.add_slopes(slopes, weights, self.weight, dx.view_mut(d));
    }
}
