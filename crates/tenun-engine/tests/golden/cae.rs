//! The reference network: logits, losses, every gradient and ten steps of Adam, from the same weights and images.

use std::collections::HashMap;
use std::io::Read;

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;
use tenun_engine::layer::{Conv2d, MaxPool, Relu};
use tenun_engine::optimizer::Adam;
use tenun_engine::{
    Batch, Cpu, ForwardPlan, Images, Layer, Loss, Method, Network, Optimizer, Shape, Spec, Stage,
    TrainingPlan,
};

use super::{bits, furthest, largest, processors};

// PyTorch's float32 against its own float64 is off by 3.9e-8, 9e-8, 2.7e-6 and 1.5e-7 where these stand.

/// Of logits, which are about 0.1 here.
const LOGITS: f64 = 1e-6;
/// Of losses, of an image and of a batch, which are 0.7.
const LOSSES: f64 = 1e-6;
/// Of a gradient, as a share of the largest in its tensor.
const GRADIENTS: f64 = 1e-5;
/// Of weights after ten steps. Adam divides by the gradient's own size, so even a tiny gradient's rounding counts.
const WEIGHTS: f64 = 2e-6;

const STEPS: usize = 10;
const PIXELS: usize = 28 * 28;

#[derive(Deserialize)]
struct Golden {
    batch_size: usize,
    adam: Rule,
    image_losses_of_step_1: Vec<f64>,
    losses: Vec<f64>,
}

#[derive(Deserialize)]
struct Rule {
    learning_rate: f64,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
}

/// `cae` with its logits as output, or with the sigmoid that makes them probabilities.
fn network(sigmoid: bool) -> Network {
    let encoder: Vec<Layer> = [32, 16, 8]
        .into_iter()
        .flat_map(|filters| {
            [Conv2d { filters, ..Conv2d::default() }.into(), Relu {}.into(), MaxPool::default().into()]
        })
        .collect();
    let network = Network::new(&Spec { input: Shape::new(1, 28, 28), encoder, decoder: None }).unwrap();
    assert_eq!(network.parameter_count(), 12_785);
    if sigmoid {
        return network;
    }
    let mut spec = network.spec();
    spec.decoder.as_mut().unwrap().pop();
    Network::new(&spec).unwrap()
}

/// All tensors of a golden file in double precision, with their axes.
fn tensors(file: &[u8]) -> HashMap<String, (Vec<usize>, Vec<f64>)> {
    let read = |dtype, bytes: &[u8]| -> Vec<f64> {
        match dtype {
            Dtype::F32 => {
                bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect()
            }
            Dtype::F64 => bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
            other => panic!("golden numbers of type {other:?}"),
        }
    };
    let file = SafeTensors::deserialize(file).unwrap();
    file.iter()
        .map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), read(view.dtype(), view.data()))))
        .collect()
}

fn initial(network: &Network) -> Vec<f32> {
    let golden = tensors(include_bytes!("cae_init.safetensors"));
    let mut weights = vec![f32::NAN; network.parameter_count()];
    assert_eq!(golden.len(), network.parameters().len());
    for parameter in network.parameters() {
        let (axes, numbers) = &golden[&parameter.name];
        assert_eq!(*axes, parameter.axes, "{}", parameter.name);
        for (weight, &number) in weights[parameter.range.clone()].iter_mut().zip(numbers) {
            *weight = number as f32;
        }
    }
    weights
}

/// 160 images of 28×28: IDX, whose header is four big-endian words.
fn images() -> Vec<u8> {
    let mut idx = Vec::new();
    let file = include_bytes!("first160-images-idx3-ubyte.gz");
    flate2::read::GzDecoder::new(&file[..]).read_to_end(&mut idx).unwrap();
    assert_eq!(idx[..16], [0, 0, 8, 3, 0, 0, 0, 160, 0, 0, 0, 28, 0, 0, 0, 28]);
    idx.split_off(16)
}

/// What one register width makes of the golden start.
struct Run {
    logits: Vec<f32>,
    image_losses: Vec<f32>,
    gradient: Vec<f32>,
    losses: Vec<f64>,
    weights: Vec<f32>,
}

fn run(cpu: &Cpu, golden: &Golden) -> Run {
    let (open, network) = (network(false), network(true));
    let (images, mut weights) = (images(), initial(&network));

    let mut forward = ForwardPlan::new(&open, Stage::Reconstruct, cpu);
    let mut logits = vec![f32::NAN; golden.batch_size * PIXELS];
    forward.run(&weights, Images::Bytes(&images[..golden.batch_size * PIXELS]), &mut logits);

    let rule = &golden.adam;
    let adam = Adam { beta1: rule.beta1, beta2: rule.beta2, epsilon: rule.epsilon, weight_decay: 0.0 };
    let mut optimizer = Optimizer::new(Method::Adam(adam), weights.len());
    let mut training = TrainingPlan::new(&network, Loss::Bce, cpu).unwrap();
    let (mut first, mut losses) = (None, Vec::new());
    for step in 0..STEPS {
        let indices: Vec<u32> =
            (0..golden.batch_size).map(|i| (step * golden.batch_size + i) as u32).collect();
        let (mut gradient, mut each) = (vec![f32::NAN; weights.len()], vec![f32::NAN; indices.len()]);
        let batch =
            Batch { images: Images::Bytes(&images), indices: &indices, numbers: &indices, seed: 0, epoch: 0 };
        training.gradient(&weights, &batch, &mut gradient, &mut each, &mut []);
        optimizer.step(&mut weights, &gradient, rule.learning_rate);
        losses.push(each.iter().map(|&x| f64::from(x)).sum::<f64>() / each.len() as f64);
        first.get_or_insert((each, gradient));
    }
    let (image_losses, gradient) = first.expect("ten steps");
    Run { logits, image_losses, gradient, losses, weights }
}

#[test]
fn the_reference_network_is_pytorchs() {
    let golden: Golden = serde_json::from_str(include_str!("cae_step.json")).unwrap();
    let tensors = tensors(include_bytes!("cae_step.safetensors"));
    let network = network(true);
    let mut first: Option<[Vec<u32>; 4]> = None;
    for cpu in processors() {
        let (ours, width) = (run(&cpu, &golden), cpu.width());
        let within = |what: &str, off: f64, allowed: f64| {
            assert!(off <= allowed, "{what} with {width}: off by {off}, allowed {allowed}");
        };
        let logits = &tensors["logits"].1;
        within("logits", furthest(&ours.logits[..logits.len()], logits), LOGITS);
        within("image losses", furthest(&ours.image_losses, &golden.image_losses_of_step_1), LOSSES);
        assert_eq!(ours.losses.len(), golden.losses.len());
        for (step, (ours, golden)) in ours.losses.iter().zip(&golden.losses).enumerate() {
            within(&format!("loss of step {}", step + 1), (ours - golden).abs(), LOSSES);
        }
        for parameter in network.parameters() {
            let name = &parameter.name;
            let gradient = &tensors[&format!("gradient.{name}")].1;
            let off = furthest(&ours.gradient[parameter.range.clone()], gradient);
            within(&format!("gradient of {name}"), off, GRADIENTS * largest(gradient));
            let weights = &tensors[&format!("after_ten_steps.{name}")].1;
            let off = furthest(&ours.weights[parameter.range.clone()], weights);
            within(&format!("{name} after ten steps"), off, WEIGHTS);
        }
        let all =
            [&ours.logits, &ours.image_losses, &ours.gradient, &ours.weights].map(|numbers| bits(numbers));
        assert!(*first.get_or_insert(all.clone()) == all, "{width} has other bits");
    }
}
