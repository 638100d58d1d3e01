//! The numbers by which operations name what a program has, and [`Uses`], which tensors they use and when.

/// The number of a tensor in a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TensorId(pub(super) usize);

/// The number of a store of [`Winners`](tenun_kernels::pooled::Winners).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WinnersId(pub(super) usize);

/// The number of a term that a layer adds to the loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TermId(pub(super) usize);

/// The tensors that an operation reads or writes on either way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    pub(super) forward: Vec<TensorId>,
    pub(super) backward: Vec<TensorId>,
}

impl Uses {
    /// Of an operation that uses these forwards.
    pub(crate) fn forward(ids: impl IntoIterator<Item = TensorId>) -> Self {
        Self { forward: ids.into_iter().collect(), backward: Vec::new() }
    }

    /// The same, and these backwards.
    pub(crate) fn backward(mut self, ids: impl IntoIterator<Item = TensorId>) -> Self {
        self.backward.extend(ids);
        self
    }
}
