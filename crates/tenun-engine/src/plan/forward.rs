//! [`ForwardPlan`]: codes, reconstructions and losses without gradients.

use rayon::prelude::*;

use super::head::{self, Head, Output};
use super::pool::PerThread;
use super::program::{Program, Workspace};
use super::source::Intake;
use super::{Builder, Cpu, Images, PlanError, Scaling, lower};
use crate::lane::{Simd, TILE, Vector, WithSimd, dispatch};
use crate::layer::{Noise, Role};
use crate::network::Placed;
use crate::{Loss, Network, Shape};

/// Which part of a network a plan runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Images to codes.
    Encode,
    /// Codes to images.
    Decode,
    /// Images to images.
    Reconstruct,
}

/// Runs a network forwards over any number of images.
pub struct ForwardPlan {
    runner: Box<dyn Runner>,
    input: Shape,
    output: Shape,
    parameters: usize,
}

impl ForwardPlan {
    /// Compiles `stage` of `network` for `cpu`.
    ///
    /// `loss` is that of [`Self::losses`], which needs [`Stage::Reconstruct`].
    ///
    /// # Errors
    /// [`PlanError::NeedsSigmoid`] for binary cross-entropy on a network without, [`PlanError::NeedsVariance`] for a
    /// Gaussian likelihood on one without.
    pub fn new(
        network: &Network,
        stage: Stage,
        loss: Loss,
        scaling: Scaling,
        cpu: &Cpu,
    ) -> Result<Self, PlanError> {
        if stage == Stage::Reconstruct {
            head::check(network, loss)?;
        }
        let (input, output) = match stage {
            Stage::Encode => (network.input(), network.latent()),
            Stage::Decode => (network.latent(), network.output()),
            Stage::Reconstruct => (network.input(), network.output()),
        };
        let layers: Vec<&Placed> = match stage {
            Stage::Encode => network.encoder().iter().collect(),
            Stage::Decode => network.decoder_body().iter().collect(),
            Stage::Reconstruct => network.body().collect(),
        };
        let sigmoid = stage != Stage::Encode && network.ends_in_sigmoid();
        let compile = Compile {
            layers,
            input,
            sigmoid,
            compare: (stage == Stage::Reconstruct).then_some((loss, network)),
            seed: None,
            scaling,
            cpu,
        };
        let runner = dispatch(cpu.width(), compile);
        Ok(Self { runner, input, output, parameters: network.parameter_count() })
    }

    /// As [`Self::new`] for [`Stage::Reconstruct`], but images are made worse first as they are in training, by the
    /// layers that do so: what a denoising network makes of noise. The image with index i is corrupted as in the first
    /// epoch of a run with this seed. [`Self::losses`] compares with the images as they were, and counts the numbers as
    /// training does: of a network that finds hidden patches, only these.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn corrupted(
        network: &Network,
        loss: Loss,
        seed: u64,
        scaling: Scaling,
        cpu: &Cpu,
    ) -> Result<Self, PlanError> {
        head::check(network, loss)?;
        let compile = Compile {
            layers: network.body().collect(),
            input: network.input(),
            sigmoid: network.ends_in_sigmoid(),
            compare: Some((loss, network)),
            seed: Some(seed),
            scaling,
            cpu,
        };
        Ok(Self {
            runner: dispatch(cpu.width(), compile),
            input: network.input(),
            output: network.output(),
            parameters: network.parameter_count(),
        })
    }

    /// The corrupted images themselves: what [`Self::corrupted`] is given to see. None if the network corrupts
    /// nothing.
    #[must_use]
    pub fn corruption(network: &Network, seed: u64, scaling: Scaling, cpu: &Cpu) -> Option<Self> {
        let layers: Vec<&Placed> =
            network.encoder().iter().take_while(|placed| placed.layer.role() == Role::Corruption).collect();
        let (input, output) = (network.input(), layers.last()?.output);
        let compile =
            Compile { layers, input, sigmoid: false, compare: None, seed: Some(seed), scaling, cpu };
        let runner = dispatch(cpu.width(), compile);
        Some(Self { runner, input, output, parameters: network.parameter_count() })
    }

    /// Compiles the first `layers` layers of `network`: their output is what feature maps are made of.
    ///
    /// # Panics
    /// If the network has fewer layers, or none are asked for.
    #[must_use]
    pub fn up_to(network: &Network, layers: usize, scaling: Scaling, cpu: &Cpu) -> Self {
        let layers: Vec<&Placed> = network.layers().take(layers).collect();
        let (input, output) = (network.input(), layers.last().expect("at least one layer").output);
        let compile = Compile { layers, input, sigmoid: false, compare: None, seed: None, scaling, cpu };
        Self { runner: dispatch(cpu.width(), compile), input, output, parameters: network.parameter_count() }
    }

    /// The shape of what goes in.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The shape of what comes out.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.output
    }

    /// Writes the output for each image, `[image][channel][row][column]`, to `outputs`.
    ///
    /// # Panics
    /// If a slice has another length than the images or parameters ask for.
    pub fn run(&mut self, parameters: &[f32], images: Images<'_>, outputs: &mut [f32]) {
        let count = self.check(parameters, images);
        assert_eq!(outputs.len(), count * self.output.len(), "outputs");
        self.runner.run(parameters, images, outputs);
    }

    /// Writes the loss of each image, the mean over its numbers, to `losses`.
    ///
    /// # Panics
    /// If the plan does not go from images to images, or a slice has another length than the images or
    /// parameters ask for.
    pub fn losses(&mut self, parameters: &[f32], images: Images<'_>, losses: &mut [f32]) {
        let count = self.check(parameters, images);
        assert_eq!(losses.len(), count, "losses");
        self.runner.losses(parameters, images, losses);
    }

    fn check(&self, parameters: &[f32], images: Images<'_>) -> usize {
        assert_eq!(parameters.len(), self.parameters, "parameters");
        assert_eq!(images.len() % self.input.len(), 0, "images are not whole");
        images.len() / self.input.len()
    }
}

trait Runner: Send {
    fn run(&mut self, parameters: &[f32], images: Images<'_>, outputs: &mut [f32]);
    fn losses(&mut self, parameters: &[f32], images: Images<'_>, losses: &mut [f32]);
}

struct Compile<'a> {
    layers: Vec<&'a Placed>,
    input: Shape,
    sigmoid: bool,
    /// The loss, and the network it is of, where output and input have one shape.
    compare: Option<(Loss, &'a Network)>,
    /// The seed by which images are corrupted, if they are.
    seed: Option<u64>,
    scaling: Scaling,
    cpu: &'a Cpu,
}

impl WithSimd for Compile<'_> {
    type Output = Box<dyn Runner>;

    fn run<S: Simd>(self, s: S) -> Self::Output {
        let mut builder = Builder::<S>::new(false, self.cpu).corrupting(self.seed.is_some());
        let input = builder.input(self.input);
        let end = lower::sequence(&mut builder, &self.layers, input);
        builder.keep(end);
        let program = builder.finish();
        Box::new(Forward {
            s,
            intake: Intake::new::<S>(input, &program.grids),
            head: self.compare.map(|(loss, network)| {
                Head::new::<S>(loss, network, end, input, &program.grids)
                    .weighted::<S>(program.loss_weights, &program.grids)
            }),
            output: Output::new::<S>(self.sigmoid, end, &program.grids),
            scaling: self.scaling,
            seed: self.seed.unwrap_or_default(),
            packed: program.packed(),
            workspaces: PerThread::new(self.cpu, || program.workspace(0)),
            program,
            cpu: self.cpu.clone(),
        })
    }
}

struct Forward<S: Simd> {
    s: S,
    cpu: Cpu,
    program: Program<S>,
    intake: Intake,
    head: Option<Head>,
    output: Output,
    scaling: Scaling,
    seed: u64,
    packed: Vec<f32>,
    workspaces: PerThread<Workspace>,
}

impl<S: Simd> Forward<S> {
    /// Runs all operations on the images of one register, which are those from `first` on.
    fn pass(
        &self,
        parameters: &[f32],
        images: Images<'_>,
        first: usize,
        count: usize,
        workspace: &mut Workspace,
    ) {
        let mut indices = [0; TILE];
        for (i, index) in indices[..count].iter_mut().enumerate() {
            *index = u32::try_from(first + i).expect("fewer than 2^32 images");
        }
        self.intake.fill::<S>(&mut workspace.tensors, images, &indices[..count], &self.scaling);
        for (noise, &image) in workspace.noise.iter_mut().zip(&indices) {
            *noise = Noise { seed: self.seed, epoch: 0, image };
        }
        self.program.forward(self.s, parameters, &self.packed, workspace);
    }
}

impl<S: Simd> Runner for Forward<S> {
    fn run(&mut self, parameters: &[f32], images: Images<'_>, outputs: &mut [f32]) {
        self.program.pack(&self.cpu, parameters, &mut self.packed);
        let this = &*self;
        let length = outputs.len() / (images.len() / this.intake.image_len()).max(1);
        if outputs.is_empty() {
            return;
        }
        this.cpu.run(|| {
            outputs.par_chunks_mut(S::LANES * length).enumerate().for_each(|(i, outputs)| {
                let workspace = &mut *this.workspaces.get();
                this.pass(parameters, images, i * S::LANES, outputs.len() / length, workspace);
                this.output.apply(this.s, &mut workspace.tensors);
                this.output.write(S::LANES, &workspace.tensors, outputs.chunks_exact_mut(length));
            });
        });
    }

    fn losses(&mut self, parameters: &[f32], images: Images<'_>, losses: &mut [f32]) {
        let head = self.head.as_ref().expect("a plan that reconstructs");
        self.program.pack(&self.cpu, parameters, &mut self.packed);
        let this = &*self;
        #[allow(clippy::cast_precision_loss)]
        let length = this.intake.image_len() as f32;
        this.cpu.run(|| {
            losses.par_chunks_mut(S::LANES).enumerate().for_each(|(i, losses)| {
                let workspace = &mut *this.workspaces.get();
                this.pass(parameters, images, i * S::LANES, losses.len(), workspace);
                let mut sums = [0.0; TILE];
                head.value(this.s, parameters, &mut workspace.tensors).store(&mut sums);
                for (loss, sum) in losses.iter_mut().zip(sums) {
                    *loss = sum / length;
                }
            });
        });
    }
}
