//! The operation of noise on single numbers of an image: each is multiplied, and something is added.

use tenun_kernels::Kernels;
use tenun_kernels::noise::Noise;

use super::pair::{Pair, Through};
use crate::place::Place;
use crate::program::{Builder, Op, Port, Tile, Uses};

struct AddNoise {
    noise: Noise,
    layer: u32,
    through: Through,
}

/// Adds noise to a plan.
pub(crate) fn lower(builder: &mut Builder, noise: Noise, at: &Place, x: Port) -> Port {
    let y = builder.output(x, at.output, false);
    let layer = at.ordinal;
    builder.push(move |grids| Box::new(AddNoise { noise, layer, through: Through::new(x, y, grids) }));
    // The way back needs no values.
    Port { exclusive: true, ..y }
}

impl AddNoise {
    fn apply(&self, k: &Kernels, tile: &mut Tile<'_>, pair: &Pair, backwards: bool) {
        let [x, y] = tile.tensors.many(pair.ids());
        let (x, y) = (pair.from.view(x), pair.to.view_mut(y));
        k.add_noise(self.noise, self.layer, tile.noise, backwards, x, y);
    }
}

impl Op for AddNoise {
    fn uses(&self) -> Uses {
        Uses::forward(self.through.values.ids()).backward(self.through.gradient_ids())
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        self.apply(k, tile, &self.through.values, false);
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        if let Some(gradients) = &self.through.gradients {
            self.apply(k, tile, gradients, true);
        }
    }
}
