//! [`ForwardPlan`]: codes, reconstructions and losses without gradients.

use rayon::prelude::*;

use tenun_kernels::TILE;

use super::head::{self, Head, Output};
use super::source::Intake;
use super::{Images, PlanError};
use crate::layer::{Placed, Role, sequence};
use crate::program::{Builder, Cpu, PerThread, Program, Workspace};
use crate::random::RandomKey;
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
    cpu: Cpu,
    program: Program,
    intake: Intake,
    head: Option<Head>,
    end: Output,
    seed: u64,
    packed: Vec<f32>,
    workspaces: PerThread<Workspace>,
    input: Shape,
    output: Shape,
    parameters: usize,
}

/// Bytes of the buffers and packed weights of a way through these layers.
fn memory(input: Shape, layers: &[&Placed], cpu: &Cpu) -> u64 {
    let mut builder = Builder::new(false, cpu);
    let input = builder.input(input);
    let end = sequence::lower(&mut builder, layers, input);
    builder.keep(end);
    let program = builder.finish();
    let bytes = program.workspace_bytes() * cpu.threads() + program.packed_len() * size_of::<f32>();
    bytes as u64
}

impl ForwardPlan {
    /// Compiles `stage` of `network` for `cpu`, to run; [`Self::reconstruct`] is for losses.
    #[must_use]
    pub fn new(network: &Network, stage: Stage, cpu: &Cpu) -> Self {
        let layers = match stage {
            Stage::Encode => network.encoder().iter().collect(),
            Stage::Decode => network.decoder_body().iter().collect(),
            Stage::Reconstruct => network.body().collect(),
        };
        let (input, output) = match stage {
            Stage::Encode => (network.input(), network.latent()),
            Stage::Decode => (network.latent(), network.output()),
            Stage::Reconstruct => (network.input(), network.output()),
        };
        let sigmoid = stage != Stage::Encode && network.ends_in_sigmoid();
        Path { layers, input, output, sigmoid, loss: None, seed: None }.compile(network, cpu)
    }

    /// Compiles the way from images to images, to run and to compare: `loss` is that of [`Self::losses`].
    ///
    /// # Errors
    /// [`PlanError::NeedsSigmoid`] for binary cross-entropy on a network without, [`PlanError::NeedsVariance`] for a
    /// Gaussian likelihood on one without.
    pub fn reconstruct(network: &Network, loss: Loss, cpu: &Cpu) -> Result<Self, PlanError> {
        head::check(network, loss)?;
        Ok(Path::whole(network, Some(loss), None).compile(network, cpu))
    }

    /// The whole network, on images that its own layers corrupt first as they do in training: what a denoising network
    /// makes of noise. The image with index i is corrupted as in the first epoch of a run with this seed.
    #[must_use]
    pub fn corrupted(network: &Network, seed: u64, cpu: &Cpu) -> Self {
        Path::whole(network, None, Some(seed)).compile(network, cpu)
    }

    /// As [`Self::corrupted`], to compare as well: [`Self::losses`] compares with the images as they were, and counts the
    /// numbers as training does: of a network that finds hidden patches, only these.
    ///
    /// # Errors
    /// As [`Self::reconstruct`].
    pub fn reconstruct_corrupted(
        network: &Network,
        loss: Loss,
        seed: u64,
        cpu: &Cpu,
    ) -> Result<Self, PlanError> {
        head::check(network, loss)?;
        Ok(Path::whole(network, Some(loss), Some(seed)).compile(network, cpu))
    }

    /// The corrupted images themselves: what [`Self::corrupted`] is given to see. None if the network corrupts
    /// nothing.
    #[must_use]
    pub fn corruption(network: &Network, seed: u64, cpu: &Cpu) -> Option<Self> {
        let layers: Vec<&Placed> =
            network.encoder().iter().take_while(|placed| placed.layer.role() == Role::Corruption).collect();
        let (input, output) = (network.input(), layers.last()?.place.output);
        let path = Path { layers, input, output, sigmoid: false, loss: None, seed: Some(seed) };
        Some(path.compile(network, cpu))
    }

    /// Compiles the first `layers` layers of `network`: their output is what feature maps are made of.
    ///
    /// # Panics
    /// If the network has fewer layers, or none are asked for.
    #[must_use]
    pub fn up_to(network: &Network, layers: usize, cpu: &Cpu) -> Self {
        let layers: Vec<&Placed> = network.layers().take(layers).collect();
        let (input, output) = (network.input(), layers.last().expect("at least one layer").place.output);
        Path { layers, input, output, sigmoid: false, loss: None, seed: None }.compile(network, cpu)
    }

    /// Bytes that the way from images to images takes on `cpu`: buffers of all threads, weights as kernels read them.
    /// Where the shapes of the layers alone make it clear that this is more than `available`, or less, it is a bound, and no
    /// plan is made to learn more. Nothing of that size is allocated.
    #[must_use]
    pub fn estimate(network: &Network, available: u64, cpu: &Cpu) -> u64 {
        let (least, most) = (network.least_memory(), network.most_memory(cpu.threads()));
        if least > available {
            return least;
        }
        if most <= available { most } else { Self::memory(network, cpu) }
    }

    /// Bytes of the buffers and packed weights of the way from images to images on `cpu`. They are not allocated.
    #[must_use]
    pub fn memory(network: &Network, cpu: &Cpu) -> u64 {
        memory(network.input(), &network.body().collect::<Vec<_>>(), cpu)
    }

    /// As [`Self::memory`], of the first `layers` layers, as [`Self::up_to`] runs them: a map that is looked at may take more
    /// than the whole way, where layers after it are computed together with it.
    #[must_use]
    pub fn memory_up_to(network: &Network, layers: usize, cpu: &Cpu) -> u64 {
        memory(network.input(), &network.layers().take(layers).collect::<Vec<_>>(), cpu)
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
        let length = self.output.len();
        assert_eq!(outputs.len(), count * length, "outputs");
        self.program.pack(&self.cpu, parameters, &mut self.packed);
        let this = &*self;
        let (k, lanes) = (this.program.kernels(), this.program.lanes());
        this.cpu.run(|| {
            outputs.par_chunks_mut(lanes * length).enumerate().for_each(|(i, outputs)| {
                let workspace = &mut *this.workspaces.get();
                this.pass(parameters, images, i * lanes, outputs.len() / length, workspace);
                this.end.apply(k, &mut workspace.tensors);
                this.end.write(k, &workspace.tensors, length, outputs);
            });
        });
    }

    /// Writes the loss of each image, the mean over its numbers, to `losses`.
    ///
    /// # Panics
    /// If the plan was not made for losses, or a slice has another length than the images or parameters ask for.
    pub fn losses(&mut self, parameters: &[f32], images: Images<'_>, losses: &mut [f32]) {
        let count = self.check(parameters, images);
        assert_eq!(losses.len(), count, "losses");
        self.program.pack(&self.cpu, parameters, &mut self.packed);
        let this = &*self;
        let head = this.head.as_ref().expect("a plan for losses");
        let (k, lanes) = (this.program.kernels(), this.program.lanes());
        #[allow(clippy::cast_precision_loss)]
        let length = this.intake.image_len() as f32;
        this.cpu.run(|| {
            losses.par_chunks_mut(lanes).enumerate().for_each(|(i, losses)| {
                let workspace = &mut *this.workspaces.get();
                this.pass(parameters, images, i * lanes, losses.len(), workspace);
                let sums = head.value(k, parameters, &workspace.tensors);
                for (loss, sum) in losses.iter_mut().zip(sums) {
                    *loss = sum / length;
                }
            });
        });
    }

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
        self.intake.fill(self.program.kernels(), &mut workspace.tensors, images, &indices[..count]);
        for (noise, &image) in workspace.noise.iter_mut().zip(&indices) {
            *noise = RandomKey { seed: self.seed, epoch: 0, image };
        }
        self.program.forward(parameters, &self.packed, workspace);
    }

    fn check(&self, parameters: &[f32], images: Images<'_>) -> usize {
        assert_eq!(parameters.len(), self.parameters, "parameters");
        assert_eq!(images.len() % self.input.len(), 0, "images are not whole");
        images.len() / self.input.len()
    }
}

/// What a plan runs.
struct Path<'a> {
    layers: Vec<&'a Placed>,
    input: Shape,
    output: Shape,
    /// Whether a sigmoid follows the layers.
    sigmoid: bool,
    /// The loss, where output and input have one shape and are compared.
    loss: Option<Loss>,
    /// The seed by which images are corrupted, if they are.
    seed: Option<u64>,
}

impl<'a> Path<'a> {
    /// From images to images.
    fn whole(network: &'a Network, loss: Option<Loss>, seed: Option<u64>) -> Self {
        Self {
            layers: network.body().collect(),
            input: network.input(),
            output: network.output(),
            sigmoid: network.ends_in_sigmoid(),
            loss,
            seed,
        }
    }

    fn compile(self, network: &Network, cpu: &Cpu) -> ForwardPlan {
        let mut builder = Builder::new(false, cpu).corrupting(self.seed.is_some());
        let input = builder.input(self.input);
        let end = sequence::lower(&mut builder, &self.layers, input);
        builder.keep(end);
        let program = builder.finish();
        let head = |loss| Head::new(loss, network, end, input, program.loss_weights, &program.grids);
        ForwardPlan {
            intake: Intake::new(input, &program.grids),
            head: self.loss.map(head),
            end: Output::new(self.sigmoid, end, &program.grids),
            seed: self.seed.unwrap_or_default(),
            packed: program.packed(),
            workspaces: PerThread::new(cpu, || program.workspace(0)),
            program,
            cpu: cpu.clone(),
            input: self.input,
            output: self.output,
            parameters: network.parameter_count(),
        }
    }
}
