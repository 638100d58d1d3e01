//! [`Gather`]: the operation of every layer that only moves numbers: crop, pad, reshape, flatten, up-sample.

use super::{Builder, Grid, Op, Port, TensorId, Tile, Uses};
use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::layer::positions;

/// Each output number is a copy of one input number, or zero.
pub(crate) struct Gather {
    x: TensorId,
    y: TensorId,
    /// Pairs of input and output position, in floats.
    copies: Vec<(usize, usize)>,
    /// Positions in `y` that have no source.
    zeros: Vec<usize>,
    backward: Option<Backward>,
}

/// For each input number the outputs that are copies of it.
struct Backward {
    dx: TensorId,
    dy: TensorId,
    /// Positions in `dy`, those of one input after the other, and for each input where they end and its
    /// position in `dx`.
    sources: Vec<usize>,
    sums: Vec<(usize, usize)>,
}

impl Gather {
    /// Adds to a plan the layer whose i-th output number, in storage order, is the `sources[i]`-th of the input.
    pub(crate) fn lower<S: Simd>(
        builder: &mut Builder<S>,
        sources: Vec<Option<usize>>,
        input: Shape,
        output: Shape,
        x: Port,
    ) -> Port {
        let y = builder.output(x, output, false);
        builder.push(move |grids| {
            let place = |id: TensorId, shape: Shape| -> Vec<usize> {
                let grid: &Grid = &grids[id];
                positions(shape).map(|(c, r, l)| grid.at(c, r, l) * S::LANES).collect()
            };
            let (from, to) = (place(x.value, input), place(y.value, output));
            let places = || sources.iter().zip(&to);
            let copies = places().filter_map(|(source, &to)| Some((from[(*source)?], to))).collect();
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
                    (end, to)
                });
                let sums = sums.collect();
                Backward { dx, dy, sources: outputs.concat(), sums }
            });
            Box::new(Self { x: x.value, y: y.value, copies, zeros, backward })
        });
        Port { exclusive: true, ..y }
    }
}

impl<S: Simd> Op<S> for Gather {
    fn uses(&self) -> Uses {
        let back = self.backward.iter().flat_map(|back| [back.dx, back.dy]);
        Uses::forward([self.x, self.y]).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let [x, y] = tile.many([self.x, self.y]);
        s.enter(
            #[inline(always)]
            || {
                for &(from, to) in &self.copies {
                    s.load(&x[from..]).store(&mut y[to..]);
                }
                for &to in &self.zeros {
                    s.zero().store(&mut y[to..]);
                }
            },
        );
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let Some(backward) = &self.backward else { return };
        let [dx, dy] = tile.many([backward.dx, backward.dy]);
        s.enter(
            #[inline(always)]
            || {
                let mut start = 0;
                for &(end, to) in &backward.sums {
                    let mut sum = s.zero();
                    for &from in &backward.sources[start..end] {
                        sum = sum + s.load(&dy[from..]);
                    }
                    sum.store(&mut dx[to..]);
                    start = end;
                }
            },
        );
    }
}
