//! The operation of the two pooling layers: a window of positions under each output.

use std::collections::HashSet;

use tenun_kernels::Kernels;
use tenun_kernels::windows::{PoolGradient, WindowGradients, Windows};

use crate::place::Place;
use crate::program::{Builder, Op, Port, TensorId, Tile, Uses};
use crate::shape::{positions, windows};

/// What a window becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// Its largest number.
    Max,
    /// The mean.
    Mean,
}

/// The operation.
struct Pool {
    pooling: Pooling,
    x: TensorId,
    y: TensorId,
    windows: Windows,
    backward: Option<Backward>,
}

struct Backward {
    dx: TensorId,
    dy: TensorId,
    windows: WindowGradients,
}

/// Adds a pooling layer with windows of `size` to a plan.
pub(crate) fn lower(builder: &mut Builder, pooling: Pooling, size: usize, at: &Place, x: Port) -> Port {
    let (input, output) = (at.input, at.output);
    let y = builder.output(x, output, false);
    builder.push(move |grids| {
        let place = |id: TensorId, (c, r, l)| grids[id].at(c, r, l) * grids.kernels.registers.lanes;
        let outputs = |id: TensorId| positions(output).map(|p| place(id, p)).collect::<Vec<_>>();
        let inputs = |id: TensorId| {
            windows(size, input, output).map(move |window| window.into_iter().map(move |p| place(id, p)))
        };
        let mut ends = Vec::new();
        let mut under = Vec::new();
        for window in inputs(x.value) {
            under.extend(window);
            ends.push(under.len());
        }
        let backward = x.gradient.zip(y.gradient).map(|(dx, dy)| {
            let under: Vec<usize> = inputs(dx).flatten().collect();
            // Windows that are rounded down leave inputs out.
            let covered: HashSet<usize> = under.iter().copied().collect();
            let zeros = positions(input).map(|p| place(dx, p)).filter(|at| !covered.contains(at)).collect();
            Backward { dx, dy, windows: WindowGradients { inputs: under, zeros, outputs: outputs(dy) } }
        });
        let windows = Windows { inputs: under, ends, outputs: outputs(y.value) };
        Box::new(Pool { pooling, x: x.value, y: y.value, windows, backward })
    });
    y
}

impl Op for Pool {
    fn uses(&self) -> Uses {
        let back = self.backward.iter().flat_map(|back| [self.x, self.y, back.dx, back.dy]);
        Uses::forward([self.x, self.y]).backward(back)
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let [x, y] = tile.many([self.x, self.y]);
        match self.pooling {
            Pooling::Max => k.max_pool(&self.windows, x, y),
            Pooling::Mean => k.mean_pool(&self.windows, x, y),
        }
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(back) = &self.backward else { return };
        let [x, y, dx, dy] = tile.many([self.x, self.y, back.dx, back.dy]);
        let from = PoolGradient { x, y, dy };
        match self.pooling {
            Pooling::Max => k.max_pool_gradient(&self.windows, &back.windows, from, dx),
            Pooling::Mean => k.mean_pool_gradient(&self.windows, &back.windows, from, dx),
        }
    }
}
