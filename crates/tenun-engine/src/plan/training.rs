//! [`TrainingPlan`]: the gradient of a batch.

use std::ops::Range;

use tenun_kernels::TILE;
use tenun_kernels::arithmetic::add;

use super::head::{self, Head};
use super::source::Intake;
use super::{Images, PlanError};
use crate::layer::{Placed, sequence};
use crate::program::{Builder, Cpu, PerThread, PlanStep, Port, Program, Workspace};
use crate::random::RandomKey;
use crate::{Loss, Network};

/// At most so many partial gradients are kept for a batch; tiles beyond that share them. The number depends on
/// nothing but the batch, so the order of summation does not either.
const MOST_GROUPS: usize = 32;

/// A batch: which images of a data set, and what the random numbers of this step depend on.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a> {
    /// The whole data set.
    pub images: Images<'a>,
    /// The images of this batch, by their index in the data set.
    pub indices: &'a [u32],
    /// The numbers of these images by which random draws go: their indices, where these are not those of a copy.
    pub numbers: &'a [u32],
    /// The seed of the run.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u32,
}

/// Computes the loss of batches and its gradient by all parameters.
///
/// The gradient is that of the mean loss over all numbers of all images of the batch. Its sum is taken in a
/// fixed order: pixels of an image; eight images of half a tile; two halves; the tiles of a group one after the
/// other; groups as a balanced tree. Of a dense layer's parameters it is a single chain over the images. Threads
/// and register widths do not change a bit of it.
pub struct TrainingPlan {
    cpu: Cpu,
    program: Program,
    intake: Intake,
    head: Head,
    packed: Vec<f32>,
    /// Buffers, and the gradient of one tile, for each thread.
    workspaces: PerThread<(Workspace, Vec<f32>)>,
    /// The gradient of each group of tiles.
    groups: Vec<Vec<f32>>,
    /// The parameters whose gradient is summed over tiles and groups.
    summed: Vec<Range<usize>>,
    /// What is kept of each image of a batch.
    rows: Vec<f32>,
    parameters: usize,
}

/// Bytes that a training plan holds, by what holds them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlanMemory {
    /// Activations and their gradients, of all threads.
    pub buffers: u64,
    /// Gradients of the parameters: of groups of tiles, and of each thread's tile.
    pub gradients: u64,
    /// What dense layers keep of a batch.
    pub rows: u64,
    /// The weights as kernels read them.
    pub packed: u64,
}

impl PlanMemory {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        [self.buffers, self.gradients, self.rows, self.packed].into_iter().fold(0, u64::saturating_add)
    }
}

impl TrainingPlan {
    /// Compiles the training of `network` for `cpu`.
    ///
    /// # Errors
    /// [`PlanError::NeedsSigmoid`] for binary cross-entropy on a network without, [`PlanError::NeedsVariance`] for a
    /// Gaussian likelihood on one without.
    pub fn new(network: &Network, loss: Loss, cpu: &Cpu) -> Result<Self, PlanError> {
        head::check(network, loss)?;
        let (program, input, end) = compile(network, cpu);
        let parameters = network.parameter_count();
        Ok(Self {
            intake: Intake::new(input, &program.grids),
            head: Head::new(loss, network, end, input, program.loss_weights, &program.grids),
            packed: program.packed(),
            workspaces: PerThread::new(cpu, || (program.workspace(parameters), vec![0.0; parameters])),
            groups: Vec::new(),
            summed: program.batched.others(parameters),
            rows: Vec::new(),
            program,
            cpu: cpu.clone(),
            parameters,
        })
    }

    /// Bytes that training with batches of `batch` images will hold, by what holds them; nothing is allocated. Where the
    /// shapes of the layers alone make it clear that it is more than `available`, no plan is made to learn how much more.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn estimate(
        network: &Network,
        loss: Loss,
        batch: usize,
        available: u64,
        cpu: &Cpu,
    ) -> Result<PlanMemory, PlanError> {
        head::check(network, loss)?;
        let least = network.least_memory();
        if least > available {
            return Ok(PlanMemory { buffers: least, ..PlanMemory::default() });
        }
        let (program, _, _) = compile(network, cpu);
        let summed: usize = program.batched.others(network.parameter_count()).iter().map(Range::len).sum();
        let groups = batch.div_ceil(TILE).min(MOST_GROUPS);
        let threads = cpu.threads();
        let floats = |count: usize| (count as u64).saturating_mul(size_of::<f32>() as u64);
        Ok(PlanMemory {
            buffers: (program.workspace_bytes() as u64).saturating_mul(threads as u64),
            gradients: floats(summed.saturating_mul(groups + 2 * threads)),
            rows: floats(batch.saturating_mul(program.batched.stride())),
            packed: floats(program.packed_len()),
        })
    }

    /// The plan of training, as [`Self::steps`] has it, and the bytes of one thread's buffers; none are allocated.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn describe(network: &Network, loss: Loss, cpu: &Cpu) -> Result<(Vec<PlanStep>, usize), PlanError> {
        head::check(network, loss)?;
        let (program, _, _) = compile(network, cpu);
        let bytes = program.workspace_bytes();
        Ok((program.steps, bytes))
    }

    /// The loss of each image of the batch, and in `gradient` that of their mean by all parameters.
    ///
    /// `terms` takes what layers add to the loss, `[image][term]`, each as its layer defines it, not yet weighted;
    /// what is made small is the mean over images of loss + Σ weight · term / numbers of an image.
    ///
    /// # Panics
    /// If the batch is empty, an index has no image, or a slice has another length than there are parameters, or
    /// images in the batch.
    pub fn gradient(
        &mut self,
        parameters: &[f32],
        batch: &Batch<'_>,
        gradient: &mut [f32],
        losses: &mut [f32],
        terms: &mut [f32],
    ) {
        assert!(!batch.indices.is_empty(), "a batch has at least one image");
        assert_eq!(parameters.len(), self.parameters, "parameters");
        assert_eq!(gradient.len(), self.parameters, "gradient");
        assert_eq!(losses.len(), batch.indices.len(), "losses");
        assert_eq!(batch.numbers.len(), batch.indices.len(), "numbers");
        assert_eq!(terms.len(), batch.indices.len() * self.terms().len(), "terms");
        let images = batch.images.len() / self.intake.image_len();
        assert!(batch.indices.iter().all(|&i| (i as usize) < images), "an index has no image");
        let tiles = batch.indices.len().div_ceil(TILE);
        let count = tiles.min(MOST_GROUPS);
        if self.groups.len() < count {
            self.groups.resize_with(count, || vec![0.0; parameters.len()]);
        }
        self.program.pack(&self.cpu, parameters, &mut self.packed);
        let mut groups = std::mem::take(&mut self.groups);
        let stride = self.program.batched.stride();
        let mut rows = std::mem::take(&mut self.rows);
        rows.resize(rows.len().max(batch.indices.len() * stride), 0.0);
        let rows_of_batch = &mut rows[..batch.indices.len() * stride];
        let this = &*self;
        let of_images = OfImages { losses, terms, rows: &mut *rows_of_batch };
        let whole = Share { first: 0, sums: &mut groups[..count], of_images };
        this.cpu.run(|| this.share(parameters, batch, Grouping { tiles, count }, whole));
        // The balanced tree over groups: neighbours first.
        let mut step = 1;
        while step < count {
            for left in (0..count.saturating_sub(step)).step_by(2 * step) {
                let (a, b) = groups.split_at_mut(left + step);
                for range in &self.summed {
                    add(&mut a[left][range.clone()], &b[0][range.clone()]);
                }
            }
            step *= 2;
        }
        for range in &self.summed {
            gradient[range.clone()].copy_from_slice(&groups[0][range.clone()]);
        }
        self.cpu.run(|| self.program.batched.gradient(self.program.kernels(), rows_of_batch, gradient));
        (self.groups, self.rows) = (groups, rows);
    }

    /// Bytes of all buffers for activations and their gradients, of all threads.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.program.workspace_bytes() * self.cpu.threads()
    }

    /// The names of what layers add to the loss: `kl` of a variational code, `l1` of a sparse one.
    #[must_use]
    pub fn terms(&self) -> &[String] {
        &self.program.terms
    }

    /// What is computed together and how, in the order of the way forwards.
    #[must_use]
    pub fn steps(&self) -> &[PlanStep] {
        &self.program.steps
    }
}

/// The operations of training, and where they begin and end.
fn compile(network: &Network, cpu: &Cpu) -> (Program, Port, Port) {
    let mut builder = Builder::new(true, cpu);
    let input = builder.input(network.input());
    let layers: Vec<&Placed> = network.body().collect();
    let end = sequence::lower(&mut builder, &layers, input);
    builder.keep(end);
    (builder.finish(), input, end)
}

/// How the tiles of a batch are shared out to groups.
#[derive(Clone, Copy)]
struct Grouping {
    tiles: usize,
    count: usize,
}

impl Grouping {
    fn first_tile(self, group: usize) -> usize {
        group * self.tiles / self.count
    }
}

/// Groups that follow one another, and what belongs to their images.
struct Share<'a> {
    /// The number of the first group.
    first: usize,
    /// Where the gradient of each goes.
    sums: &'a mut [Vec<f32>],
    of_images: OfImages<'a>,
}

/// What is written for each of some images.
struct OfImages<'a> {
    losses: &'a mut [f32],
    terms: &'a mut [f32],
    rows: &'a mut [f32],
}

impl<'a> OfImages<'a> {
    /// What belongs to the first `images`, each with so many terms and floats of a row, and what is left.
    fn split(self, images: usize, terms: usize, stride: usize) -> (Self, Self) {
        let (losses, losses_after) = self.losses.split_at_mut(images);
        let (own, terms_after) = self.terms.split_at_mut(images * terms);
        let (rows, rows_after) = self.rows.split_at_mut(images * stride);
        let after = Self { losses: losses_after, terms: terms_after, rows: rows_after };
        (Self { losses, terms: own, rows }, after)
    }
}

/// Images of a batch: their indices, and the numbers by which random draws go.
#[derive(Clone, Copy)]
struct Chosen<'a> {
    indices: &'a [u32],
    numbers: &'a [u32],
}

impl TrainingPlan {
    /// The groups of a share of the batch, halved until each is a piece of work for one thread.
    fn share(&self, parameters: &[f32], batch: &Batch<'_>, grouping: Grouping, share: Share<'_>) {
        if let [sum] = share.sums {
            return self.group(parameters, batch, grouping.first_tile(share.first), sum, share.of_images);
        }
        let half = share.sums.len() / 2;
        let middle = share.first + half;
        let tiles = grouping.first_tile(middle) - grouping.first_tile(share.first);
        let images = (tiles * TILE).min(share.of_images.losses.len());
        let (sums, sums_after) = share.sums.split_at_mut(half);
        let (own, after) = self.split(share.of_images, images);
        let left = Share { first: share.first, sums, of_images: own };
        let right = Share { first: middle, sums: sums_after, of_images: after };
        rayon::join(
            || self.share(parameters, batch, grouping, left),
            || self.share(parameters, batch, grouping, right),
        );
    }

    fn split<'a>(&self, of_images: OfImages<'a>, images: usize) -> (OfImages<'a>, OfImages<'a>) {
        of_images.split(images, self.program.terms.len(), self.program.batched.stride())
    }

    /// The gradient of the tiles of one group, one after the other, from `tile` on.
    fn group(
        &self,
        parameters: &[f32],
        batch: &Batch<'_>,
        tile: usize,
        sum: &mut [f32],
        mut of_images: OfImages<'_>,
    ) {
        let (workspace, tile_gradient) = &mut *self.workspaces.get();
        let mut start = tile * TILE;
        let mut is_first = true;
        while !of_images.losses.is_empty() {
            let count = TILE.min(of_images.losses.len());
            let (own, after) = self.split(of_images, count);
            of_images = after;
            let images = start..start + count;
            let chosen = Chosen { indices: &batch.indices[images.clone()], numbers: &batch.numbers[images] };
            let to = if is_first { &mut *sum } else { &mut *tile_gradient };
            self.tile(parameters, batch, chosen, workspace, to, own);
            if !is_first {
                for range in &self.summed {
                    add(&mut sum[range.clone()], &tile_gradient[range.clone()]);
                }
            }
            (start, is_first) = (start + TILE, false);
        }
    }

    /// Writes the gradient of one tile of up to sixteen images, and what belongs to each.
    fn tile(
        &self,
        parameters: &[f32],
        batch: &Batch<'_>,
        images: Chosen<'_>,
        workspace: &mut Workspace,
        gradient: &mut [f32],
        mut of_images: OfImages<'_>,
    ) {
        let (k, lanes) = (self.program.kernels(), self.program.lanes());
        let length = self.intake.image_len();
        #[allow(clippy::cast_precision_loss)]
        let weight = 1.0 / (batch.indices.len() as f64 * length as f64) as f32;
        let count = images.indices.len();
        for pass in 0..TILE / lanes {
            let own = (pass * lanes).min(count)..((pass + 1) * lanes).min(count);
            let (indices, numbers) = (&images.indices[own.clone()], &images.numbers[own.clone()]);
            self.intake.fill(k, &mut workspace.tensors, batch.images, indices);
            for (lane, noise) in workspace.noise.iter_mut().enumerate() {
                let image = numbers.get(lane).copied().unwrap_or(0);
                *noise = RandomKey { seed: batch.seed, epoch: batch.epoch, image };
            }
            workspace.weights = [0.0; TILE];
            workspace.weights[..indices.len()].fill(weight);
            self.program.forward(parameters, &self.packed, workspace);
            let weights = workspace.weights;
            let sums = self.head.gradient(k, parameters, &mut workspace.tensors, &weights);
            self.head.variance_gradient(k, parameters, &sums, &weights, &mut workspace.gradients);
            let (now, after) = self.split(of_images, own.len());
            of_images = after;
            for (loss, sum) in now.losses.iter_mut().zip(sums) {
                #[allow(clippy::cast_precision_loss)]
                let mean = sum / length as f32;
                *loss = mean;
            }
            let terms = workspace.terms.len();
            for (lane, to) in now.terms.chunks_exact_mut(terms.max(1)).enumerate() {
                for (to, from) in to.iter_mut().zip(&workspace.terms) {
                    *to = from[lane];
                }
            }
            self.program.backward(parameters, &self.packed, workspace, now.rows);
            for range in &self.summed {
                if pass == 0 {
                    gradient[range.clone()].copy_from_slice(&workspace.gradients[range.clone()]);
                } else {
                    add(&mut gradient[range.clone()], &workspace.gradients[range.clone()]);
                }
            }
        }
    }
}
