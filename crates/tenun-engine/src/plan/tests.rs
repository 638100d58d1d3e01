//! Whole networks: gradients against the reference in double precision, and the same bits for every number of
//! threads, register width and way of running.

use super::*;
use crate::layer::*;
use crate::random::RandomKey;
use crate::reference::{Real, Tape};
use crate::{Cpu, Loss, Network, Philox, Purpose, Rewrite, Shape, Spec, TILE, Width};

/// A small network with something of everything: odd sizes, two branches, dropout, a dense code.
fn network(sigmoid: bool) -> Network {
    let conv = |filters| Layer::from(Conv2d { filters, ..Conv2d::default() });
    let encoder: Vec<Layer> = vec![
        conv(3),
        GroupNorm { groups: 3, epsilon: 1e-3 }.into(),
        Silu {}.into(),
        Residual { body: vec![conv(3), LeakyRelu::default().into()] }.into(),
        MaxPool::default().into(),
        Dropout { rate: 0.2 }.into(),
        Conv2d { filters: 4, stride: 2, ..Conv2d::default() }.into(),
        Relu {}.into(),
        Flatten {}.into(),
        Dense { features: 6, bias: true }.into(),
    ];
    let input = Shape::new(2, 7, 9);
    let mut spec = Network::new(&Spec { input, encoder, decoder: None }).unwrap().spec();
    let decoder = spec.decoder.as_mut().unwrap();
    decoder.insert(1, Variance {}.into());
    if !sigmoid {
        decoder.pop();
    }
    Network::new(&spec).unwrap()
}

/// As written where nothing is rewritten and quads of pixels come out even; rewritten, far fewer.
#[test]
fn multiply_adds_are_those_of_the_kernels() {
    let conv = |filters, stride| Layer::from(Conv2d { filters, stride, ..Conv2d::default() });
    let dense = Dense { features: 5, bias: true }.into();
    let encoder = vec![conv(3, 1), conv(6, 2), conv(4, 1), Flatten {}.into(), dense];
    let network = Network::new(&Spec { input: Shape::new(2, 8, 8), encoder, decoder: None }).unwrap();
    let cpu = Cpu::new(Some(1), Width::detect()).unwrap();
    let count = |cpu: &Cpu, network: &Network| -> u64 {
        let plan = TrainingPlan::new(network, Loss::Mse, cpu).unwrap();
        plan.steps().iter().map(|step| step.multiply_adds as u64).sum()
    };
    assert_eq!(count(&cpu.without(Rewrite::ALL), &network), network.training_multiply_adds());
    let pools = [16, 8].map(|filters| [conv(filters, 1), Relu {}.into(), MaxPool::default().into()]);
    let network =
        Network::new(&Spec { input: Shape::new(1, 24, 24), encoder: pools.concat(), decoder: None }).unwrap();
    assert!(count(&cpu, &network) * 10 < network.training_multiply_adds() * 6);
}

/// What is hidden is judged, and only that; and a network that corrupts nothing is judged as ever.
#[test]
fn losses_of_corrupted_images_count_what_training_counts() {
    let input = Shape::new(2, 6, 9);
    let hide = Corrupt { kind: Corruption::Patches, amount: 0.5, size: 3 };
    let small: Vec<Layer> = vec![Flatten {}.into(), Dense { features: 5, bias: true }.into()];
    let encoder = [vec![hide.into()], small.clone()].concat();
    let cpu = Cpu::new(Some(2), Width::detect()).unwrap();
    let count = TILE + 5;
    // No pixel is black, so that those made black are known.
    let pixels: Vec<u8> = bytes(count * input.len()).iter().map(|byte| byte | 1).collect();
    let images = Images::Bytes(&pixels);
    let network = Network::new(&Spec { input, encoder, decoder: None }).unwrap();
    let (parameters, seed) = (weights(&network), 4);
    let mut plan = ForwardPlan::reconstruct_corrupted(&network, Loss::Mse, seed, &cpu).unwrap();
    let (mut outputs, mut losses) = (vec![0.0; pixels.len()], vec![0.0; count]);
    plan.run(&parameters, images, &mut outputs);
    plan.losses(&parameters, images, &mut losses);
    let mut seen = vec![0.0; pixels.len()];
    let mut corruption = ForwardPlan::corruption(&network, seed, &cpu).unwrap();
    corruption.run(&parameters, images, &mut seen);
    for (image, loss) in losses.iter().enumerate() {
        let numbers = image * input.len()..(image + 1) * input.len();
        let hidden: Vec<usize> = numbers.filter(|&at| seen[at] == 0.0).collect();
        assert_eq!(hidden.len(), input.len() / 2);
        let error = |&at: &usize| (f64::from(outputs[at]) - f64::from(pixels[at]) / 255.0).powi(2);
        let expected = hidden.iter().map(error).sum::<f64>() / hidden.len() as f64;
        assert!((f64::from(*loss) / expected - 1.0).abs() < 1e-5, "{loss}, expected {expected}");
    }
    let plain = Network::new(&Spec { input, encoder: small, decoder: None }).unwrap();
    let mut found = [vec![0.0; count], vec![0.0; count]];
    let corrupted = ForwardPlan::reconstruct_corrupted(&plain, Loss::Mse, seed, &cpu);
    let clean = ForwardPlan::reconstruct(&plain, Loss::Mse, &cpu);
    for (plan, losses) in [corrupted, clean].into_iter().zip(&mut found) {
        plan.unwrap().losses(&weights(&plain), images, losses);
    }
    assert_eq!(found[0], found[1]);
}

fn bytes(n: usize) -> Vec<u8> {
    Philox::new(5, Purpose::Sample).stream(0, 0).take(n).map(|word| (word >> 24) as u8).collect()
}

fn weights(network: &Network) -> Vec<f32> {
    // Biases of zero would hide mistakes in them.
    let noise = Philox::new(6, Purpose::Sample).stream(0, 0);
    network.initialise(3).iter().zip(noise).map(|(w, word)| w + 0.1 * crate::random::unit(word)).collect()
}

fn order(n: usize) -> Vec<u32> {
    Philox::new(9, Purpose::Shuffle).permutation(n, 0)
}

fn gradient(
    network: &Network,
    loss: Loss,
    cpu: &Cpu,
    images: &[u8],
    indices: &[u32],
) -> (Vec<f32>, Vec<f32>) {
    let mut plan = TrainingPlan::new(network, loss, cpu).unwrap();
    let mut gradient = vec![f32::NAN; network.parameter_count()];
    let mut losses = vec![f32::NAN; indices.len()];
    let batch = Batch { images: Images::Bytes(images), indices, numbers: indices, seed: 11, epoch: 4 };
    plan.gradient(&weights(network), &batch, &mut gradient, &mut losses, &mut []);
    // A second time in the same buffers: nothing may be left over from the first.
    let first = gradient.clone();
    plan.gradient(&weights(network), &batch, &mut gradient, &mut losses, &mut []);
    assert_eq!(first, gradient);
    (gradient, losses)
}

#[test]
fn the_gradient_of_every_loss_is_the_references() {
    let cpu = Cpu::new(Some(2), Width::detect()).unwrap();
    for (loss, sigmoid) in Loss::ALL
        .into_iter()
        .flat_map(|loss| [(loss, true), (loss, false)])
        .filter(|&one| one != (Loss::Bce, false))
    {
        let network = network(sigmoid);
        let length = network.input().len();
        let images = bytes(40 * length);
        let indices = &order(40)[..19];
        let (ours, losses) = gradient(&network, loss, &cpu, &images, indices);

        let mut exact = vec![0.0; network.parameter_count()];
        for (i, &image) in indices.iter().enumerate() {
            let tape = Tape::default();
            let parameters: Vec<_> = weights(&network).iter().map(|&w| tape.variable(f64::from(w))).collect();
            let pixels: Vec<f64> = images[image as usize * length..][..length]
                .iter()
                .map(|&b| f64::from(f32::from(b) / 255.0))
                .collect();
            let x: Vec<_> = pixels.iter().map(|&t| t.into()).collect();
            let z = network.reference(&parameters, &x, Some(RandomKey { seed: 11, epoch: 4, image }));
            let log_variance = parameters[network.log_variance().expect("a layer for it")];
            let sum = z
                .iter()
                .zip(&x)
                .fold(tape.variable(0.0), |sum, (&z, &t)| sum + loss.reference(sigmoid, log_variance, z, t));
            let mean = sum.value() / length as f64;
            assert!(
                (f64::from(losses[i]) - mean).abs() < 2e-6 * mean.max(1.0),
                "{loss} of image {i}: {} {mean}",
                losses[i]
            );
            for (total, d) in exact.iter_mut().zip(tape.gradient(sum, &parameters)) {
                *total += d / (length * indices.len()) as f64;
            }
        }
        let scale = exact.iter().fold(0f64, |m, x| m.max(x.abs()));
        for (i, (&a, &b)) in ours.iter().zip(&exact).enumerate() {
            assert!(
                (f64::from(a) - b).abs() < 5e-6 * scale,
                "{loss}, sigmoid {sigmoid}, gradient {i}: {a}, expected {b}"
            );
        }
    }
}

#[test]
fn neither_threads_nor_registers_change_a_bit() {
    let network = network(true);
    let images = bytes(600 * network.input().len());
    // One image, part of a register, several tiles, and more tiles than there are groups.
    for count in [1, 7, 9, 16, 24, 100, 600] {
        let order = order(600);
        let indices = &order[..count];
        let expected =
            gradient(&network, Loss::Bce, &Cpu::new(Some(1), Width::Portable).unwrap(), &images, indices);
        for width in Width::available() {
            for threads in [1, 2, 5] {
                let cpu = Cpu::new(Some(threads), width).unwrap();
                let ours = gradient(&network, Loss::Bce, &cpu, &images, indices);
                assert!(expected == ours, "{count} images with {width} on {threads} threads");
            }
        }
    }
}

#[test]
fn encoding_and_decoding_is_reconstructing() {
    let network = network(true);
    let parameters = weights(&network);
    let images = bytes(37 * network.input().len());
    let mut first: Option<Vec<f32>> = None;
    for width in Width::available() {
        let cpu = Cpu::new(Some(2), width).unwrap();
        let run = |stage, images: Images<'_>, length: usize| {
            let mut plan = ForwardPlan::new(&network, stage, &cpu);
            let mut outputs = vec![f32::NAN; 37 * length];
            plan.run(&parameters, images, &mut outputs);
            outputs
        };
        let codes = run(Stage::Encode, Images::Bytes(&images), network.latent().len());
        let decoded = run(Stage::Decode, Images::Floats(&codes), network.output().len());
        let reconstructed = run(Stage::Reconstruct, Images::Bytes(&images), network.output().len());
        assert!(decoded == reconstructed, "{width}");
        assert!(decoded.iter().all(|p| (0.0..=1.0).contains(p)), "{width}");
        assert!(*first.get_or_insert(decoded.clone()) == decoded, "{width}");

        let mut losses = vec![f32::NAN; 37];
        let mut plan = ForwardPlan::reconstruct(&network, Loss::Mse, &cpu).unwrap();
        plan.losses(&parameters, Images::Bytes(&images), &mut losses);
        let length = network.output().len();
        for (i, &loss) in losses.iter().enumerate() {
            let pairs = reconstructed[i * length..].iter().zip(&images[i * length..]).take(length);
            let mean =
                pairs.map(|(p, &t)| f64::from(p - f32::from(t) / 255.0).powi(2)).sum::<f64>() / length as f64;
            assert!((f64::from(loss) - mean).abs() < 1e-6, "image {i} with {width}: {loss}, expected {mean}");
        }
    }
}

#[test]
fn no_images_give_no_outputs() {
    let network = network(true);
    let cpu = Cpu::new(Some(1), Width::detect()).unwrap();
    let mut plan = ForwardPlan::reconstruct(&network, Loss::Mse, &cpu).unwrap();
    plan.run(&weights(&network), Images::Bytes(&[]), &mut []);
    plan.losses(&weights(&network), Images::Bytes(&[]), &mut []);
}

#[test]
fn cross_entropy_needs_a_sigmoid() {
    let cpu = Cpu::new(Some(1), Width::detect()).unwrap();
    let error = TrainingPlan::new(&network(false), Loss::Bce, &cpu).err().unwrap();
    assert!(matches!(&error, PlanError::NeedsSigmoid { last } if last == "conv2d"), "{error}");
}

#[test]
fn a_likelihood_needs_a_variance() {
    let cpu = Cpu::new(Some(1), Width::detect()).unwrap();
    let encoder = vec![Flatten {}.into(), Dense { features: 2, bias: true }.into()];
    let without = Network::new(&Spec { input: Shape::new(1, 3, 3), encoder, decoder: None }).unwrap();
    let error = TrainingPlan::new(&without, Loss::Gaussian, &cpu).err().unwrap();
    assert_eq!(error, PlanError::NeedsVariance);
}

#[test]
fn a_diverged_network_has_a_loss_that_shows_it() {
    let network = network(true);
    let images = bytes(TILE * network.input().len());
    let mut parameters = weights(&network);
    parameters[5] = f32::NAN;
    for width in Width::available() {
        let cpu = Cpu::new(Some(1), width).unwrap();
        let mut plan = TrainingPlan::new(&network, Loss::Bce, &cpu).unwrap();
        let (mut gradient, mut losses) = (vec![0.0; parameters.len()], vec![0.0; TILE]);
        let order = order(TILE);
        let batch =
            Batch { images: Images::Bytes(&images), indices: &order, numbers: &order, seed: 1, epoch: 0 };
        plan.gradient(&parameters, &batch, &mut gradient, &mut losses, &mut []);
        assert!(losses.iter().all(|loss| loss.is_nan()), "{width}");
    }
}
