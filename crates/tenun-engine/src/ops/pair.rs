//! [`Through`]: the tensors of an operation that makes one tensor of another.

use crate::program::{Grids, Port, Tensor, TensorId};

/// A tensor, and the one that is made of it.
pub(crate) struct Pair {
    pub(crate) from: Tensor,
    pub(crate) to: Tensor,
}

impl Pair {
    pub(crate) fn new(from: TensorId, to: TensorId, grids: &Grids) -> Self {
        Self { from: grids.tensor(from), to: grids.tensor(to) }
    }

    pub(crate) fn ids(&self) -> [TensorId; 2] {
        [self.from.id, self.to.id]
    }
}

/// The input and the output; the gradient of the output and that of the input, if it is wanted.
pub(crate) struct Through {
    pub(crate) values: Pair,
    pub(crate) gradients: Option<Pair>,
}

impl Through {
    pub(crate) fn new(x: Port, y: Port, grids: &Grids) -> Self {
        let gradients = x.gradient.zip(y.gradient).map(|(dx, dy)| Pair::new(dy, dx, grids));
        Self { values: Pair::new(x.value, y.value, grids), gradients }
    }

    /// The tensors of the way back.
    pub(crate) fn gradient_ids(&self) -> impl Iterator<Item = TensorId> {
        self.gradients.iter().flat_map(Pair::ids)
    }
}
