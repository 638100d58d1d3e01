//! The engine, through its public interface, against PyTorch: README.md beside this file says what each golden file
//! holds and where the tolerances come from. Single layers are compared in `src/layer/golden.rs`.

mod cae;
mod families;
mod losses;
mod optimisers;

use tenun_engine::{Cpu, Width};

/// The largest distance between two rows of numbers.
fn furthest(ours: &[f32], golden: &[f64]) -> f64 {
    assert_eq!(ours.len(), golden.len());
    ours.iter().zip(golden).fold(0.0, |most, (&ours, &golden)| {
        let distance = (f64::from(ours) - golden).abs();
        // Not `f64::max`, which would pass over NaN.
        if most.is_nan() || distance <= most { most } else { distance }
    })
}

/// The largest magnitude.
fn largest(golden: &[f64]) -> f64 {
    golden.iter().fold(0.0, |most, x| most.max(x.abs()))
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

/// A processor for each register width there is.
fn processors() -> impl Iterator<Item = Cpu> {
    Width::available().into_iter().map(|width| Cpu::new(Some(1), width).expect("an available width"))
}
