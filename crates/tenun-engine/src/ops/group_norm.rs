//! The operation of normalisation over groups of channels.

use std::ops::Range;

use tenun_kernels::Kernels;
use tenun_kernels::group_norm::{Affine, AffineGradient, Groups, NormGradient};

use crate::Shape;
use crate::place::Place;
use crate::program::{Builder, Op, Port, Tensor, TensorId, Tile, Uses};

struct GroupNorm {
    groups: Groups,
    gamma: Range<usize>,
    beta: Range<usize>,
    x: Tensor,
    y: Tensor,
    /// Mean and scale of each group, kept for the way back.
    statistics: TensorId,
    dx: Option<Tensor>,
    dy: Option<Tensor>,
}

/// Adds normalisation over `groups` of channels to a plan.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn lower(builder: &mut Builder, groups: usize, epsilon: f32, at: &Place, x: Port) -> Port {
    let y = builder.output(x, at.output, true);
    let statistics = builder.tensor(Shape::vector(2 * groups));
    let (gamma, beta) = (at.parameters[0].range.clone(), at.parameters[1].range.clone());
    let (channels, numbers) = (at.input.channels / groups, (at.input.len() / groups) as f32);
    builder.push(move |grids| {
        let rows = grids.tensor(statistics).rows;
        let places = (0..rows.count()).map(|row| rows.nth_start(row)).collect();
        Box::new(GroupNorm {
            groups: Groups { channels, numbers, epsilon, statistics: places },
            gamma,
            beta,
            x: grids.tensor(x.value),
            y: grids.tensor(y.value),
            statistics,
            dx: x.gradient.map(|id| grids.tensor(id)),
            dy: y.gradient.map(|id| grids.tensor(id)),
        })
    });
    Port { exclusive: true, ..y }
}

impl Op for GroupNorm {
    fn uses(&self) -> Uses {
        let values = [self.x.id, self.y.id, self.statistics];
        let gradients = self.dx.iter().chain(&self.dy).map(|gradient| gradient.id);
        Uses::forward(values).backward(gradients.chain([self.x.id, self.statistics]))
    }

    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let parameters = tile.parameters;
        let (gamma, beta) = (&parameters[self.gamma.clone()], &parameters[self.beta.clone()]);
        let [x, y, statistics] = tile.many([self.x.id, self.y.id, self.statistics]);
        let affine = Affine { gamma, beta };
        k.group_norm(&self.groups, affine, self.x.view(x), statistics, self.y.view_mut(y));
    }

    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>) {
        let Some(dy) = &self.dy else { return };
        let Tile { tensors, parameters, gradients, .. } = tile;
        let gamma = &parameters[self.gamma.clone()];
        let ranges = [self.gamma.clone(), self.beta.clone()];
        let [of_gamma, of_beta] = gradients.get_disjoint_mut(ranges).expect("parameters differ");
        let to = AffineGradient { gamma: of_gamma, beta: of_beta };
        match &self.dx {
            Some(dx) => {
                let [x, dy_floats, statistics, dx_floats] =
                    tensors.many([self.x.id, dy.id, self.statistics, dx.id]);
                let (x, dy) = (self.x.view(x), dy.view(dy_floats));
                let from = NormGradient { x, dy, statistics, gamma };
                k.group_norm_gradient(&self.groups, from, to, Some(dx.view_mut(dx_floats)));
            }
            None => {
                let (x, dy) = (self.x.view(tensors.get(self.x.id)), dy.view(tensors.get(dy.id)));
                let from = NormGradient { x, dy, statistics: tensors.get(self.statistics), gamma };
                k.group_norm_gradient(&self.groups, from, to, None);
            }
        }
    }
}
