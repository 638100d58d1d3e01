//! The operation of a code drawn from a normal distribution, and of its divergence.

use tenun_kernels::Kernels;
use tenun_kernels::noise::Sampled;

use super::pair::Through;
use crate::place::Place;
use crate::program::{Builder, Op, Port, Tensor, TermId, Tile, Uses};

/// What the divergence counts in an epoch.
pub(crate) type Beta = Box<dyn Fn(u32) -> f32 + Send + Sync>;

struct Sampling {
    free_bits: f32,
    beta: Beta,
    layer: u32,
    term: TermId,
    through: Through,
    /// ε, from the way forwards for the way back.
    drawn: Tensor,
}

/// Adds to a plan for training the draw of a code, whose means and log-variances are `x`.
pub(crate) fn lower(builder: &mut Builder, free_bits: f32, beta: Beta, at: &Place, x: Port) -> Port {
    let y = builder.output(x, at.output, false);
    let drawn = builder.tensor(at.output);
    let term = builder.term("kl", at);
    let layer = at.ordinal;
    builder.push(move |grids| {
        let through = Through::new(x, y, grids);
        Box::new(Sampling { free_bits, beta, layer, term, through, drawn: grids.tensor(drawn) })
    });
    y
}

impl Op for Sampling {
    fn uses(&self) -> Uses {
        let own = [self.through.values.from.id, self.drawn.id];
        let back = self.through.gradients.iter().flat_map(|pair| own.into_iter().chain(pair.ids()));
        Uses::forward(self.through.values.ids().into_iter().chain([self.drawn.id])).backward(back)
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let pair = &self.through.values;
        let [x, z, drawn] = tile.tensors.many([pair.from.id, pair.to.id, self.drawn.id]);
        let (x, z, drawn) = (pair.from.view(x), pair.to.view_mut(z), self.drawn.view_mut(drawn));
        let divergence = k.sample(self.free_bits, self.layer, tile.noise, x, z, drawn);
        *tile.term_mut(self.term) = divergence;
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(pair) = &self.through.gradients else { return };
        let beta = (self.beta)(tile.noise[0].epoch);
        let x = &self.through.values.from;
        let [x_floats, drawn, dz, dx] = tile.tensors.many([x.id, self.drawn.id, pair.from.id, pair.to.id]);
        let from = Sampled { x: x.view(x_floats), drawn: self.drawn.view(drawn), dz: pair.from.view(dz) };
        k.sample_gradient(self.free_bits, tile.weights, beta, from, pair.to.view_mut(dx));
    }
}
