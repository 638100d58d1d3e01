//! The operation of the activation layers: a function of single numbers, in place where its slope allows that.

use tenun_kernels::Kernels;
use tenun_kernels::map::{Map, MapGradient};

use crate::Shape;
use crate::program::{Builder, Op, Port, Tensor, Tile, Uses};

/// Adds the function `map`, with its parameter `a` if it has one, to a plan: in place where possible, else into a
/// tensor of its own.
pub(crate) fn lower(builder: &mut Builder, map: Map, a: f32, shape: Shape, x: Port) -> Port {
    let in_place = map.has_slope_from_output() && x.exclusive;
    let y = if in_place { Port { exclusive: false, ..x } } else { builder.output(x, shape, false) };
    builder.push(move |grids| {
        Box::new(Elementwise {
            map,
            a,
            in_place,
            x: grids.tensor(x.value),
            y: grids.tensor(y.value),
            dx: x.gradient.map(|id| grids.tensor(id)),
            dy: y.gradient.map(|id| grids.tensor(id)),
        })
    });
    y
}

/// The operation.
struct Elementwise {
    map: Map,
    a: f32,
    in_place: bool,
    x: Tensor,
    y: Tensor,
    dx: Option<Tensor>,
    dy: Option<Tensor>,
}

impl Op for Elementwise {
    fn uses(&self) -> Uses {
        let gradients = self.dx.iter().zip(&self.dy).flat_map(|(dx, dy)| [dx.id, dy.id]);
        let back = gradients.flat_map(|gradient| [self.x.id, self.y.id, gradient]);
        Uses::forward([self.x.id, self.y.id]).backward(back)
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        if self.in_place {
            let y = tile.one_mut(self.y.id);
            k.map_in_place(self.map, self.a, self.y.view_mut(y));
        } else {
            let [x, y] = tile.many([self.x.id, self.y.id]);
            k.map(self.map, self.a, self.x.view(x), self.y.view_mut(y));
        }
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let (Some(dx), Some(dy)) = (&self.dx, &self.dy) else { return };
        if self.in_place {
            let [y, d] = tile.many([self.y.id, dx.id]);
            k.map_gradient_in_place(self.map, self.a, self.y.view(y), dx.view_mut(d));
        } else {
            let [x, y, to, from] = tile.many([self.x.id, self.y.id, dx.id, dy.id]);
            let from = MapGradient { x: self.x.view(x), y: self.y.view(y), dy: dy.view(from) };
            k.map_gradient(self.map, self.a, from, dx.view_mut(to));
        }
    }
}
