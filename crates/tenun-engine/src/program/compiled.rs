//! [`Program`]: the operations of a plan with the layouts of their tensors, and [`Workspace`], one thread's buffers.

use std::ops::Range;
use std::sync::Arc;

use tenun_kernels::correlate::PARALLEL;
use tenun_kernels::pooled::Winners;
use tenun_kernels::{Kernels, Lanes, TILE};

use super::batched::BatchedLayers;
use super::layout::{Floats, MemoryLayout};
use super::tile::AllWinners;
use super::{Cpu, Grids, Op, PlanStep, TensorId, Tensors, Tile};
use crate::random::RandomKey;

/// Operations in the order in which they run forwards.
pub(crate) struct Program {
    pub(crate) grids: Grids,
    layout: Arc<MemoryLayout>,
    /// Windows of each pooling that remembers its winners.
    winners: Vec<usize>,
    ops: Vec<Box<dyn Op>>,
    /// Where each operation's packed parameters end.
    packed_ends: Vec<usize>,
    /// What the operations compute.
    pub(crate) steps: Vec<PlanStep>,
    /// The names of what layers add to the loss.
    pub(crate) terms: Vec<String>,
    /// What the loss of each number counts, where layers have a say in it.
    pub(crate) loss_weights: Option<TensorId>,
    /// What is kept of every image for gradients over the whole batch.
    pub(crate) batched: BatchedLayers,
}

/// The buffers one thread needs to run a program.
pub(crate) struct Workspace {
    pub(crate) tensors: Tensors,
    winners: AllWinners,
    /// The gradient of all parameters for the images of one register.
    pub(crate) gradients: Vec<f32>,
    /// What random numbers depend on, for each lane.
    pub(crate) noise: Vec<RandomKey>,
    /// What one unit of the loss counts in each lane.
    pub(crate) weights: Lanes,
    /// What layers add to the loss, for each lane.
    pub(crate) terms: Vec<Lanes>,
}

impl Program {
    /// `zeros` are the vectors of each tensor that begin as zeros, `kept` the tensors that are used from outside.
    pub(crate) fn new(
        grids: Grids,
        zeros: Vec<Vec<Range<usize>>>,
        kept: &[TensorId],
        winners: Vec<usize>,
        ops: Vec<Box<dyn Op>>,
        steps: Vec<PlanStep>,
    ) -> Self {
        let lanes = grids.kernels.registers.lanes;
        let floats = |vectors: Range<usize>| vectors.start * lanes..vectors.end * lanes;
        let wanted = grids.iter().zip(zeros).map(|(grid, zeros)| Floats {
            length: grid.vectors() * lanes,
            zeros: zeros.into_iter().map(floats).collect(),
        });
        let wanted: Vec<Floats> = wanted.collect();
        let uses: Vec<_> = ops.iter().map(|op| op.uses()).collect();
        let layout = Arc::new(MemoryLayout::new(&wanted, &uses, kept));
        let mut end = 0;
        let packed_ends = ops
            .iter()
            .map(|op| {
                end += op.packed_len();
                end
            })
            .collect();
        Self {
            grids,
            layout,
            winners,
            ops,
            packed_ends,
            steps,
            terms: Vec::new(),
            loss_weights: None,
            batched: BatchedLayers::default(),
        }
    }

    /// The kernels that it runs.
    pub(crate) fn kernels(&self) -> &'static Kernels {
        self.grids.kernels
    }

    /// Images that go through it at a time.
    pub(crate) fn lanes(&self) -> usize {
        self.grids.kernels.registers.lanes
    }

    /// Buffers for one thread, with room for the gradients of `gradients` parameters.
    pub(crate) fn workspace(&self, gradients: usize) -> Workspace {
        let tensors = Tensors::new(self.layout.clone());
        let noise = vec![RandomKey { seed: 0, epoch: 0, image: 0 }; self.lanes()];
        let winners = AllWinners(self.winners.iter().map(|&windows| vec![[0; 4]; windows]).collect());
        let terms = vec![[0.0; TILE]; self.terms.len()];
        let gradients = vec![0.0; gradients];
        Workspace { tensors, winners, gradients, noise, weights: [0.0; TILE], terms }
    }

    /// Bytes of one workspace's tensors.
    pub(crate) fn workspace_bytes(&self) -> usize {
        self.layout.length() * size_of::<f32>() + self.winners.iter().sum::<usize>() * size_of::<Winners>()
    }

    /// Floats of the packed parameters of all operations.
    pub(crate) fn packed_len(&self) -> usize {
        self.packed_ends.last().copied().unwrap_or(0)
    }

    /// Room for the packed parameters of all operations.
    pub(crate) fn packed(&self) -> Vec<f32> {
        vec![0.0; self.packed_len()]
    }

    /// Arranges the parameters as the kernels read them, on the threads of `cpu` where there are many.
    pub(crate) fn pack(&self, cpu: &Cpu, parameters: &[f32], packed: &mut [f32]) {
        let mut pack = || {
            let mut start = 0;
            for (op, &end) in self.ops.iter().zip(&self.packed_ends) {
                op.pack(parameters, &mut packed[start..end]);
                start = end;
            }
        };
        if parameters.len() > PARALLEL { cpu.run(pack) } else { pack() }
    }

    /// Runs all operations forwards.
    pub(crate) fn forward(&self, parameters: &[f32], packed: &[f32], workspace: &mut Workspace) {
        for (i, op) in self.ops.iter().enumerate() {
            workspace.tensors.at(MemoryLayout::forward(i));
            op.forward(self.kernels(), &mut self.tile(i, parameters, packed, workspace));
        }
        workspace.tensors.at(MemoryLayout::between(self.ops.len()));
    }

    /// Runs all operations backwards, after the gradient of the output was written.
    ///
    /// `rows` are those of the images in the lanes, as many as there are.
    pub(crate) fn backward(
        &self,
        parameters: &[f32],
        packed: &[f32],
        workspace: &mut Workspace,
        rows: &mut [f32],
    ) {
        for (i, op) in self.ops.iter().enumerate().rev() {
            workspace.tensors.at(MemoryLayout::backward(self.ops.len(), i));
            let tile = self.tile(i, parameters, packed, workspace);
            op.backward(self.kernels(), &mut Tile { rows, stride: self.batched.stride(), ..tile });
        }
    }

    fn tile<'a>(
        &self,
        op: usize,
        parameters: &'a [f32],
        packed: &'a [f32],
        workspace: &'a mut Workspace,
    ) -> Tile<'a> {
        let start = op.checked_sub(1).map_or(0, |before| self.packed_ends[before]);
        Tile {
            tensors: &mut workspace.tensors,
            winners: &mut workspace.winners,
            parameters,
            packed: &packed[start..self.packed_ends[op]],
            gradients: &mut workspace.gradients,
            noise: &workspace.noise,
            weights: &workspace.weights,
            terms: &mut workspace.terms,
            rows: &mut [],
            stride: 0,
        }
    }
}
