//! [`TrainingPlan`]: the gradient of a batch.

use std::ops::Range;

use super::head::{self, Head};
use super::pool::PerThread;
use super::program::{Program, Workspace};
use super::source::Intake;
use super::{Builder, Cpu, Images, PlanError, Port, Scaling, Step, lower};
use crate::lane::{Simd, TILE, Vector, WithSimd, dispatch};
use crate::layer::Noise;
use crate::network::Placed;
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
    runner: Box<dyn Runner>,
    image_len: usize,
    parameters: usize,
    memory: usize,
    steps: Vec<Step>,
    terms: Vec<String>,
}

impl TrainingPlan {
    /// Compiles the training of `network` for `cpu`.
    ///
    /// # Errors
    /// [`PlanError::NeedsSigmoid`] for binary cross-entropy on a network without, [`PlanError::NeedsVariance`] for a
    /// Gaussian likelihood on one without.
    pub fn new(network: &Network, loss: Loss, scaling: Scaling, cpu: &Cpu) -> Result<Self, PlanError> {
        head::check(network, loss)?;
        let (runner, memory, steps, terms) = dispatch(cpu.width(), Compile { network, loss, scaling, cpu });
        let (image_len, parameters) = (network.input().len(), network.parameter_count());
        Ok(Self { runner, image_len, parameters, memory, steps, terms })
    }

    /// Bytes that training with batches of `batch` images holds: the buffers of all threads, the gradients of groups of
    /// tiles, what dense layers keep of a batch, the weights as kernels read them. An estimate; nothing is allocated.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn estimate(network: &Network, loss: Loss, batch: usize, cpu: &Cpu) -> Result<usize, PlanError> {
        head::check(network, loss)?;
        Ok(dispatch(cpu.width(), Estimate { network, batch, cpu }))
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
        assert_eq!(terms.len(), batch.indices.len() * self.terms.len(), "terms");
        let images = batch.images.len() / self.image_len;
        assert!(batch.indices.iter().all(|&i| (i as usize) < images), "an index has no image");
        self.runner.gradient(parameters, batch, gradient, losses, terms);
    }

    /// Bytes of all buffers for activations and their gradients, of all threads.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The names of what layers add to the loss: `kl` of a variational code, `l1` of a sparse one.
    #[must_use]
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// What is computed together and how, in the order of the way forwards.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

trait Runner: Send {
    fn gradient(
        &mut self,
        parameters: &[f32],
        batch: &Batch<'_>,
        gradient: &mut [f32],
        losses: &mut [f32],
        terms: &mut [f32],
    );
}

struct Compile<'a> {
    network: &'a Network,
    loss: Loss,
    scaling: Scaling,
    cpu: &'a Cpu,
}

struct Estimate<'a> {
    network: &'a Network,
    batch: usize,
    cpu: &'a Cpu,
}

impl WithSimd for Estimate<'_> {
    type Output = usize;

    fn run<S: Simd>(self, _: S) -> usize {
        let (program, _, _) = program::<S>(self.network, self.cpu);
        let parameters = self.network.parameter_count();
        let summed: usize = program.rows.others(parameters).iter().map(Range::len).sum();
        let groups = self.batch.div_ceil(TILE).min(MOST_GROUPS);
        let threads = self.cpu.threads();
        let floats =
            summed * (groups + 2 * threads) + self.batch * program.rows.stride() + program.packed_len();
        program.workspace_bytes() * threads + floats * size_of::<f32>()
    }
}

/// The operations of training, and where they begin and end.
fn program<S: Simd>(network: &Network, cpu: &Cpu) -> (Program<S>, Port, Port) {
    let mut builder = Builder::<S>::new(true, cpu);
    let input = builder.input(network.input());
    let layers: Vec<&Placed> = network.body().collect();
    let end = lower::sequence(&mut builder, &layers, input);
    builder.keep(end);
    (builder.finish(), input, end)
}

impl WithSimd for Compile<'_> {
    type Output = (Box<dyn Runner>, usize, Vec<Step>, Vec<String>);

    fn run<S: Simd>(self, s: S) -> Self::Output {
        let (program, input, end) = program::<S>(self.network, self.cpu);
        let parameters = self.network.parameter_count();
        let memory = program.workspace_bytes() * self.cpu.threads();
        let runner = Training {
            s,
            intake: Intake::new::<S>(input, &program.grids),
            head: Head::new::<S>(self.loss, self.network, end, input, &program.grids)
                .weighted::<S>(program.loss_weights, &program.grids),
            scaling: self.scaling,
            packed: program.packed(),
            workspaces: PerThread::new(self.cpu, || (program.workspace(parameters), vec![0.0; parameters])),
            groups: Vec::new(),
            summed: program.rows.others(parameters),
            rows: Vec::new(),
            program,
            cpu: self.cpu.clone(),
        };
        let (steps, terms) = (runner.program.steps.clone(), runner.program.terms.clone());
        (Box::new(runner), memory, steps, terms)
    }
}

struct Training<S: Simd> {
    s: S,
    cpu: Cpu,
    program: Program<S>,
    intake: Intake,
    head: Head,
    scaling: Scaling,
    packed: Vec<f32>,
    /// Buffers, and the gradient of one tile, for each thread.
    workspaces: PerThread<(Workspace, Vec<f32>)>,
    /// The gradient of each group of tiles.
    groups: Vec<Vec<f32>>,
    /// The parameters whose gradient is summed over tiles and groups.
    summed: Vec<Range<usize>>,
    /// What is kept of each image of a batch.
    rows: Vec<f32>,
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
struct Part<'a> {
    /// The number of the first group.
    first: usize,
    /// Where the gradient of each goes.
    sums: &'a mut [Vec<f32>],
    losses: &'a mut [f32],
    terms: &'a mut [f32],
    rows: &'a mut [f32],
}

impl<S: Simd> Training<S> {
    /// The groups of a part of the batch, halved until each is a piece of work for one thread.
    fn part(&self, parameters: &[f32], batch: &Batch<'_>, grouping: Grouping, part: Part<'_>) {
        if let [sum] = part.sums {
            return self.group(
                parameters,
                batch,
                grouping,
                part.first,
                sum,
                (part.losses, part.terms, part.rows),
            );
        }
        let half = part.sums.len() / 2;
        let tiles = grouping.first_tile(part.first + half) - grouping.first_tile(part.first);
        let images = (tiles * TILE).min(part.losses.len());
        let (sums, sums_after) = part.sums.split_at_mut(half);
        let (losses, losses_after) = part.losses.split_at_mut(images);
        let (terms, terms_after) = part.terms.split_at_mut(images * self.program.terms.len());
        let (rows, rows_after) = part.rows.split_at_mut(images * self.program.rows.stride());
        let left = Part { first: part.first, sums, losses, terms, rows };
        let right = Part {
            first: part.first + half,
            sums: sums_after,
            losses: losses_after,
            terms: terms_after,
            rows: rows_after,
        };
        rayon::join(
            || self.part(parameters, batch, grouping, left),
            || self.part(parameters, batch, grouping, right),
        );
    }

    /// The gradient of the tiles of one group, one after the other.
    fn group(
        &self,
        parameters: &[f32],
        batch: &Batch<'_>,
        grouping: Grouping,
        group: usize,
        sum: &mut [f32],
        (losses, mut terms, mut rows): (&mut [f32], &mut [f32], &mut [f32]),
    ) {
        let (workspace, tile_gradient) = &mut *self.workspaces.get();
        let first = grouping.first_tile(group);
        for (i, losses) in losses.chunks_mut(TILE).enumerate() {
            let own =
                terms.split_off_mut(..losses.len() * self.program.terms.len()).expect("terms of each image");
            let kept =
                rows.split_off_mut(..losses.len() * self.program.rows.stride()).expect("rows of each image");
            let start = (first + i) * TILE;
            let images = start..start + losses.len();
            let images = (&batch.indices[images.clone()], &batch.numbers[images]);
            let to = if i == 0 { &mut *sum } else { &mut *tile_gradient };
            self.tile(parameters, batch, images, workspace, to, (losses, own, kept));
            if i > 0 {
                for range in &self.summed {
                    add(&mut sum[range.clone()], &tile_gradient[range.clone()]);
                }
            }
        }
    }

    /// Adds nothing: writes the gradient of one tile of up to sixteen images, and their losses.
    fn tile(
        &self,
        parameters: &[f32],
        batch: &Batch<'_>,
        (indices, numbers): (&[u32], &[u32]),
        workspace: &mut Workspace,
        gradient: &mut [f32],
        (losses, terms, rows): (&mut [f32], &mut [f32], &mut [f32]),
    ) {
        let length = self.intake.image_len();
        #[allow(clippy::cast_precision_loss)]
        let weight = 1.0 / (batch.indices.len() as f64 * length as f64) as f32;
        for pass in 0..TILE / S::LANES {
            let lanes = |n: usize| (pass * S::LANES).min(n)..((pass + 1) * S::LANES).min(n);
            let (indices, numbers) = (&indices[lanes(indices.len())], &numbers[lanes(numbers.len())]);
            self.intake.fill::<S>(&mut workspace.tensors, batch.images, indices, &self.scaling);
            for (lane, noise) in workspace.noise.iter_mut().enumerate() {
                let image = numbers.get(lane).copied().unwrap_or(0);
                *noise = Noise { seed: batch.seed, epoch: batch.epoch, image };
            }
            workspace.weights = [0.0; TILE];
            workspace.weights[..indices.len()].fill(weight);
            self.program.forward(self.s, parameters, &self.packed, workspace);
            let weights = self.s.load(&workspace.weights);
            let sums = self.head.gradient(self.s, parameters, &mut workspace.tensors, weights);
            let of_images = (sums, weights, length);
            self.head.variance_gradient(self.s, parameters, of_images, &mut workspace.gradients);
            let mut by_lane = [0.0; TILE];
            sums.store(&mut by_lane);
            let range = lanes(losses.len());
            for (loss, sum) in losses[range].iter_mut().zip(by_lane) {
                #[allow(clippy::cast_precision_loss)]
                let mean = sum / length as f32;
                *loss = mean;
            }
            let count = workspace.terms.len();
            for (lane, term) in lanes(terms.len() / count.max(1)).enumerate() {
                for (to, from) in terms[term * count..(term + 1) * count].iter_mut().zip(&workspace.terms) {
                    *to = from[lane];
                }
            }
            let stride = self.program.rows.stride();
            let images = lanes(losses.len());
            let rows = &mut rows[images.start * stride..images.end * stride];
            self.program.backward(self.s, parameters, &self.packed, workspace, rows);
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

/// `to` += `from`.
fn add(to: &mut [f32], from: &[f32]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

impl<S: Simd> Runner for Training<S> {
    fn gradient(
        &mut self,
        parameters: &[f32],
        batch: &Batch<'_>,
        gradient: &mut [f32],
        losses: &mut [f32],
        terms: &mut [f32],
    ) {
        let tiles = batch.indices.len().div_ceil(TILE);
        let count = tiles.min(MOST_GROUPS);
        if self.groups.len() < count {
            self.groups.resize_with(count, || vec![0.0; parameters.len()]);
        }
        self.program.pack(&self.cpu, parameters, &mut self.packed);
        let mut groups = std::mem::take(&mut self.groups);
        let stride = self.program.rows.stride();
        let mut rows = std::mem::take(&mut self.rows);
        rows.resize(rows.len().max(batch.indices.len() * stride), 0.0);
        let rows_of_batch = &mut rows[..batch.indices.len() * stride];
        let this = &*self;
        let whole = Part { first: 0, sums: &mut groups[..count], losses, terms, rows: &mut *rows_of_batch };
        this.cpu.run(|| this.part(parameters, batch, Grouping { tiles, count }, whole));
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
        self.cpu.run(|| self.program.rows.gradient(self.s, rows_of_batch, gradient));
        (self.groups, self.rows) = (groups, rows);
    }
}
