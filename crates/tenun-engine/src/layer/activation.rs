//! What the activation layers have in common on vectors: one function of one number, and its slope.

use crate::Shape;
use crate::lane::{Simd, Vector};
use crate::plan::{Builder, Op, Port, Rows, TensorId, Tile, Uses};

/// An activation function.
pub(crate) trait Activation: Copy + Send + Sync + 'static {
    /// Whether the slope follows from the output alone: then `gradient` may be given the output for `x`, and the
    /// layer can overwrite its input.
    const SLOPE_FROM_OUTPUT: bool;
    /// The function.
    fn value<S: Simd>(self, s: S, x: S::V) -> S::V;
    /// Its gradient: `dy` times the slope at input `x`, where the output is `y`.
    fn gradient<S: Simd>(self, s: S, x: S::V, y: S::V, dy: S::V) -> S::V;
}

/// Adds an activation to a plan: in place where possible, else into a tensor of its own.
pub(crate) fn lower<S: Simd, F: Activation>(builder: &mut Builder<S>, f: F, shape: Shape, x: Port) -> Port {
    let in_place = F::SLOPE_FROM_OUTPUT && x.exclusive;
    let y = if in_place { Port { exclusive: false, ..x } } else { builder.output(x, shape, false) };
    builder.push(move |grids| {
        let rows = |id: TensorId| Rows::of::<S>(&grids[id]);
        Box::new(Elementwise {
            f,
            in_place,
            x: (x.value, rows(x.value)),
            y: (y.value, rows(y.value)),
            dx: x.gradient.map(|id| (id, rows(id))),
            dy: y.gradient.map(|id| (id, rows(id))),
        })
    });
    y
}

/// The operation: each of the four tensors with the rows of its grid.
struct Elementwise<F> {
    f: F,
    in_place: bool,
    x: (TensorId, Rows),
    y: (TensorId, Rows),
    dx: Option<(TensorId, Rows)>,
    dy: Option<(TensorId, Rows)>,
}

impl<S: Simd, F: Activation> Op<S> for Elementwise<F> {
    fn uses(&self) -> Uses {
        let gradients = self.dx.iter().zip(&self.dy).flat_map(|(dx, dy)| [dx.0, dy.0]);
        let back = gradients.flat_map(|gradient| [self.x.0, self.y.0, gradient]);
        Uses::forward([self.x.0, self.y.0]).backward(back)
    }

    fn forward(&self, s: S, tile: &mut Tile<'_>) {
        if self.in_place {
            let y = tile.one_mut(self.y.0);
            s.enter(
                #[inline(always)]
                || {
                    for row in self.y.1.iter() {
                        for v in y[row].chunks_exact_mut(S::LANES) {
                            self.f.value(s, s.load(v)).store(v);
                        }
                    }
                },
            );
        } else {
            let [x, y] = tile.many([self.x.0, self.y.0]);
            s.enter(
                #[inline(always)]
                || {
                    for (from, to) in self.x.1.iter().zip(self.y.1.iter()) {
                        for (x, y) in x[from].chunks_exact(S::LANES).zip(y[to].chunks_exact_mut(S::LANES)) {
                            self.f.value(s, s.load(x)).store(y);
                        }
                    }
                },
            );
        }
    }

    fn backward(&self, s: S, tile: &mut Tile<'_>) {
        let (Some(dx), Some(dy)) = (&self.dx, &self.dy) else { return };
        if self.in_place {
            let [y, d] = tile.many([self.y.0, dx.0]);
            s.enter(
                #[inline(always)]
                || {
                    for (from, to) in self.y.1.iter().zip(dx.1.iter()) {
                        for (y, d) in y[from].chunks_exact(S::LANES).zip(d[to].chunks_exact_mut(S::LANES)) {
                            let y = s.load(y);
                            self.f.gradient(s, y, y, s.load(d)).store(d);
                        }
                    }
                },
            );
        } else {
            let [x, y, to, from] = tile.many([self.x.0, self.y.0, dx.0, dy.0]);
            s.enter(
                #[inline(always)]
                || {
                    let rows = self.x.1.iter().zip(self.y.1.iter()).zip(dx.1.iter().zip(dy.1.iter()));
                    for ((x_row, y_row), (dx_row, dy_row)) in rows {
                        let values = x[x_row].chunks_exact(S::LANES).zip(y[y_row].chunks_exact(S::LANES));
                        let gradients =
                            to[dx_row].chunks_exact_mut(S::LANES).zip(from[dy_row].chunks_exact(S::LANES));
                        for ((x, y), (dx, dy)) in values.zip(gradients) {
                            self.f.gradient(s, s.load(x), s.load(y), s.load(dy)).store(dx);
                        }
                    }
                },
            );
        }
    }
}
