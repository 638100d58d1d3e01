//! [`Skip`]: the operations around the body of a residual block.

use tenun_kernels::Kernels;
use tenun_kernels::arithmetic::copy;

use super::pair::Pair;
use crate::Shape;
use crate::program::{Builder, Op, Port, Tensor, Tile, Uses};

/// The start and the end of a residual block.
pub(crate) struct Skip;

/// y = x + body forwards; backwards the gradient goes both ways.
struct Join {
    x: Tensor,
    body: Tensor,
    y: Tensor,
    /// From the gradient of y to that of x, which receives a copy. The body's own is that of y.
    copy: Option<Pair>,
}

/// Nothing forwards; backwards the gradient at the start of the body is added to that of x.
struct Fork(Option<Pair>);

impl Skip {
    /// Starts a block at `x`: the port from which its body goes on.
    pub(crate) fn fork(builder: &mut Builder, shape: Shape, x: Port) -> Port {
        let gradient = x.gradient.map(|_| builder.tensor(shape));
        builder.push(move |grids| {
            let pair = |(from, to)| Pair::new(from, to, grids);
            Box::new(Fork(gradient.zip(x.gradient).map(pair)))
        });
        Port { gradient, exclusive: false, ..x }
    }

    /// Ends a block that started at `x`, whose body ends at `body`.
    pub(crate) fn join(builder: &mut Builder, shape: Shape, x: Port, body: Port) -> Port {
        let value = builder.tensor(shape);
        builder.push(move |grids| {
            let copy = body.gradient.zip(x.gradient).map(|(from, to)| Pair::new(from, to, grids));
            let (x, body, y) = (grids.tensor(x.value), grids.tensor(body.value), grids.tensor(value));
            Box::new(Join { x, body, y, copy })
        });
        Port { value, gradient: body.gradient, exclusive: true }
    }
}

impl Op for Join {
    fn uses(&self) -> Uses {
        let back = self.copy.iter().flat_map(Pair::ids);
        Uses::forward([self.x.id, self.body.id, self.y.id]).backward(back)
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let [x, body, y] = tile.many([self.x.id, self.body.id, self.y.id]);
        k.add(self.x.view(x), self.body.view(body), self.y.view_mut(y));
    }

    fn backward(&self, _: &Kernels, tile: &mut Tile<'_>) {
        if let Some(Pair { from, to }) = &self.copy {
            let [dy, dx] = tile.many([from.id, to.id]);
            copy(from.view(dy), to.view_mut(dx));
        }
    }
}

impl Op for Fork {
    fn uses(&self) -> Uses {
        Uses::forward([]).backward(self.0.iter().flat_map(Pair::ids))
    }

    fn forward(&self, _: &Kernels, _: &mut Tile<'_>) {}

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        if let Some(Pair { from, to }) = &self.0 {
            let [body, dx] = tile.many([from.id, to.id]);
            k.accumulate(from.view(body), to.view_mut(dx));
        }
    }
}
