//! [`Tile`]: what an operation sees while it runs, and [`Op`], what an operation is.

use std::sync::Arc;

use tenun_kernels::pooled::Winners;
use tenun_kernels::{Buffer, Kernels, Lanes};

use super::layout::MemoryLayout;
use super::{TensorId, TermId, Uses, WinnersId};
use crate::random::RandomKey;

/// The buffers of all tensors, in one block of memory.
pub(crate) struct Tensors {
    block: Buffer,
    layout: Arc<MemoryLayout>,
    moment: usize,
}

impl Tensors {
    /// Zeros.
    pub(super) fn new(layout: Arc<MemoryLayout>) -> Self {
        Self { block: Buffer::zeros(layout.length()), layout, moment: 0 }
    }

    /// Goes to a moment of the way forwards or back.
    pub(super) fn at(&mut self, moment: usize) {
        self.moment = moment;
        let block = self.block.floats_mut();
        for range in self.layout.unwritten(moment) {
            block[range.clone()].fill(f32::NAN);
        }
        for range in self.layout.cleared(moment) {
            block[range.clone()].fill(0.0);
        }
    }

    /// One tensor, to read.
    pub(crate) fn get(&self, id: TensorId) -> &[f32] {
        &self.block.floats()[self.layout.place(id, self.moment)]
    }

    /// Several different tensors at once.
    ///
    /// # Panics
    /// If one is asked for twice, or by an operation that did not say that it uses it: a plan never does.
    #[inline]
    pub(crate) fn many<const N: usize>(&mut self, ids: [TensorId; N]) -> [&mut [f32]; N] {
        let places = ids.map(|id| self.layout.place(id, self.moment));
        self.block.floats_mut().get_disjoint_mut(places).expect("an operation's tensors differ")
    }
}

impl Tile<'_> {
    /// Where a term of each lane is written.
    #[inline]
    pub(crate) fn term_mut(&mut self, id: TermId) -> &mut Lanes {
        &mut self.terms[id.0]
    }
}

/// What the poolings of a tile remember from the way forwards for the way back.
pub(crate) struct AllWinners(pub(super) Vec<Vec<Winners>>);

impl AllWinners {
    /// Those of one pooling.
    pub(crate) fn get(&self, id: WinnersId) -> &[Winners] {
        &self.0[id.0]
    }

    /// Those of one pooling, to write.
    pub(crate) fn get_mut(&mut self, id: WinnersId) -> &mut [Winners] {
        &mut self.0[id.0]
    }
}

/// What an operation sees while it runs: one register's worth of images, and the parameters.
pub(crate) struct Tile<'a> {
    pub(crate) tensors: &'a mut Tensors,
    /// Which pixels won in poolings.
    pub(crate) winners: &'a mut AllWinners,
    /// All parameters.
    pub(crate) parameters: &'a [f32],
    /// This operation's parameters as [`Op::pack`] arranged them.
    pub(crate) packed: &'a [f32],
    /// The gradient of all parameters, to which each operation writes its own; empty when not training.
    pub(crate) gradients: &'a mut [f32],
    /// What random numbers depend on, for each lane.
    pub(crate) noise: &'a [RandomKey],
    /// What one unit of a term of the loss counts in each lane: 1 / (images · numbers), and 0 in empty lanes.
    pub(crate) weights: &'a Lanes,
    /// The terms that layers add to the loss, lane by lane.
    pub(crate) terms: &'a mut [Lanes],
    /// What is kept of each image in the lanes for gradients over the whole batch, `stride` floats an image; only
    /// backwards.
    pub(crate) rows: &'a mut [f32],
    pub(crate) stride: usize,
}

impl Tile<'_> {
    /// One tensor.
    #[inline]
    pub(crate) fn one_mut(&mut self, id: TensorId) -> &mut [f32] {
        let [tensor] = self.tensors.many([id]);
        tensor
    }

    /// Several different tensors at once.
    #[inline]
    pub(crate) fn many<const N: usize>(&mut self, ids: [TensorId; N]) -> [&mut [f32]; N] {
        self.tensors.many(ids)
    }
}

/// An operation of a plan.
pub(crate) trait Op: Send + Sync {
    /// Floats that [`Self::pack`] writes.
    fn packed_len(&self) -> usize {
        0
    }

    /// Arranges this operation's parameters as its kernels read them: once for all tiles of a batch.
    fn pack(&self, _parameters: &[f32], _packed: &mut [f32]) {}

    /// The tensors that it reads or writes, each on either way.
    fn uses(&self) -> Uses;

    /// Multiply-adds that kernels do for one image, forwards and, where gradients are wanted, backwards. Elementwise
    /// operations are not counted.
    fn multiply_adds(&self) -> usize {
        0
    }

    /// Computes the outputs from the inputs.
    fn forward(&self, k: &Kernels, tile: &mut Tile<'_>);

    /// Computes the gradients of inputs and parameters from those of the outputs.
    fn backward(&self, k: &Kernels, tile: &mut Tile<'_>);
}
