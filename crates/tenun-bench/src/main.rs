//! tenun's side of `make bench`: answers requests, one JSON object a line on standard input, with one a line on
//! standard output. `scripts/bench/torch_worker.py` and `onnx_worker.py` answer the same ones.
//!
//! | task | what is timed |
//! |---|---|
//! | `about` | nothing: register width, multiply-add peak of a core |
//! | `step` | training steps (gathering, forwards, backwards, Adam) on synthetic images, for `seconds` or `count` steps |
//! | `encode` | the codes of the first `limit` training images of `data` by `model`, once; they are written to `codes`, if given |
//! | `latency` | the code of one image, `count` times |
//!
//! `TENUN_SIMD` chooses the registers. For `scripts/ci/instructions.py` the count of steps, not the clock, decides
//! when to stop.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};
use tenun::Model;
use tenun::data::{self, OpenOptions};
use tenun::engine::layer::{Conv2d, MaxPool, Relu};
use tenun::engine::{
    Batch, Cpu, ForwardPlan, Images, Layer, Loss, Method, Network, Optimizer, Philox, Purpose, Shape, Spec,
    Stage, TrainingPlan,
};

/// Steps before the clock runs.
const WARM_UP: usize = 2;
/// Batches that the synthetic images are enough for.
const BATCHES: usize = 4;

#[derive(Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
enum Request {
    About { threads: usize },
    Step(Step),
    Encode { model: PathBuf, data: String, limit: usize, codes: Option<PathBuf>, threads: usize },
    Latency { model: PathBuf, count: usize },
}

/// A network like the reference one, trained on square synthetic images.
#[derive(Deserialize)]
struct Step {
    size: usize,
    channels: usize,
    filters: Vec<usize>,
    batch: usize,
    threads: usize,
    /// How long to go on …
    #[serde(default)]
    seconds: f64,
    /// … or how many steps to do, none of them to warm up.
    count: Option<usize>,
}

fn main() -> Result<(), Box<dyn Error>> {
    // What a request needs, the next one often needs again.
    let mut loaded = None;
    for line in io::stdin().lock().lines() {
        let answer = match serde_json::from_str(&line?)? {
            Request::About { threads } => about(threads)?,
            Request::Step(request) => step(&request)?,
            Request::Encode { model, data, limit, codes, threads } => {
                if loaded.as_ref().is_none_or(|(_, images): &(Model, data::Images)| images.len() != limit) {
                    let mut images = data::open(&data, &OpenOptions::default())?.train.images().clone();
                    images.truncate(limit);
                    loaded = Some((Model::load(&model)?, images));
                }
                let (model, images) = loaded.as_ref().expect("loaded above");
                let cpu = Cpu::from_environment(Some(threads))?;
                let start = Instant::now();
                let result = model.transform(images, &cpu)?;
                let seconds = start.elapsed().as_secs_f64();
                if let Some(path) = codes {
                    write_floats(&path, &result)?;
                }
                json!({ "seconds": seconds, "images": images.len() })
            }
            Request::Latency { model, count } => latency(&Model::load(&model)?, count)?,
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn about(threads: usize) -> Result<Value, Box<dyn Error>> {
    let cpu = Cpu::from_environment(Some(threads))?;
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "width": cpu.width().to_string(),
        "threads": cpu.threads(),
        "peak": cpu.multiply_add_peak(),
    }))
}

/// The times of training steps, and what the plan keeps in memory.
fn step(request: &Step) -> Result<Value, Box<dyn Error>> {
    let encoder: Vec<Layer> = request
        .filters
        .iter()
        .flat_map(|&filters| {
            [Conv2d { filters, ..Conv2d::default() }.into(), Relu {}.into(), MaxPool::default().into()]
        })
        .collect();
    let input = Shape::new(request.channels, request.size, request.size);
    let network = Network::new(&Spec { input, encoder, decoder: None })?;
    let count = BATCHES * request.batch;
    let images = bytes(count * input.len());
    let order = Philox::new(1, Purpose::Shuffle).permutation(count, 0);

    let cpu = Cpu::from_environment(Some(request.threads))?;
    let mut plan = TrainingPlan::new(&network, Loss::Bce, &cpu)?;
    let mut weights = network.initialise(1);
    let mut optimizer = Optimizer::new(Method::default(), weights.len());
    let (mut gradient, mut losses) = (vec![0.0; weights.len()], vec![0.0; request.batch]);
    let mut batches = order.chunks(request.batch).cycle();
    let mut once = || {
        let indices = batches.next().expect("an endless row");
        let batch = Batch { images: Images::Bytes(&images), indices, numbers: indices, seed: 1, epoch: 0 };
        let start = Instant::now();
        plan.gradient(&weights, &batch, &mut gradient, &mut losses, &mut []);
        optimizer.step(&mut weights, &gradient, 1e-3);
        start.elapsed().as_secs_f64()
    };
    let mut times = Vec::new();
    if let Some(count) = request.count {
        times.extend((0..count).map(|_| once()));
    } else {
        (0..WARM_UP).for_each(|_| {
            once();
        });
        let start = Instant::now();
        while times.is_empty() || start.elapsed().as_secs_f64() < request.seconds {
            times.push(once());
        }
    }
    let mut answer = quantiles(&mut times);
    answer["parameters"] = json!(network.parameter_count());
    answer["multiply_adds"] = json!(network.multiply_adds());
    answer["plan_bytes"] = json!(plan.memory());
    Ok(answer)
}

/// The times of encoding one image through a plan that is ready.
fn latency(model: &Model, count: usize) -> Result<Value, Box<dyn Error>> {
    let network = model.network();
    let cpu = Cpu::from_environment(Some(1))?;
    let mut plan = ForwardPlan::new(network, Stage::Encode, &cpu);
    let image = bytes(network.input().len());
    let mut code = vec![0.0; network.latent().len()];
    let mut times: Vec<f64> = (0..count)
        .map(|_| {
            let start = Instant::now();
            plan.run(model.parameters(), Images::Bytes(&image), &mut code);
            start.elapsed().as_secs_f64()
        })
        .collect();
    Ok(quantiles(&mut times))
}

fn bytes(n: usize) -> Vec<u8> {
    Philox::new(5, Purpose::Sample).stream(0, 0).take(n).map(|word| (word >> 24) as u8).collect()
}

/// Median, extremes and the 99th percentile, in seconds.
fn quantiles(times: &mut [f64]) -> Value {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((share * times.len().saturating_sub(1) as f64).round() as usize);
    json!({ "median": at(0.5), "min": at(0.0), "max": at(1.0), "p99": at(0.99), "count": times.len() })
}

fn write_floats(path: &Path, floats: &[f32]) -> io::Result<()> {
    fs::write(path, floats.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>())
}
