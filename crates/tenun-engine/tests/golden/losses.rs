//! Losses and their gradients by the prediction.

use serde_json::Value;
use tenun_engine::layer::{Dense, Flatten, Reshape, Sigmoid};
use tenun_engine::{Batch, Images, Layer, Loss, Network, Shape, Spec, TrainingPlan};

use super::{bits, furthest, largest, processors};

/// Of the largest number: as for layers. Logits of ±1000 are among the predictions.
const TOLERANCE: f64 = 2e-6;

/// A network that predicts its own bias, whatever it is shown: with weights of zero, the loss is that of the bias
/// against the image, and the gradient of the bias is that of the prediction.
fn predicts_its_bias(image: Shape, sigmoid: bool) -> Network {
    let mut decoder: Vec<Layer> =
        vec![Dense { features: image.len(), bias: true }.into(), Reshape { shape: image }.into()];
    if sigmoid {
        decoder.push(Sigmoid {}.into());
    }
    Network::new(&Spec { input: image, encoder: vec![Flatten {}.into()], decoder: Some(decoder) })
        .expect("a network that fits together")
}

fn numbers(of: &Value) -> Vec<f64> {
    of.as_array().expect("numbers").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn floats(of: &Value) -> Vec<f32> {
    numbers(of).into_iter().map(|x| x as f32).collect()
}

#[test]
fn every_loss_is_pytorchs() {
    let golden: Value = serde_json::from_str(include_str!("layers.json")).unwrap();
    let cases = golden["losses"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (loss, sigmoid) = match name {
            "bce_with_logits" => (Loss::Bce, true),
            "mse" => (Loss::Mse, false),
            "mae" => (Loss::Mae, false),
            "mse_of_sigmoid" => (Loss::Mse, true),
            "mae_of_sigmoid" => (Loss::Mae, true),
            _ => panic!("no loss is called {name}"),
        };
        let axes = numbers(&case["target"]["shape"]).into_iter().map(|n| n as usize).collect::<Vec<_>>();
        let shape = Shape::new(axes[1], axes[2], axes[3]);
        let network = predicts_its_bias(shape, sigmoid);
        let (predictions, targets) = (floats(&case["prediction"]["data"]), floats(&case["target"]["data"]));
        let mut first: Option<Vec<u32>> = None;
        for cpu in processors() {
            let mut plan = TrainingPlan::new(&network, loss, &cpu).unwrap();
            let (mut losses, mut gradients) = (Vec::new(), Vec::new());
            for (image, prediction) in predictions.chunks_exact(shape.len()).enumerate() {
                let mut parameters = vec![0.0; network.parameter_count()];
                let bias = network.parameters()[1].range.clone();
                parameters[bias.clone()].copy_from_slice(prediction);
                let (mut gradient, mut one) = (vec![0.0; parameters.len()], [0.0]);
                let indices = [image as u32];
                let batch = Batch {
                    images: Images::Floats(&targets),
                    indices: &indices,
                    numbers: &indices,
                    seed: 0,
                    epoch: 0,
                };
                plan.gradient(&parameters, &batch, &mut gradient, &mut one, &mut []);
                losses.extend(one);
                // The golden gradient is that of the mean over all images.
                gradients.extend(gradient[bias].iter().map(|g| g / axes[0] as f32));
            }
            let width = cpu.width();
            for (what, ours, golden) in [
                ("losses", &losses, numbers(&case["image_losses"])),
                ("gradients", &gradients, numbers(&case["grad_prediction"]["data"])),
            ] {
                let (off, allowed) = (furthest(ours, &golden), TOLERANCE * largest(&golden));
                assert!(off <= allowed, "{what} of {name} with {width}: off by {off}, allowed {allowed}");
            }
            let ours = bits(&[losses, gradients].concat());
            assert!(*first.get_or_insert(ours.clone()) == ours, "{name}: {width} has other bits");
        }
    }
}
