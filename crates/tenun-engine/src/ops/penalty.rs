//! The operation of numbers that cost something: nothing is changed, and on the way back the slope of the norm is added
//! to the gradient that is there.

use tenun_kernels::Kernels;
use tenun_kernels::norm::Norm;

use crate::place::Place;
use crate::program::{Builder, Op, Port, Tensor, TermId, Tile, Uses};

struct Penalty {
    norm: Norm,
    weight: f32,
    term: TermId,
    x: Tensor,
    dx: Option<Tensor>,
}

/// Adds to a plan for training what numbers cost; the term is called `name`.
pub(crate) fn lower(
    builder: &mut Builder,
    norm: Norm,
    weight: f32,
    name: &'static str,
    at: &Place,
    x: Port,
) -> Port {
    let term = builder.term(name, at);
    builder.push(move |grids| {
        let dx = x.gradient.map(|id| grids.tensor(id));
        Box::new(Penalty { norm, weight, term, x: grids.tensor(x.value), dx })
    });
    // Read again on the way back, so nothing may overwrite it.
    Port { exclusive: false, ..x }
}

impl Op for Penalty {
    fn uses(&self) -> Uses {
        let back = self.dx.iter().flat_map(|dx| [self.x.id, dx.id]);
        Uses::forward([self.x.id]).backward(back)
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let total = k.norm(self.norm, self.x.view(tile.tensors.get(self.x.id)));
        *tile.term_mut(self.term) = total;
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(dx) = &self.dx else { return };
        let [x, d] = tile.tensors.many([self.x.id, dx.id]);
        k.norm_gradient(self.norm, tile.weights, self.weight, self.x.view(x), dx.view_mut(d));
    }
}
