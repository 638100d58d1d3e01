//! The operation of a blur; its kernel is symmetric, so forwards and backwards are the same.

use tenun_kernels::Kernels;
use tenun_kernels::arithmetic::Axis;

use super::pair::{Pair, Through};
use crate::place::Place;
use crate::program::{Builder, Op, Port, Tensor, Tile, Uses};

struct Blur {
    times: usize,
    /// Blurred along rows only.
    half: Tensor,
    through: Through,
}

/// Adds a blur, applied so many times, to a plan.
pub(crate) fn lower(builder: &mut Builder, times: usize, at: &Place, x: Port) -> Port {
    let y = builder.output(x, at.output, false);
    let half = builder.tensor(at.input);
    builder.push(move |grids| {
        Box::new(Blur { times, half: grids.tensor(half), through: Through::new(x, y, grids) })
    });
    // The way back needs no values.
    Port { exclusive: true, ..y }
}

impl Blur {
    fn apply(&self, k: &Kernels, tile: &mut Tile<'_>, Pair { from, to }: &Pair) {
        let [x, half, y] = tile.tensors.many([from.id, self.half.id, to.id]);
        for time in 0..self.times {
            let x = if time == 0 { from.view(x) } else { to.view(y) };
            k.blur(Axis::Row, x, self.half.view_mut(half));
            k.blur(Axis::Column, self.half.view(half), to.view_mut(y));
        }
    }
}

impl Op for Blur {
    fn uses(&self) -> Uses {
        let back = self.through.gradient_ids().chain([self.half.id]);
        Uses::forward(self.through.values.ids().into_iter().chain([self.half.id])).backward(back)
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
