//! [`Skip`]: the operations around the body of a residual block.

use super::{Builder, Op, Port, Rows, TensorId, Tile, Uses};
use crate::Shape;
use crate::lane::{Simd, Vector};

/// A tensor with the rows of its grid.
type Place = (TensorId, Rows);

/// The start and the end of a residual block.
pub(crate) struct Skip;

/// y = x + body forwards; backwards the gradient goes both ways.
struct Join {
    x: Place,
    body: Place,
    y: Place,
    /// Gradient of y, and that of x, which receives a copy. The body's own is that of y.
    copy: Option<(Place, Place)>,
}

/// Nothing forwards; backwards the gradient at the start of the body is added to that of x.
struct Fork(Option<(Place, Place)>);

impl Skip {
    /// Starts a block at `x`: the port from which its body goes on.
    pub(crate) fn fork<S: Simd>(builder: &mut Builder<S>, shape: Shape, x: Port) -> Port {
        let gradient = x.gradient.map(|_| builder.tensor(shape));
        builder.push(move |grids| {
            let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
            Box::new(Fork(gradient.zip(x.gradient).map(|(from, to)| (rows(from), rows(to)))))
        });
        Port { gradient, exclusive: false, ..x }
    }

    /// Ends a block that started at `x`, whose body ends at `body`.
    pub(crate) fn join<S: Simd>(builder: &mut Builder<S>, shape: Shape, x: Port, body: Port) -> Port {
        let value = builder.tensor(shape);
        builder.push(move |grids| {
            let rows = |id: TensorId| (id, Rows::of::<S>(&grids[id]));
            let copy = body.gradient.zip(x.gradient).map(|(from, to)| (rows(from), rows(to)));
            Box::new(Join { x: rows(x.value), body: rows(body.value), y: rows(value), copy })
        });
        Port { value, gradient: body.gradient, exclusive: true }
    }
}

impl<S: Simd> Op<S> for Join {
    fn uses(&self) -> Uses {
        let back = self.copy.iter().flat_map(|(from, to)| [from.0, to.0]);
        Uses::forward([self.x.0, self.body.0, self.y.0]).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        let [x, body, y] = tile.many([self.x.0, self.body.0, self.y.0]);
        s.enter(
            #[inline(always)]
            || {
                for ((a, b), to) in self.x.1.iter().zip(self.body.1.iter()).zip(self.y.1.iter()) {
                    let pairs = x[a].chunks_exact(S::LANES).zip(body[b].chunks_exact(S::LANES));
                    for ((x, body), y) in pairs.zip(y[to].chunks_exact_mut(S::LANES)) {
                        (s.load(x) + s.load(body)).store(y);
                    }
                }
            },
        );
    }

    fn backward(&self, _: S, tile: &mut Tile<'_>) {
        if let Some((from, to)) = &self.copy {
            let [dy, dx] = tile.many([from.0, to.0]);
            for (from, to) in from.1.iter().zip(to.1.iter()) {
                dx[to].copy_from_slice(&dy[from]);
            }
        }
    }
}

impl<S: Simd> Op<S> for Fork {
    fn uses(&self) -> Uses {
        Uses::forward([]).backward(self.0.iter().flat_map(|(from, to)| [from.0, to.0]))
    }

    fn forward(&self, _: S, _: &mut Tile<'_>) {}

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        if let Some((from, to)) = &self.0 {
            let [body, dx] = tile.many([from.0, to.0]);
            s.enter(
                #[inline(always)]
                || {
                    for (from, to) in from.1.iter().zip(to.1.iter()) {
                        let body = body[from].chunks_exact(S::LANES);
                        for (body, dx) in body.zip(dx[to].chunks_exact_mut(S::LANES)) {
                            (s.load(dx) + s.load(body)).store(dx);
                        }
                    }
                },
            );
        }
    }
}
