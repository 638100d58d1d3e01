//! [`Builder`]: collects the tensors and operations that layers lower to.

use super::grid::{Grid, Grids};
use super::program::Program;
use super::tile::{Op, TensorId, WinnersId};
use crate::Shape;
use crate::lane::Simd;

/// Where a layer's output stands: its value, its gradient if one is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Port {
    pub(crate) value: TensorId,
    /// None when not training, and for all that no parameter comes before.
    pub(crate) gradient: Option<TensorId>,
    /// Whether the next layer may overwrite the value: nothing else reads it, not even backwards.
    pub(crate) exclusive: bool,
}

/// Makes an operation once all layouts are known.
type Maker<S> = Box<dyn FnOnce(&Grids) -> Box<dyn Op<S>>>;

/// Collects tensors and operations.
///
/// A tensor's border depends on who reads it, which is known only at the end; so operations are handed in as
/// functions that are called when all layouts are settled.
pub(crate) struct Builder<S: Simd> {
    tensors: Vec<(Shape, usize)>,
    /// Windows of each pooling that remembers its winners.
    winners: Vec<usize>,
    makers: Vec<Maker<S>>,
    training: bool,
}

impl<S: Simd> Builder<S> {
    /// An empty plan, with gradients if it is for training.
    pub(crate) fn new(training: bool) -> Self {
        Self { tensors: Vec::new(), winners: Vec::new(), makers: Vec::new(), training }
    }

    pub(crate) fn is_training(&self) -> bool {
        self.training
    }

    /// A new tensor.
    pub(crate) fn tensor(&mut self, shape: Shape) -> TensorId {
        self.tensors.push((shape, 0));
        TensorId(self.tensors.len() - 1)
    }

    /// Room for the winners of `windows` windows.
    pub(crate) fn winners(&mut self, windows: usize) -> WinnersId {
        self.winners.push(windows);
        WinnersId(self.winners.len() - 1)
    }

    /// A tensor that comes from outside, with no gradient.
    pub(crate) fn input(&mut self, shape: Shape) -> Port {
        Port { value: self.tensor(shape), gradient: None, exclusive: false }
    }

    /// The output of a layer on `x`. It has a gradient when training, if `x` has one or the layer has
    /// parameters.
    pub(crate) fn output(&mut self, x: Port, shape: Shape, has_parameters: bool) -> Port {
        let value = self.tensor(shape);
        let wanted = self.training && (has_parameters || x.gradient.is_some());
        Port { value, gradient: wanted.then(|| self.tensor(shape)), exclusive: false }
    }

    /// Asks for at least `border` zeros around a tensor.
    pub(crate) fn border(&mut self, id: TensorId, border: usize) {
        let wanted = &mut self.tensors[id.0].1;
        *wanted = border.max(*wanted);
    }

    /// Adds an operation.
    pub(crate) fn push(&mut self, make: impl FnOnce(&Grids) -> Box<dyn Op<S>> + 'static) {
        self.makers.push(Box::new(make));
    }

    /// Settles the layouts and makes the operations: a program.
    pub(super) fn finish(self) -> Program<S> {
        let grids = Grids(self.tensors.iter().map(|&(shape, border)| Grid::new(shape, border)).collect());
        let ops = self.makers.into_iter().map(|make| make(&grids)).collect();
        Program::new(grids, self.winners, ops)
    }
}
