//! [`Convolution`]: the operation of convolutions.
//!
//! Forwards it is one correlation; the way back is in [`super::gradients`].

use tenun_kernels::Kernels;
use tenun_kernels::correlate::Correlation;

use super::ConvGeometry;
use super::gradients::Gradients;
use crate::place::Parameters;
use crate::place::Place;
use crate::program::{Builder, Op, Port, TensorId, Tile, Uses};

/// The operation.
pub(crate) struct Convolution {
    geometry: ConvGeometry,
    parameters: Parameters,
    x: TensorId,
    y: TensorId,
    forward: Correlation,
    backward: Option<Gradients>,
}

impl Convolution {
    /// Adds a convolution to a plan.
    pub(crate) fn lower(builder: &mut Builder, geometry: ConvGeometry, at: &Place, x: Port) -> Port {
        let output = at.output;
        builder.border(x.value, geometry.pad);
        let y = builder.output(x, output, true);
        if let (Some(dy), Some(_)) = (y.gradient, x.gradient) {
            builder.border(dy, geometry.gradient_borders(output));
        }
        let parameters = Parameters::of(at);
        builder.push(move |grids| {
            let (x_grid, y_grid) = (&grids[x.value], &grids[y.value]);
            let pixels: Vec<_> = (0..output.height)
                .flat_map(|r| (0..output.width).map(move |c| (r, c)))
                .map(|(r, c)| (geometry.corner(x_grid, r, c), y_grid.at(0, r, c)))
                .collect();
            let offsets = geometry.offsets(x_grid);
            let forward = Correlation::new(
                &grids.kernels.registers,
                &pixels,
                offsets,
                geometry.filters,
                y_grid.plane(),
            );
            let backward = y.gradient.map(|dy| Gradients::new(geometry, &parameters, x, dy, grids));
            Box::new(Self { geometry, parameters, x: x.value, y: y.value, forward, backward })
        });
        Port { exclusive: true, ..y }
    }
}

impl Op for Convolution {
    fn uses(&self) -> Uses {
        let back = self.backward.iter().flat_map(Gradients::uses);
        Uses::forward([self.x, self.y]).backward(back)
    }

    fn multiply_adds(&self) -> usize {
        self.forward.multiply_adds() + self.backward.as_ref().map_or(0, Gradients::multiply_adds)
    }

    fn packed_len(&self) -> usize {
        self.forward.packed_len() + self.backward.as_ref().map_or(0, Gradients::packed_len)
    }

    fn pack(&self, parameters: &[f32], packed: &mut [f32]) {
        let (weight, bias) = self.parameters.split(parameters);
        let (forward, rest) = packed.split_at_mut(self.forward.packed_len());
        self.geometry.pack(&self.forward, bias, weight, forward);
        if let Some(backward) = &self.backward {
            backward.pack(weight, rest);
        }
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let packed = tile.packed;
        let [x, y] = tile.many([self.x, self.y]);
        k.correlate(&self.forward, x, packed, y);
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        if let Some(backward) = &self.backward {
            backward.run(k, tile, self.forward.packed_len());
        }
    }
}
