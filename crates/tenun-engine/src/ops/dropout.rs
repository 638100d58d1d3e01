//! The operation of dropout: forwards and backwards the same multiplication.

use tenun_kernels::Kernels;

use super::pair::{Pair, Through};
use crate::place::Place;
use crate::program::{Builder, Op, Port, Tile, Uses};

struct Dropout {
    rate: f32,
    layer: u32,
    through: Through,
}

/// Adds dropout to a plan.
pub(crate) fn lower(builder: &mut Builder, rate: f32, at: &Place, x: Port) -> Port {
    let y = builder.output(x, at.output, false);
    let layer = at.ordinal;
    builder.push(move |grids| Box::new(Dropout { rate, layer, through: Through::new(x, y, grids) }));
    // The backward pass draws the same numbers again and needs neither values nor a stored mask.
    Port { exclusive: true, ..y }
}

impl Dropout {
    fn apply(&self, k: &Kernels, tile: &mut Tile<'_>, pair: &Pair) {
        let [x, y] = tile.tensors.many(pair.ids());
        k.dropout(self.rate, self.layer, tile.noise, pair.from.view(x), pair.to.view_mut(y));
    }
}

impl Op for Dropout {
    fn uses(&self) -> Uses {
        Uses::forward(self.through.values.ids()).backward(self.through.gradient_ids())
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        self.apply(k, tile, &self.through.values);
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        if let Some(gradients) = &self.through.gradients {
            self.apply(k, tile, gradients);
        }
    }
}
