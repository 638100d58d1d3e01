//! A test: the same bits on every architecture. Weights after some steps of training, against fingerprints kept here.
//!
//! Tests elsewhere compare the register widths of one processor with each other. This one holds x86-64 and 64-bit ARM to
//! the same numbers, and this version to the next: whoever changes an order of summation on purpose changes them,
//! and says so in CHANGELOG.md, since runs can then no longer be repeated to the bit.

use crate::layer::{
    AveragePool, Conv2d, Dense, Dropout, Flatten, GroupNorm, LeakyRelu, MaxPool, Relu, Residual, Rounding,
    Silu, Tanh, Upsample,
};
use crate::optimizer::{Adam, ScheduleShape, Sgd, clip};
use crate::{
    Batch, Cpu, Horizon, Images, Layer, Loss, Method, Network, Optimizer, Philox, Purpose, Schedule, Shape,
    Spec, TrainingPlan, Width,
};

const EPOCHS: u32 = 2;
const IMAGES: usize = 37;
/// Not a multiple of a tile, and the last batch is smaller.
const BATCH: usize = 20;

/// Nearly every kind of layer, and sizes that fill no register or block evenly.
fn network(sigmoid: bool) -> Network {
    let conv = |filters, kernel| Layer::from(Conv2d { filters, kernel, ..Conv2d::default() });
    let encoder: Vec<Layer> = vec![
        conv(5, 3),
        GroupNorm { groups: 5, epsilon: 1e-5 }.into(),
        Silu {}.into(),
        Residual { body: vec![conv(7, 1), LeakyRelu::default().into(), conv(5, 5)] }.into(),
        MaxPool::default().into(),
        Dropout { rate: 0.1 }.into(),
        // These two are computed as one, and so are the three after them, by blocks.
        Upsample::default().into(),
        conv(16, 3),
        conv(16, 3),
        Relu {}.into(),
        MaxPool::default().into(),
        Conv2d { filters: 6, stride: 2, ..Conv2d::default() }.into(),
        Tanh {}.into(),
        AveragePool { size: 2, rounding: Rounding::Up }.into(),
        Relu {}.into(),
        Flatten {}.into(),
        Dense { features: 9, bias: true }.into(),
    ];
    let input = Shape::new(3, 13, 11);
    let derived = Network::new(&Spec { input, encoder, decoder: None }).expect("a derived decoder fits");
    if sigmoid {
        return derived;
    }
    let mut spec = derived.spec();
    spec.decoder.as_mut().expect("written out").pop();
    Network::new(&spec).expect("a sigmoid changes no shape")
}

/// The weights after two epochs.
fn train(cpu: &Cpu, loss: Loss, sigmoid: bool, method: Method) -> Vec<f32> {
    let network = network(sigmoid);
    let words = Philox::new(1, Purpose::Sample).stream(0, 0);
    let images: Vec<u8> = words.take(IMAGES * network.input().len()).map(|word| (word >> 24) as u8).collect();
    let mut weights = network.initialise(2);
    let mut plan = TrainingPlan::new(&network, loss, cpu).expect("a loss that fits");
    let mut optimizer = Optimizer::new(method, weights.len());
    let horizon = Horizon { steps_per_epoch: IMAGES.div_ceil(BATCH) as u64, epochs: EPOCHS.into() };
    let schedule = Schedule { shape: ScheduleShape::Cosine, warmup_steps: 1 };
    let mut gradient = vec![0.0; weights.len()];
    for epoch in 0..EPOCHS {
        for indices in Philox::new(3, Purpose::Shuffle).permutation(IMAGES, epoch).chunks(BATCH) {
            let batch = Batch { images: Images::Bytes(&images), indices, numbers: indices, seed: 4, epoch };
            plan.gradient(&weights, &batch, &mut gradient, &mut vec![0.0; indices.len()], &mut []);
            clip(&mut gradient, 1.0);
            let rate = 0.01 * schedule.share(optimizer.steps(), horizon);
            optimizer.step(&mut weights, &gradient, rate);
        }
    }
    weights
}

/// FNV-1a of 64 bits over the little-endian bytes of all weights.
fn fingerprint(weights: &[f32]) -> u64 {
    weights
        .iter()
        .flat_map(|w| w.to_le_bytes())
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[track_caller]
fn check(loss: Loss, sigmoid: bool, method: Method, expected: u64, first: [u32; 3]) {
    for width in Width::available() {
        let cpu = Cpu::new(Some(2), width).expect("an available width");
        let weights = train(&cpu, loss, sigmoid, method);
        // Single numbers first: they show how far away a wrong result is.
        assert_eq!(weights[..3], first.map(f32::from_bits), "{loss} with {width}");
        let ours = fingerprint(&weights);
        assert_eq!(ours, expected, "{loss} with {width}: {ours:#018x}");
    }
}

#[test]
fn cross_entropy_and_adam() {
    let method = Method::Adam(Adam { weight_decay: 0.01, ..Adam::default() });
    check(Loss::Bce, true, method, 0x7496_8b0a_f9db_b0b0, [0x3d42_cae3, 0x3c66_7afa, 0xbdb4_db3e]);
}

#[test]
fn squared_error_and_momentum() {
    check(
        Loss::Mse,
        false,
        Method::Sgd(Sgd::default()),
        0x0164_dde2_e7d1_6f92,
        [0x3d8c_c76f, 0x3d1d_0994, 0xbd85_98a2],
    );
}

#[test]
fn absolute_error_of_a_sigmoid() {
    check(Loss::Mae, true, Method::default(), 0x14f9_3794_e8f5_f59a, [0x3d39_154e, 0x3c77_76f8, 0xbdb2_1cd5]);
}
