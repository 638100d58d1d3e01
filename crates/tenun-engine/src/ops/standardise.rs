//! The operation of inputs with mean 0 and standard deviation 1.

use tenun_kernels::Kernels;
use tenun_kernels::arithmetic::Moments;

use super::pair::Through;
use crate::place::Place;
use crate::program::{Builder, Op, Port, Tile, Uses};

struct Standardise {
    channels: Vec<Moments>,
    through: Through,
}

/// Adds to a plan y = (x − μ) / σ, with μ and σ of each channel.
pub(crate) fn lower(builder: &mut Builder, channels: Vec<Moments>, at: &Place, x: Port) -> Port {
    let y = builder.output(x, at.output, false);
    builder.push(move |grids| Box::new(Standardise { channels, through: Through::new(x, y, grids) }));
    Port { exclusive: true, ..y }
}

impl Op for Standardise {
    fn uses(&self) -> Uses {
        Uses::forward(self.through.values.ids()).backward(self.through.gradient_ids())
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let pair = &self.through.values;
        let [x, y] = tile.many(pair.ids());
        k.standardise(&self.channels, 1.0, pair.from.view(x), pair.to.view_mut(y));
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(pair) = &self.through.gradients else { return };
        let [dy, dx] = tile.many(pair.ids());
        k.standardise(&self.channels, 0.0, pair.from.view(dy), pair.to.view_mut(dx));
    }
}
