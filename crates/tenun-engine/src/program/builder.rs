//! [`Builder`]: collects the tensors and operations that layers lower to.

use tenun_kernels::pooled::Winners;
use tenun_kernels::{Kernels, Registers};

use super::batched::{Batched, BatchedLayers};
use super::compiled::Program;
use super::grid::{Grid, Grids};
use super::{Cpu, Op, PlanStep, Rewrite, TensorId, TermId, WinnersId};
use crate::Shape;
use crate::place::{Parameters, Place};

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
type Maker = Box<dyn FnOnce(&Grids) -> Box<dyn Op>>;

/// Collects tensors and operations.
///
/// A tensor's border depends on who reads it, which is known only at the end; so operations are handed in as
/// functions that are called when all layouts are settled.
pub(crate) struct Builder {
    kernels: &'static Kernels,
    tensors: Vec<TensorPlan>,
    /// Windows of each pooling that remembers its winners, and the step it belongs to.
    winners: Vec<(usize, Option<usize>)>,
    /// Each with the step it belongs to.
    makers: Vec<(Maker, Option<usize>)>,
    training: bool,
    corrupts: bool,
    allowed: Vec<Rewrite>,
    steps: Vec<PlanStep>,
    /// The step that is being lowered.
    step: Option<usize>,
    /// What layers add to the loss: what it is, and the layer.
    terms: Vec<(&'static str, String)>,
    loss_weights: Option<TensorId>,
    /// What is used from outside, so all the time.
    kept: Vec<TensorId>,
    batched: BatchedLayers,
}

/// A tensor whose layout is not settled yet.
struct TensorPlan {
    shape: Shape,
    border: usize,
    /// Whether more than its border begins as zeros.
    zeroed: bool,
    /// The step it belongs to; none for what comes from outside.
    step: Option<usize>,
}

impl Builder {
    /// An empty plan for `cpu`, with gradients if it is for training.
    pub(crate) fn new(training: bool, cpu: &Cpu) -> Self {
        Self {
            kernels: Kernels::of(cpu.width()),
            tensors: Vec::new(),
            winners: Vec::new(),
            makers: Vec::new(),
            training,
            corrupts: training,
            allowed: Rewrite::ALL.iter().copied().filter(|&rewrite| cpu.allows(rewrite)).collect(),
            steps: Vec::new(),
            step: None,
            terms: Vec::new(),
            loss_weights: None,
            kept: Vec::new(),
            batched: BatchedLayers::default(),
        }
    }

    /// The registers that the program is made for.
    pub(crate) fn registers(&self) -> &'static Registers {
        &self.kernels.registers
    }

    /// Whether this rewrite may be used.
    pub(crate) fn allows(&self, rewrite: Rewrite) -> bool {
        self.allowed.contains(&rewrite)
    }

    /// Lowers a step: the layers of these names by `rewrites`. What it asks for is counted to it, except what steps within it ask for.
    pub(crate) fn step<R>(
        &mut self,
        layers: Vec<String>,
        rewrites: &[Rewrite],
        lower: impl FnOnce(&mut Self) -> R,
    ) -> R {
        self.steps.push(PlanStep { layers, rewrites: rewrites.to_vec(), memory: 0, multiply_adds: 0 });
        let around = self.step.replace(self.steps.len() - 1);
        let lowered = lower(self);
        self.step = around;
        lowered
    }

    pub(crate) fn is_training(&self) -> bool {
        self.training
    }

    /// Whether images are made worse by the layers for it: in training, and where it is asked for.
    pub(crate) fn corrupts(&self) -> bool {
        self.corrupts
    }

    /// The same builder, for a plan that makes images worse without training.
    pub(crate) fn corrupting(self, corrupts: bool) -> Self {
        Self { corrupts: self.corrupts || corrupts, ..self }
    }

    /// A new tensor. For each tile it begins anew, with a border of zeros; nothing else of it may be read before it is
    /// written.
    pub(crate) fn tensor(&mut self, shape: Shape) -> TensorId {
        self.tensors.push(TensorPlan { shape, border: 0, zeroed: false, step: self.step });
        TensorId(self.tensors.len() - 1)
    }

    /// A new tensor that begins as zeros for each tile.
    pub(crate) fn zeros(&mut self, shape: Shape) -> TensorId {
        let id = self.tensor(shape);
        self.tensors[id.0].zeroed = true;
        id
    }

    /// Room for the winners of `windows` windows.
    pub(crate) fn winners(&mut self, windows: usize) -> WinnersId {
        self.winners.push((windows, self.step));
        WinnersId(self.winners.len() - 1)
    }

    /// A term that `layer` adds to the loss, called `what`.
    pub(crate) fn term(&mut self, what: &'static str, layer: &Place) -> TermId {
        self.terms.push((what, layer.name.clone()));
        TermId(self.terms.len() - 1)
    }

    /// Room for what a dense layer keeps of every image, for the gradient over the whole batch.
    pub(crate) fn batched(&mut self, inputs: usize, filters: usize, parameters: Parameters) -> Batched {
        self.batched.add(inputs, filters, parameters)
    }

    /// A tensor of an image's shape, by which the loss of each number is multiplied.
    pub(crate) fn loss_weights(&mut self, shape: Shape) -> TensorId {
        let id = self.tensor(shape);
        self.loss_weights = Some(id);
        self.kept.push(id);
        id
    }

    /// A tensor that comes from outside, with no gradient.
    pub(crate) fn input(&mut self, shape: Shape) -> Port {
        let port = Port { value: self.tensor(shape), gradient: None, exclusive: false };
        self.keep(port);
        port
    }

    /// The output of a layer on `x`. It has a gradient when training, if `x` has one or the layer has
    /// parameters.
    pub(crate) fn output(&mut self, x: Port, shape: Shape, has_parameters: bool) -> Port {
        let value = self.tensor(shape);
        let wanted = self.training && (has_parameters || x.gradient.is_some());
        Port { value, gradient: wanted.then(|| self.tensor(shape)), exclusive: false }
    }

    /// Keeps value and gradient of a port all the time: they are used from outside.
    pub(crate) fn keep(&mut self, port: Port) {
        self.kept.extend([Some(port.value), port.gradient].into_iter().flatten());
    }

    /// The shape of a tensor.
    pub(crate) fn shape(&self, id: TensorId) -> Shape {
        self.tensors[id.0].shape
    }

    /// The layouts as they are asked for so far.
    pub(crate) fn grids(&self) -> Grids {
        let grids = self.tensors.iter().map(|wanted| Grid::new(wanted.shape, wanted.border));
        Grids::new(grids.collect(), self.kernels)
    }

    /// Asks for at least `border` zeros around a tensor.
    pub(crate) fn border(&mut self, id: TensorId, border: usize) {
        let wanted = &mut self.tensors[id.0].border;
        *wanted = border.max(*wanted);
    }

    /// Adds an operation.
    pub(crate) fn push(&mut self, make: impl FnOnce(&Grids) -> Box<dyn Op> + 'static) {
        self.makers.push((Box::new(make), self.step));
    }

    /// Settles the layouts and makes the operations: a program.
    pub(crate) fn finish(self) -> Program {
        let grids = self.grids();
        let mut steps = self.steps;
        let mut count = |step: Option<usize>, bytes: usize| {
            if let Some(step) = step {
                steps[step].memory += bytes;
            }
        };
        for (wanted, grid) in self.tensors.iter().zip(grids.iter()) {
            count(wanted.step, grid.bytes(self.kernels.registers.lanes));
        }
        for &(windows, step) in &self.winners {
            count(step, windows * size_of::<Winners>());
        }
        let zeros = self.tensors.iter().zip(grids.iter()).map(|(wanted, grid)| {
            let all = wanted.zeroed.then(|| 0..grid.vectors());
            let around = if wanted.zeroed { None } else { Some(grid.outside()) };
            all.into_iter().chain(around.into_iter().flatten()).collect()
        });
        let zeros = zeros.collect();
        let mut ops = Vec::new();
        for (make, step) in self.makers {
            let op = make(&grids);
            if let Some(step) = step {
                steps[step].multiply_adds += op.multiply_adds();
            }
            ops.push(op);
        }
        let winners = self.winners.into_iter().map(|(windows, _)| windows).collect();
        // A term has its own name, and that of its layer where there are several.
        let name =
            |(what, layer): &(&'static str, String)| match self.terms.iter().filter(|t| t.0 == *what).count()
            {
                1 => (*what).to_owned(),
                _ => format!("{layer}.{what}"),
            };
        let mut program = Program::new(grids, zeros, &self.kept, winners, ops, steps);
        program.terms = self.terms.iter().map(name).collect();
        program.loss_weights = self.loss_weights;
        program.batched = self.batched;
        program
    }
}
