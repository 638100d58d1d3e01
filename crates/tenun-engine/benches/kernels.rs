//! How fast the engine is with every register width: the reference network on all cores, and single convolutions on one.
//!
//! `make bench` runs it; `make bench ARGUMENTS=conv` only what has `conv` in its name. Portable code is left out where
//! there is something better: it is the specification of the others, and takes minutes.

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use tenun_engine::layer::{Conv2d, MaxPool, Relu};
use tenun_engine::{
    Batch, Cpu, ForwardPlan, Images, Layer, Loss, Method, Network, Optimizer, Philox, Purpose, Scaling,
    Shape, Spec, Stage, TrainingPlan, Width,
};

/// The reference network's batch.
const BATCH: usize = 128;
/// Images of a convolution: four tiles.
const IMAGES: usize = 64;

fn widths() -> Vec<Width> {
    let mut widths = Width::available();
    if widths.len() > 1 {
        widths.retain(|&width| width != Width::Portable);
    }
    widths
}

fn cae() -> Network {
    let encoder: Vec<Layer> = [32, 16, 8]
        .into_iter()
        .flat_map(|filters| {
            [Conv2d { filters, ..Conv2d::default() }.into(), Relu {}.into(), MaxPool::default().into()]
        })
        .collect();
    Network::new(&Spec { input: Shape::new(1, 28, 28), encoder, decoder: None })
        .expect("the reference network")
}

fn bytes(n: usize) -> Vec<u8> {
    Philox::new(5, Purpose::Sample).stream(0, 0).take(n).map(|word| (word >> 24) as u8).collect()
}

fn group<'a>(c: &'a mut Criterion, name: &str, elements: u64) -> BenchmarkGroup<'a, WallTime> {
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(elements));
    group.sample_size(30).warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    group
}

/// A whole step: loading, forwards, backwards, Adam. Elements are images.
fn cae_training_step(c: &mut Criterion) {
    let network = cae();
    let images = bytes(10 * BATCH * network.input().len());
    let order = Philox::new(1, Purpose::Shuffle).permutation(10 * BATCH, 0);
    let mut group = group(c, "cae training step", BATCH as u64);
    for width in widths() {
        let cpu = Cpu::new(None, width).expect("an available width");
        let mut plan =
            TrainingPlan::new(&network, Loss::Bce, Scaling::unit(), &cpu).expect("it ends in a sigmoid");
        let mut weights = network.initialise(1);
        let mut optimizer = Optimizer::new(Method::default(), weights.len());
        let (mut gradient, mut losses) = (vec![0.0; weights.len()], vec![0.0; BATCH]);
        let mut batches = order.chunks(BATCH).cycle();
        group.bench_function(width.to_string(), |b| {
            b.iter(|| {
                let indices = batches.next().expect("an endless row");
                let batch = Batch { images: Images::Bytes(&images), indices, seed: 1, epoch: 0 };
                plan.gradient(&weights, &batch, &mut gradient, &mut losses);
                optimizer.step(&mut weights, &gradient, 1e-3);
            });
        });
    }
    group.finish();
}

/// Reconstructions of a batch. Elements are images.
fn cae_forward(c: &mut Criterion) {
    let network = cae();
    let (images, weights) = (bytes(BATCH * network.input().len()), network.initialise(1));
    let mut outputs = vec![0.0; BATCH * network.output().len()];
    let mut group = group(c, "cae forward", BATCH as u64);
    for width in widths() {
        let cpu = Cpu::new(None, width).expect("an available width");
        let plan = ForwardPlan::new(&network, Stage::Reconstruct, Loss::Bce, Scaling::unit(), &cpu);
        let mut plan = plan.expect("it ends in a sigmoid");
        group.bench_function(width.to_string(), |b| {
            b.iter(|| plan.run(&weights, black_box(Images::Bytes(&images)), &mut outputs));
        });
    }
    group.finish();
}

/// One convolution forwards, and two in a row trained, of which the second has the gradient of its input too. Elements
/// are the multiply-adds of the equations.
fn convolutions(c: &mut Criterion) {
    for (kernel, channels, size) in [(3, 16, 14), (3, 64, 8), (1, 32, 14), (5, 16, 14)] {
        let conv = Layer::from(Conv2d { filters: channels, kernel, ..Conv2d::default() });
        let spec = Spec {
            input: Shape::new(channels, size, size),
            encoder: vec![conv.clone()],
            decoder: Some(vec![conv]),
        };
        let network = Network::new(&spec).expect("same shapes throughout");
        let (images, weights) = (bytes(IMAGES * network.input().len()), network.initialise(1));
        let work = network.multiply_adds() / 2 * IMAGES as u64;
        let name = format!("conv {kernel}×{kernel}, {channels} channels, {size}×{size}");

        let mut outputs = vec![0.0; IMAGES * network.latent().len()];
        let mut forward = group(c, &format!("{name}, forward"), work);
        for width in widths() {
            let cpu = Cpu::new(Some(1), width).expect("an available width");
            let plan = ForwardPlan::new(&network, Stage::Encode, Loss::Mse, Scaling::unit(), &cpu);
            let mut plan = plan.expect("a squared error fits anything");
            forward.bench_function(width.to_string(), |b| {
                b.iter(|| plan.run(&weights, black_box(Images::Bytes(&images)), &mut outputs));
            });
        }
        forward.finish();

        let indices: Vec<u32> = (0..IMAGES as u32).collect();
        let (mut gradient, mut losses) = (vec![0.0; weights.len()], vec![0.0; IMAGES]);
        // Two forwards, two gradients of weights, one of an input.
        let mut training = group(c, &format!("{name}, trained twice"), 5 * work);
        for width in widths() {
            let cpu = Cpu::new(Some(1), width).expect("an available width");
            let plan = TrainingPlan::new(&network, Loss::Mse, Scaling::unit(), &cpu);
            let mut plan = plan.expect("a squared error fits anything");
            training.bench_function(width.to_string(), |b| {
                let batch = Batch { images: Images::Bytes(&images), indices: &indices, seed: 1, epoch: 0 };
                b.iter(|| plan.gradient(&weights, black_box(&batch), &mut gradient, &mut losses));
            });
        }
        training.finish();
    }
}

criterion_group! {
    name = kernels;
    config = Criterion::default().without_plots();
    targets = cae_training_step, cae_forward, convolutions
}
criterion_main!(kernels);
