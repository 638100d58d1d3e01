//! [`Gather`]: the operation of every layer that only moves numbers: crop, pad, reshape, flatten, up-sample.

use tenun_kernels::Kernels;
use tenun_kernels::gather::{self as lists, Copy, Scatter, Sum};

use crate::Shape;
use crate::program::{Builder, Op, Port, TensorId, Tile, Uses};
use crate::shape::positions;

/// Each output number is a copy of one input number, or zero.
pub(crate) struct Gather {
    x: TensorId,
    y: TensorId,
    copies: Scatter,
    backward: Option<Backward>,
}

/// The gradient of each input number is the sum over the outputs that are copies of it.
struct Backward {
    dx: TensorId,
    dy: TensorId,
    sums: lists::Gather,
}

impl Gather {
    /// Adds to a plan the layer whose i-th output number, in storage order, is the `sources[i]`-th of the input.
    pub(crate) fn lower(
        builder: &mut Builder,
        sources: Vec<Option<usize>>,
        input: Shape,
        output: Shape,
        x: Port,
    ) -> Port {
        let y = builder.output(x, output, false);
        builder.push(move |grids| {
            let place = |id: TensorId, shape: Shape| -> Vec<usize> {
                let (grid, lanes) = (&grids[id], grids.kernels.registers.lanes);
                positions(shape).map(|(c, r, l)| grid.at(c, r, l) * lanes).collect()
            };
            let (from, to) = (place(x.value, input), place(y.value, output));
            let places = || sources.iter().zip(&to);
            let copy = |(source, &to): (&Option<usize>, &usize)| Some(Copy { from: from[(*source)?], to });
            let copies = places().filter_map(copy).collect();
            let zeros = places().filter(|(source, _)| source.is_none()).map(|(_, &to)| to).collect();
            let backward = x.gradient.zip(y.gradient).map(|(dx, dy)| {
                let mut outputs = vec![Vec::new(); input.len()];
                for (source, at) in sources.iter().zip(place(dy, output)) {
                    if let Some(source) = source {
                        outputs[*source].push(at);
                    }
                }
                let mut end = 0;
                let sums = outputs.iter().zip(place(dx, input)).map(|(outputs, to)| {
                    end += outputs.len();
                    Sum { end, to }
                });
                let sums = sums.collect();
                Backward { dx, dy, sums: lists::Gather { terms: outputs.concat(), sums } }
            });
            Box::new(Self { x: x.value, y: y.value, copies: Scatter { copies, zeros }, backward })
        });
        Port { exclusive: true, ..y }
    }
}

impl Op for Gather {
    fn uses(&self) -> Uses {
        let back = self.backward.iter().flat_map(|back| [back.dx, back.dy]);
        Uses::forward([self.x, self.y]).backward(back)
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let [x, y] = tile.many([self.x, self.y]);
        k.scatter(&self.copies, x, y);
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(backward) = &self.backward else { return };
        let [dx, dy] = tile.many([backward.dx, backward.dy]);
        k.gather(&backward.sums, dy, dx);
    }
}
