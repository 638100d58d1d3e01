//! A training step allocates nothing: all buffers are made with the plan.

#![allow(unsafe_code)] // an allocator is unsafe by its interface

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use tenun_engine::layer::*;
use tenun_engine::{Batch, Cpu, ForwardPlan, Images, Layer, Loss, Network, Shape, Spec, TrainingPlan, Width};

/// The system's allocator, which counts.
struct Counting;

static COUNT: AtomicUsize = AtomicUsize::new(0);

// SAFETY: all is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const STEPS: usize = 200;
/// The queue through which the threads are handed their work grows by a block for every so many pieces.
const PIECES_OF_A_BLOCK: usize = 31;

/// Allocations of `STEPS` calls, after two that warm up.
fn count(mut step: impl FnMut()) -> usize {
    step();
    step();
    let before = COUNT.load(Ordering::Relaxed);
    (0..STEPS).for_each(|_| step());
    COUNT.load(Ordering::Relaxed) - before
}

fn corrupt(kind: Corruption) -> Layer {
    Corrupt { kind, amount: 0.3, size: 2 }.into()
}

fn conv(filters: usize) -> Layer {
    Conv2d { filters, ..Conv2d::default() }.into()
}

/// Encoders that have every layer between them.
fn encoders() -> Vec<Vec<Layer>> {
    let dense = |features| Layer::from(Dense { features, bias: true });
    vec![
        vec![
            conv(32),
            Relu {}.into(),
            MaxPool::default().into(),
            conv(16),
            Relu {}.into(),
            MaxPool::default().into(),
        ],
        vec![
            Standardise::default().into(),
            Residual { body: vec![conv(2), Silu {}.into()] }.into(),
            Conv2d { filters: 4, stride: 2, ..Conv2d::default() }.into(),
            GroupNorm { groups: 2, epsilon: 1e-3 }.into(),
            LeakyRelu::default().into(),
            Dropout { rate: 0.2 }.into(),
            AveragePool::default().into(),
        ],
        vec![corrupt(Corruption::Gaussian), Flatten {}.into(), dense(8), Sampling::default().into()],
        vec![corrupt(Corruption::SaltAndPepper), Flatten {}.into(), dense(8), Penalty::default().into()],
        vec![
            corrupt(Corruption::Masking),
            Flatten {}.into(),
            dense(8),
            Sigmoid {}.into(),
            Sparsity::default().into(),
        ],
        vec![corrupt(Corruption::Patches), Flatten {}.into(), dense(8), Tanh {}.into()],
        vec![corrupt(Corruption::Blur), conv(3), Quantize { codes: 20, ..Quantize::default() }.into()],
    ]
}

// One test, so that no other counts along.
#[test]
fn a_step_allocates_nothing() {
    let input = Shape::new(2, 13, 14);
    let (images, indices) = (vec![77; 40 * input.len()], (0..40).collect::<Vec<u32>>());
    for encoder in encoders() {
        let names: Vec<&str> = encoder.iter().map(Layer::name).collect();
        let network = Network::new(&Spec { input, encoder: encoder.clone(), decoder: None }).unwrap();
        let cpu = Cpu::new(Some(2), Width::detect()).unwrap();
        let mut plan = TrainingPlan::new(&network, Loss::Mse, &cpu).unwrap();
        let parameters = network.initialise(1);
        let mut gradient = vec![0.0; parameters.len()];
        let (mut losses, mut terms) = (vec![0.0; 40], vec![0.0; 40 * plan.terms().len()]);
        let batch =
            Batch { images: Images::Bytes(&images), indices: &indices, numbers: &indices, seed: 1, epoch: 0 };
        let step = count(|| plan.gradient(&parameters, &batch, &mut gradient, &mut losses, &mut terms));
        let mut forward = ForwardPlan::reconstruct(&network, Loss::Mse, &cpu).unwrap();
        let validation = count(|| forward.losses(&parameters, Images::Bytes(&images), &mut losses));
        // Each call hands the threads a few pieces of work.
        let most = STEPS * 4 / PIECES_OF_A_BLOCK;
        assert!(step <= most, "{names:?}: {step} allocations in {STEPS} steps");
        assert!(validation <= most, "{names:?}: {validation} allocations in {STEPS} validations");
    }
}
