//! Families of autoencoders: what each adds to the loss, and what its parameters make of it in a few steps.

use std::collections::BTreeMap;

use serde::Deserialize;
use tenun_engine::optimizer::Adam;
use tenun_engine::{Batch, Cpu, Images, Loss, Method, Network, Optimizer, Spec, TrainingPlan};

use super::{bits, furthest, largest, processors};

/// Of the largest number of its tensor: as for layers.
const TOLERANCE: f64 = 2e-6;

#[derive(Deserialize)]
struct Golden {
    seed: u64,
    epoch: u32,
    batch: usize,
    adam: Rule,
    images: Array,
    families: Vec<Family>,
}

#[derive(Deserialize)]
struct Rule {
    learning_rate: f64,
    beta1: f32,
    beta2: f32,
    epsilon: f32,
}

#[derive(Deserialize)]
struct Array {
    data: Vec<f64>,
}

#[derive(Deserialize)]
struct Family {
    name: String,
    spec: Spec,
    loss: Loss,
    parameters: BTreeMap<String, Array>,
    losses: Vec<f64>,
    terms: Vec<f64>,
    gradients: BTreeMap<String, Array>,
    after: BTreeMap<String, Array>,
}

fn single(numbers: &Array) -> Vec<f32> {
    numbers.data.iter().map(|&x| x as f32).collect()
}

/// What one register width makes of a family.
struct Run {
    losses: Vec<f32>,
    terms: Vec<f32>,
    gradient: Vec<f32>,
    parameters: Vec<f32>,
}

fn run(golden: &Golden, family: &Family, network: &Network, cpu: &Cpu) -> Run {
    let mut parameters = vec![f32::NAN; network.parameter_count()];
    assert_eq!(family.parameters.len(), network.parameters().len());
    for parameter in network.parameters() {
        let from = &family.parameters[&parameter.name];
        parameters[parameter.range.clone()].copy_from_slice(&single(from));
    }
    let images = single(&golden.images);
    let rule = &golden.adam;
    let adam = Adam { beta1: rule.beta1, beta2: rule.beta2, epsilon: rule.epsilon, weight_decay: 0.0 };
    let mut optimizer = Optimizer::new(Method::Adam(adam), parameters.len());
    let mut plan = TrainingPlan::new(network, family.loss, cpu).unwrap();
    let (mut losses, mut terms, mut first) = (Vec::new(), Vec::new(), None);
    for step in 0..family.losses.len() / golden.batch {
        let indices: Vec<u32> = (0..golden.batch).map(|i| (step * golden.batch + i) as u32).collect();
        let batch = Batch {
            images: Images::Floats(&images),
            indices: &indices,
            numbers: &indices,
            seed: golden.seed,
            epoch: golden.epoch,
        };
        let mut gradient = vec![f32::NAN; parameters.len()];
        let (mut each, mut added) =
            (vec![f32::NAN; golden.batch], vec![f32::NAN; golden.batch * plan.terms().len()]);
        plan.gradient(&parameters, &batch, &mut gradient, &mut each, &mut added);
        let fresh = network.follow(&parameters, &mut gradient, golden.batch, golden.seed, step as u64);
        optimizer.step(&mut parameters, &gradient, rule.learning_rate);
        fresh.set(&mut parameters);
        losses.extend(each);
        terms.extend(added);
        first.get_or_insert(gradient);
    }
    Run { losses, terms, gradient: first.expect("steps"), parameters }
}

#[test]
fn every_family_is_pytorchs() {
    let golden: Golden = serde_json::from_str(include_str!("families.json")).unwrap();
    assert_eq!(golden.families.len(), 13);
    for family in &golden.families {
        let network = Network::new(&family.spec).unwrap();
        let mut first: Option<Vec<u32>> = None;
        for cpu in processors() {
            let (ours, width) = (run(&golden, family, &network, &cpu), cpu.width());
            let within = |what: &str, ours: &[f32], golden: &[f64], allowed: f64| {
                let (off, allowed) = (furthest(ours, golden), allowed * largest(golden));
                let name = &family.name;
                assert!(off <= allowed, "{name}: {what} with {width}: off by {off}, allowed {allowed}");
            };
            within("losses", &ours.losses, &family.losses, TOLERANCE);
            within("terms", &ours.terms, &family.terms, TOLERANCE);
            for parameter in network.parameters() {
                let (name, range) = (&parameter.name, parameter.range.clone());
                // What follows statistics has no gradient.
                match family.gradients.get(name) {
                    Some(gradient) => within(name, &ours.gradient[range.clone()], &gradient.data, TOLERANCE),
                    None => assert!(ours.gradient[range.clone()].iter().all(|&x| x == 0.0), "{name}"),
                }
                let after = &family.after[name].data;
                within(&format!("{name} in the end"), &ours.parameters[range], after, TOLERANCE);
            }
            let all = bits(&[ours.losses, ours.terms, ours.gradient, ours.parameters].concat());
            assert!(*first.get_or_insert(all.clone()) == all, "{}: {width} has other bits", family.name);
        }
    }
}
