//! [`Dense`]: the operation of dense layers, and of convolutions of a single pixel.
//!
//! Forwards and for the gradient of the input it is one linear map ([`tenun_kernels::linear`]); the gradient of the
//! weights is taken over the whole batch ([`super::batched`]).

use tenun_kernels::Kernels;
use tenun_kernels::linear::{Linear, Strided};

use crate::place::{Parameters, Place};
use crate::program::{Batched, Builder, Grid, Op, Port, TensorId, Tile, Uses};

/// The operation.
pub(crate) struct Dense {
    parameters: Parameters,
    x: TensorId,
    y: TensorId,
    forward: Linear,
    backward: Option<Backward>,
}

struct Backward {
    dy: TensorId,
    dy_place: Strided,
    batched: Batched,
    /// The gradient of the input, where it has one.
    input: Option<(TensorId, Linear)>,
}

/// Where the channels of a single pixel stand.
fn place(grid: &Grid) -> Strided {
    Strided { first: grid.at(0, 0, 0), step: grid.plane() }
}

impl Dense {
    /// Adds the linear map of `x`, all of whose numbers are channels, to a plan.
    pub(crate) fn lower(builder: &mut Builder, at: &Place, x: Port) -> Port {
        let (inputs, features) = (at.input.len(), at.output.len());
        let y = builder.output(x, at.output, true);
        let parameters = Parameters::of(at);
        let batched = y.gradient.map(|dy| (dy, builder.batched(inputs, features, parameters.clone())));
        builder.push(move |grids| {
            let (x_place, y_place) = (place(&grids[x.value]), place(&grids[y.value]));
            let forward = Linear {
                outputs: features,
                terms: inputs,
                output_step: inputs,
                term_step: 1,
                x: x_place,
                y: y_place,
            };
            let backward = batched.map(|(dy, batched)| {
                let dy_place = place(&grids[dy]);
                let across = |dx| Linear {
                    outputs: inputs,
                    terms: features,
                    output_step: 1,
                    term_step: inputs,
                    x: dy_place,
                    y: place(&grids[dx]),
                };
                Backward { dy, dy_place, batched, input: x.gradient.map(|dx| (dx, across(dx))) }
            });
            Box::new(Self { parameters, x: x.value, y: y.value, forward, backward })
        });
        Port { exclusive: true, ..y }
    }
}

impl Op for Dense {
    fn uses(&self) -> Uses {
        let back = self
            .backward
            .iter()
            .flat_map(|back| [self.x, back.dy].into_iter().chain(back.input.iter().map(|(dx, _)| *dx)));
        Uses::forward([self.x, self.y]).backward(back)
    }

    fn multiply_adds(&self) -> usize {
        let back = |back: &Backward| {
            // The weight's gradient has as many as the map itself.
            self.forward.multiply_adds() + back.input.as_ref().map_or(0, |(_, map)| map.multiply_adds())
        };
        self.forward.multiply_adds() + self.backward.as_ref().map_or(0, back)
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let (weight, bias) = self.parameters.split(tile.parameters);
        let [x, y] = tile.many([self.x, self.y]);
        k.linear(&self.forward, weight, bias, x, y);
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(Backward { dy, dy_place, batched, input }) = &self.backward else { return };
        let Tile { tensors, parameters, rows, stride, .. } = tile;
        batched.keep_input(k, self.forward.x, tensors.get(self.x), rows, *stride);
        batched.keep_gradient(k, *dy_place, tensors.get(*dy), rows, *stride);
        if let Some((dx, map)) = input {
            let [dy, dx] = tensors.many([*dy, *dx]);
            k.linear(map, self.parameters.split(parameters).0, None, dy, dx);
        }
    }
}
