//! Every layer against PyTorch in double precision: `tests/golden/layers.json`, made by the script beside it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::tests::place;
use super::{Layer, Role};
use crate::plan::testing::{Outcome, Trial};
use crate::{Shape, TILE, Width};

/// Of the largest number of its tensor. PyTorch's own float32 is off by 1.6e-7 on these cases; the rest is room for
/// another order of summation, and far below what any mistake in an equation gives.
const TOLERANCE: f64 = 2e-6;

/// An array as the golden files hold it: axes, and numbers in row-major order.
#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

impl Array {
    /// The numbers in single precision, which holds every golden input exactly.
    fn floats(&self) -> Vec<f32> {
        self.data.iter().map(|&x| x as f32).collect()
    }

    /// The shape of one image of an array `[image][channel][row][column]` or `[image][feature]`.
    fn image(&self) -> Shape {
        match self.shape[..] {
            [_, channels, height, width] => Shape::new(channels, height, width),
            [_, features] => Shape::vector(features),
            _ => panic!("images with the axes {:?}", self.shape),
        }
    }

    /// These images and then empty ones, sixteen in all.
    fn tile(&self) -> Vec<f32> {
        let mut images = self.floats();
        images.resize(TILE * self.image().len(), 0.0);
        images
    }
}

#[derive(Deserialize)]
struct Case {
    name: String,
    layer: String,
    settings: Map<String, Value>,
    input: Array,
    parameters: BTreeMap<String, Array>,
    output: Array,
    grad_output: Array,
    grad_input: Array,
    grad_parameters: BTreeMap<String, Array>,
}

#[derive(Deserialize)]
struct Golden {
    layers: Vec<Case>,
}

impl Case {
    /// The layer, from PyTorch's words for it to ours.
    fn layer(&self) -> Layer {
        let mut table = self.settings.clone();
        let name = if self.layer == "avg_pool" { "average_pool" } else { &self.layer };
        table.insert("layer".to_owned(), name.into());
        if let Some(outputs) = table.remove("outputs") {
            table.insert("features".to_owned(), outputs);
        }
        if self.layer == "conv2d" {
            table.insert("filters".to_owned(), self.parameters["weight"].shape[0].into());
        }
        serde_json::from_value(table.into()).unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    fn assert_close(&self, what: &str, width: Width, ours: &[f32], golden: &[f64]) {
        let scale = golden.iter().fold(0f64, |most, x| most.max(x.abs()));
        for (i, (&ours, &golden)) in ours.iter().zip(golden).enumerate() {
            assert!(
                (f64::from(ours) - golden).abs() <= TOLERANCE * scale,
                "{}, {what}[{i}] with {width}: {ours}, PyTorch has {golden} (of {scale})",
                self.name
            );
        }
    }
}

fn same_bits(a: &Outcome, b: &Outcome) -> bool {
    let bits = |o: &Outcome| -> Vec<u32> {
        [&o.outputs, &o.d_images, &o.d_parameters].into_iter().flatten().map(|x| x.to_bits()).collect()
    };
    bits(a) == bits(b)
}

#[test]
fn every_layer_is_pytorchs() {
    let golden: Golden = serde_json::from_str(include_str!("../../tests/golden/layers.json")).unwrap();
    for activation in Layer::descriptions().into_iter().filter(|layer| layer.role == Role::Activation) {
        let name = activation.name;
        assert!(
            golden.layers.iter().any(|case| case.layer == name),
            "no case of {name}: see CONTRIBUTING.md"
        );
    }
    for case in &golden.layers {
        let input = case.input.image();
        let (placed, count) = place(input, &[case.layer()]).unwrap();
        let placed = &placed[..];
        assert_eq!(placed[0].place.output, case.output.image(), "{}", case.name);
        assert_eq!(placed[0].place.parameters.len(), case.parameters.len(), "{}", case.name);
        let mut parameters = vec![0.0; count];
        for parameter in &placed[0].place.parameters {
            let golden = &case.parameters[parameter.name.rsplit('.').next().unwrap()];
            assert_eq!(parameter.axes, golden.shape, "{}", parameter.name);
            parameters[parameter.range.clone()].copy_from_slice(&golden.floats());
        }
        let (images, seeds) = (case.input.tile(), case.grad_output.tile());
        let trial = Trial::new(placed, &parameters, &images, &seeds);
        let portable = trial.run(Width::Portable);
        for width in Width::available() {
            let ours = trial.run(width);
            case.assert_close("output", width, &ours.outputs, &case.output.data);
            case.assert_close("gradient of the input", width, &ours.d_images, &case.grad_input.data);
            for parameter in &placed[0].place.parameters {
                let golden = &case.grad_parameters[parameter.name.rsplit('.').next().unwrap()];
                let ours = &ours.d_parameters[parameter.range.clone()];
                case.assert_close(&parameter.name, width, ours, &golden.data);
            }
            assert!(same_bits(&portable, &ours), "{}: {width} has other bits", case.name);
        }
    }
}
