//! How fast the engine is with every register width: the reference network on all cores, and single layers on one.
//!
//! `make kernels` runs it; `make kernels ARGUMENTS=conv` only what has `conv` in its name. At the end a table says how many
//! multiply-adds a second each does, and how many percent that is of what the same registers do at most, measured
//! just before and after. Multiply-adds are those of the equations: a kernel whose algebra saves some can be above
//! 100 %. `TENUN_BENCH_JSON` names a file for the same figures.
//!
//! Portable code is left out where there is something better: it is the specification of the others, and takes minutes.
#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::Criterion;
use tenun_engine::layer::{Conv2d, MaxPool, Relu, Upsample};
use tenun_engine::{
    Batch, Cpu, ForwardPlan, Images, Layer, Loss, Method, Network, Optimizer, Philox, Purpose, Shape, Spec,
    Stage, TrainingPlan, Width,
};

/// The reference network's batch.
const BATCH: usize = 128;
/// Images of a single layer: four tiles.
const IMAGES: usize = 64;

/// What was measured: a line of the table.
struct Line {
    name: String,
    width: Width,
    threads: usize,
    /// Multiply-adds a second, the median of all samples.
    rate: f64,
    /// The most that as many cores can do.
    peak: f64,
}

/// Criterion, and what it measured.
struct Bench {
    criterion: Criterion,
    lines: Vec<Line>,
}

impl Bench {
    /// Measures `once`, of so many multiply-adds, on `cpu`.
    fn measure(&mut self, name: &str, cpu: &Cpu, multiply_adds: u64, mut once: impl FnMut()) {
        let (width, threads) = (cpu.width(), cpu.threads());
        let mut seconds = Vec::new();
        let before = cpu.multiply_add_peak();
        let mut group = self.criterion.benchmark_group(name);
        group
            .sample_size(30)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_secs(2));
        group.throughput(criterion::Throughput::Elements(multiply_adds));
        group.bench_function(width.to_string(), |b| {
            b.iter_custom(|times| {
                let start = Instant::now();
                for _ in 0..times {
                    once();
                }
                let elapsed = start.elapsed();
                seconds.push(elapsed.as_secs_f64() / times as f64);
                elapsed
            });
        });
        group.finish();
        // Nothing, if the name was not asked for.
        if !seconds.is_empty() {
            seconds.sort_by(f64::total_cmp);
            let rate = multiply_adds as f64 / seconds[seconds.len() / 2];
            let peak = before.max(cpu.multiply_add_peak()) * threads as f64;
            self.lines.push(Line { name: name.to_owned(), width, threads, rate, peak });
        }
    }

    fn table(&self) {
        println!(
            "{:50} {:8} {:>7} {:>22} {:>10}",
            "kernel", "width", "threads", "G multiply-adds/s", "of peak"
        );
        for line in &self.lines {
            let (rate, share) = (line.rate / 1e9, 100.0 * line.rate / line.peak);
            println!(
                "{:50} {:8} {:7} {rate:22.1} {share:8.0} %",
                line.name,
                line.width.to_string(),
                line.threads
            );
        }
    }

    fn json(&self) -> String {
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                serde_json::json!({
                    "kernel": line.name, "width": line.width.to_string(), "threads": line.threads,
                    "rate": line.rate, "peak": line.peak,
                })
            })
            .collect();
        serde_json::Value::from(lines).to_string()
    }
}

fn widths() -> Vec<Width> {
    let mut widths = Width::available();
    if widths.len() > 1 {
        widths.retain(|&width| width != Width::Portable);
    }
    widths
}

fn conv(filters: usize, kernel: usize) -> Layer {
    Conv2d { filters, kernel, ..Conv2d::default() }.into()
}

fn cae() -> Network {
    let encoder: Vec<Layer> = [32, 16, 8]
        .into_iter()
        .flat_map(|filters| [conv(filters, 3), Relu {}.into(), MaxPool::default().into()])
        .collect();
    Network::new(&Spec { input: Shape::new(1, 28, 28), encoder, decoder: None })
        .expect("the reference network")
}

fn bytes(n: usize) -> Vec<u8> {
    Philox::new(5, Purpose::Sample).stream(0, 0).take(n).map(|word| (word >> 24) as u8).collect()
}

/// A whole step of the reference network: loading, forwards, backwards, Adam.
fn cae_training_step(bench: &mut Bench) {
    let network = cae();
    let images = bytes(10 * BATCH * network.input().len());
    let order = Philox::new(1, Purpose::Shuffle).permutation(10 * BATCH, 0);
    // Forwards, the gradient of the weights, and that of the input, which the first convolution has no use for.
    let first = 9 * 32 * network.input().len() as u64;
    let work = BATCH as u64 * (3 * network.multiply_adds() - first);
    for width in widths() {
        let cpu = Cpu::new(None, width).expect("an available width");
        let mut plan = TrainingPlan::new(&network, Loss::Bce, &cpu).expect("it ends in a sigmoid");
        let mut weights = network.initialise(1);
        let mut optimizer = Optimizer::new(Method::default(), weights.len());
        let (mut gradient, mut losses) = (vec![0.0; weights.len()], vec![0.0; BATCH]);
        let mut batches = order.chunks(BATCH).cycle();
        bench.measure("cae, training step", &cpu, work, || {
            let indices = batches.next().expect("an endless row");
            let batch =
                Batch { images: Images::Bytes(&images), indices, numbers: indices, seed: 1, epoch: 0 };
            plan.gradient(&weights, &batch, &mut gradient, &mut losses, &mut []);
            optimizer.step(&mut weights, &gradient, 1e-3);
        });
    }
}

/// Codes and reconstructions of the reference network.
fn cae_forward(bench: &mut Bench) {
    let network = cae();
    let (images, weights) = (bytes(BATCH * network.input().len()), network.initialise(1));
    // The encoder's three convolutions: 9 taps × inputs × outputs × pixels.
    let encoder = 9 * (32 * 784 + 32 * 16 * 196 + 16 * 8 * 49);
    let stages =
        [("encode", Stage::Encode, encoder), ("reconstruct", Stage::Reconstruct, network.multiply_adds())];
    for (name, stage, work) in stages {
        for width in widths() {
            let cpu = Cpu::new(None, width).expect("an available width");
            let mut plan = ForwardPlan::new(&network, stage, &cpu);
            let mut outputs = vec![0.0; BATCH * plan.output().len()];
            bench.measure(&format!("cae, {name}"), &cpu, BATCH as u64 * work, || {
                plan.run(&weights, black_box(Images::Bytes(&images)), &mut outputs);
            });
        }
    }
}

/// One part of a network, forwards, on one core.
fn part(bench: &mut Bench, name: &str, spec: &Spec, stage: Stage, multiply_adds: usize) {
    let network = Network::new(spec).expect("shapes that fit");
    let weights = network.initialise(1);
    for width in widths() {
        let cpu = Cpu::new(Some(1), width).expect("an available width");
        let mut plan = ForwardPlan::new(&network, stage, &cpu);
        let images: Vec<f32> =
            bytes(IMAGES * plan.input().len()).into_iter().map(|x| f32::from(x) / 255.0).collect();
        let mut outputs = vec![0.0; IMAGES * plan.output().len()];
        bench.measure(name, &cpu, (IMAGES * multiply_adds) as u64, || {
            plan.run(&weights, black_box(Images::Floats(&images)), &mut outputs);
        });
    }
}

/// One convolution forwards, and two in a row trained, there and back, of which the second has the gradient of its
/// input too.
fn convolutions(bench: &mut Bench) {
    let cases = [
        (3, 1, 32, 28),
        (3, 32, 16, 14),
        (3, 16, 8, 7),
        (3, 8, 16, 8),
        (3, 64, 64, 8),
        (1, 32, 32, 14),
        (5, 16, 16, 14),
    ];
    for (kernel, inputs, filters, size) in cases {
        let input = Shape::new(inputs, size, size);
        let spec =
            Spec { input, encoder: vec![conv(filters, kernel)], decoder: Some(vec![conv(inputs, kernel)]) };
        let name = format!("conv {kernel}×{kernel}, {inputs}→{filters}, {size}×{size}");
        let work = kernel * kernel * inputs * filters * size * size;
        part(bench, &format!("{name}, forward"), &spec, Stage::Encode, work);

        let network = Network::new(&spec).expect("there and back");
        let (images, weights) = (bytes(IMAGES * input.len()), network.initialise(1));
        let indices: Vec<u32> = (0..IMAGES as u32).collect();
        let (mut gradient, mut losses) = (vec![0.0; weights.len()], vec![0.0; IMAGES]);
        // Two forwards, two gradients of weights, one of an input.
        let work = (5 * IMAGES * work) as u64;
        for width in widths() {
            let cpu = Cpu::new(Some(1), width).expect("an available width");
            let plan = TrainingPlan::new(&network, Loss::Mse, &cpu);
            let mut plan = plan.expect("a squared error fits anything");
            bench.measure(&format!("{name}, and back, trained"), &cpu, work, || {
                let batch = Batch {
                    images: Images::Bytes(&images),
                    indices: &indices,
                    numbers: &indices,
                    seed: 1,
                    epoch: 0,
                };
                plan.gradient(&weights, black_box(&batch), &mut gradient, &mut losses, &mut []);
            });
        }
    }
}

/// What a plan may run as one operation: convolution, ReLU and pooling; up-sampling and convolution.
fn fused(bench: &mut Bench) {
    for (inputs, filters, size) in [(1, 32, 28), (32, 16, 14)] {
        let encoder = vec![conv(filters, 3), Relu {}.into(), MaxPool::default().into()];
        let spec = Spec { input: Shape::new(inputs, size, size), encoder, decoder: None };
        let name = format!("conv 3×3, relu, pool, {inputs}→{filters}, {size}×{size}, forward");
        part(bench, &name, &spec, Stage::Encode, 9 * inputs * filters * size * size);
    }
    for (inputs, filters, size) in [(16, 32, 16), (32, 1, 28)] {
        let encoder = vec![MaxPool::default().into(), conv(inputs, 1)];
        let decoder = Some(vec![Upsample::default().into(), conv(filters, 3)]);
        let spec = Spec { input: Shape::new(filters, size, size), encoder, decoder };
        let name = format!("upsample, conv 3×3, {inputs}→{filters}, {size}×{size}, forward");
        part(bench, &name, &spec, Stage::Decode, 9 * inputs * filters * size * size);
    }
}

fn main() {
    let mut bench =
        Bench { criterion: Criterion::default().without_plots().configure_from_args(), lines: Vec::new() };
    cae_training_step(&mut bench);
    cae_forward(&mut bench);
    fused(&mut bench);
    convolutions(&mut bench);
    bench.criterion.final_summary();
    bench.table();
    if let Some(path) = std::env::var_os("TENUN_BENCH_JSON") {
        std::fs::write(path, bench.json()).expect("a file that can be written");
    }
}
