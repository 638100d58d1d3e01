//! Optimisers, schedules and clipping.

use serde::Deserialize;
use serde_json::Value;
use tenun_engine::optimizer::{Adam, ScheduleShape, Sgd, clip};
use tenun_engine::{Horizon, Method, Optimizer, Schedule};

use super::furthest;

/// Ten steps of weights of size 1: each may round once, at 6e-8 of the weight, which is 3 at most.
const WEIGHTS: f64 = 2e-6;
/// Rates are computed in double precision; the golden ones have twelve digits.
const RATES: f64 = 1e-11;
/// Of the norm, which is 13. PyTorch divides by the norm plus 1e-6, and gradients are in single precision.
const CLIPPED: f64 = 1e-6;

#[derive(Deserialize)]
struct Golden {
    optimisers: Vec<Steps>,
    schedules: Vec<Rates>,
    clipping: Vec<Clipped>,
}

#[derive(Deserialize)]
struct Steps {
    name: String,
    settings: Value,
    initial: Vec<f32>,
    gradients: Vec<Vec<f32>>,
    weights: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Rates {
    name: String,
    settings: Value,
    rates: Vec<f64>,
}

#[derive(Deserialize)]
struct Clipped {
    name: String,
    maximum: f64,
    gradients: Vec<Vec<f32>>,
    norm: f64,
    clipped: Vec<Vec<f64>>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("optimisers.json")).unwrap()
}

fn number(settings: &Value, name: &str) -> f64 {
    settings[name].as_f64().unwrap_or_else(|| panic!("`{name}` in {settings}"))
}

#[test]
fn ten_steps_of_every_optimiser_are_pytorchs() {
    let cases = golden().optimisers;
    assert_eq!(cases.len(), 4);
    for case in cases {
        let setting = |name| number(&case.settings, name) as f32;
        let method = match case.name.as_str() {
            "adam" | "adamw" => Method::Adam(Adam {
                beta1: setting("beta1"),
                beta2: setting("beta2"),
                epsilon: setting("epsilon"),
                weight_decay: if case.name == "adamw" { setting("weight_decay") } else { 0.0 },
            }),
            "sgd" | "sgd_momentum" => Method::Sgd(Sgd { momentum: setting("momentum"), weight_decay: 0.0 }),
            name => panic!("no optimiser is called {name}"),
        };
        assert_eq!((case.gradients.len(), case.weights.len()), (10, 10));
        let mut weights = case.initial.clone();
        let mut optimizer = Optimizer::new(method, weights.len());
        for (step, (gradient, expected)) in case.gradients.iter().zip(&case.weights).enumerate() {
            optimizer.step(&mut weights, gradient, number(&case.settings, "learning_rate"));
            let off = furthest(&weights, expected);
            assert!(off <= WEIGHTS, "{}, step {}: off by {off}", case.name, step + 1);
        }
    }
}

#[test]
fn schedules_are_pytorchs() {
    let cases = golden().schedules;
    assert_eq!(cases.len(), 4);
    for case in cases {
        let setting = |name| number(&case.settings, name);
        let steps = setting("steps") as u64;
        let mut horizon = Horizon { steps_per_epoch: steps, epochs: 1 };
        let mut warmup_steps = 0;
        let shape = match case.name.as_str() {
            "cosine" => ScheduleShape::Cosine,
            "step" => {
                let every = setting("every") as u64;
                horizon = Horizon { steps_per_epoch: every, epochs: steps.div_ceil(every) };
                ScheduleShape::Step { epochs: 1, factor: setting("factor") }
            }
            "one_cycle" => ScheduleShape::OneCycle,
            "warm_up_then_cosine" => {
                warmup_steps = setting("warm_up") as u64;
                ScheduleShape::Cosine
            }
            name => panic!("no schedule is called {name}"),
        };
        let schedule = Schedule { shape, warmup_steps };
        assert_eq!(case.rates.len() as u64, steps);
        for (step, golden) in (0..).zip(case.rates) {
            let ours = setting("learning_rate") * schedule.share(step, horizon);
            assert!((ours - golden).abs() <= RATES, "{}, step {step}: {ours}, expected {golden}", case.name);
        }
    }
}

#[test]
fn clipping_is_pytorchs() {
    let cases = golden().clipping;
    assert_eq!(cases.len(), 3);
    for case in cases {
        let mut gradient = case.gradients.concat();
        let norm = clip(&mut gradient, case.maximum);
        assert!((norm - case.norm).abs() <= CLIPPED * case.norm, "{}: {norm}", case.name);
        let off = furthest(&gradient, &case.clipped.concat());
        assert!(off <= CLIPPED * case.norm, "{}: off by {off}", case.name);
    }
}
