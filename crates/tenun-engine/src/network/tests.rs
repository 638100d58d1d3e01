//! Networks: the reference network's numbers, decoders derived for every size, and errors that show the chain.

use proptest::prelude::*;

use super::*;
use crate::layer::*;

/// The encoder of the reference network.
fn cae_encoder() -> Vec<Layer> {
    [32, 16, 8]
        .into_iter()
        .flat_map(|filters| {
            [Conv2d { filters, ..Conv2d::default() }.into(), Relu {}.into(), MaxPool::default().into()]
        })
        .collect()
}

fn conv(filters: usize) -> Layer {
    Conv2d { filters, ..Conv2d::default() }.into()
}

#[test]
fn the_reference_network_is_derived_from_its_encoder() {
    let spec = Spec { input: Shape::new(1, 28, 28), encoder: cae_encoder(), decoder: None };
    let network = Network::new(&spec).unwrap();
    let valid = Conv2d { filters: 32, padding: Padding::Valid, ..Conv2d::default() };
    let up = || Layer::from(Upsample::default());
    let relu = || Layer::from(Relu {});
    let decoder = vec![
        conv(8),
        relu(),
        up(),
        conv(16),
        relu(),
        up(),
        valid.into(),
        relu(),
        up(),
        conv(1),
        Sigmoid {}.into(),
    ];
    assert_eq!(network.spec().decoder, Some(decoder));
    assert_eq!(network.parameter_count(), 12_785);
    assert_eq!(network.latent(), Shape::new(8, 4, 4));
    assert_eq!(network.multiply_adds(), 2_397_312);
    let names: Vec<&str> = network.parameters().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names[0], "encoder.conv1.weight");
    assert_eq!(names[5], "encoder.conv3.bias");
    assert_eq!(names[13], "decoder.conv4.bias");
    assert_eq!(network.parameters()[2].axes, [16, 32, 3, 3]);
}

#[test]
fn initial_weights_are_glorot_uniform_and_depend_on_the_seed() {
    let network =
        Network::new(&Spec { input: Shape::new(1, 28, 28), encoder: cae_encoder(), decoder: None }).unwrap();
    let weights = network.initialise(1);
    assert_eq!(weights, network.initialise(1));
    assert_ne!(weights, network.initialise(2));
    for parameter in network.parameters() {
        let values = &weights[parameter.range.clone()];
        if parameter.name.ends_with("bias") {
            assert!(values.iter().all(|&x| x == 0.0));
            continue;
        }
        let limit = (6.0 / (9 * (parameter.axes[0] + parameter.axes[1])) as f32).sqrt();
        assert!(values.iter().all(|x| x.abs() <= limit), "{}", parameter.name);
        let variance = values.iter().map(|x| x * x).sum::<f32>() / values.len() as f32;
        // Uniform numbers have a third of the squared limit; over 288 or more of them that is met to a fifth.
        assert!((variance / (limit * limit / 3.0) - 1.0).abs() < 0.2, "{}: {variance}", parameter.name);
    }
}

#[test]
fn a_layer_that_does_not_fit_is_named_with_the_chain_before_it() {
    let encoder = vec![
        conv(4),
        MaxPool::default().into(),
        Conv2d { kernel: 9, padding: Padding::Valid, ..Conv2d::default() }.into(),
    ];
    let error = Network::new(&Spec { input: Shape::new(1, 12, 12), encoder, decoder: None }).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("encoder.conv2 (conv2d) cannot take 6×6×4: a 9×9 kernel does not fit"),
        "{text}"
    );
    assert!(text.contains("encoder.pool1    6×6×4  max 2×2  ← what encoder.conv2 is given"), "{text}");
}

#[test]
fn a_decoder_that_ends_elsewhere_is_refused_with_the_whole_chain() {
    let up = || Layer::from(Upsample::default());
    let decoder = vec![conv(8), up(), conv(16), up(), conv(32), up(), conv(1), Sigmoid {}.into()];
    let spec = Spec { input: Shape::new(1, 28, 28), encoder: cae_encoder(), decoder: Some(decoder) };
    let error = Network::new(&spec).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the decoder ends at 32×32×1, but the images are 28×28×1\n"), "{text}");
    assert!(text.contains("decoder.sigmoid1   32×32×1  ← expected 28×28×1"), "{text}");
    assert!(text.contains("decoder.up1          8×8×8  ×2"), "{text}");
    assert!(error.hint().unwrap().contains("crop 4 rows and 4 columns"));
}

#[test]
fn a_residual_body_has_names_of_its_part() {
    let residual = Residual { body: vec![conv(4), Relu {}.into(), conv(4)] };
    let encoder = vec![conv(4), residual.into(), MaxPool::default().into(), conv(2)];
    let network = Network::new(&Spec { input: Shape::new(1, 8, 8), encoder, decoder: None }).unwrap();
    let names: Vec<&str> = network.parameters().iter().map(|p| p.name.as_str()).collect();
    assert_eq!(
        &names[..8],
        [
            "encoder.conv1.weight",
            "encoder.conv1.bias",
            "encoder.conv2.weight",
            "encoder.conv2.bias",
            "encoder.conv3.weight",
            "encoder.conv3.bias",
            "encoder.conv4.weight",
            "encoder.conv4.bias",
        ]
    );
    let mut end = 0;
    for parameter in network.parameters() {
        assert_eq!(parameter.range.start, end, "{}", parameter.name);
        end = parameter.range.end;
    }
    assert_eq!(end, network.parameter_count());
}

#[test]
fn nothing_and_too_much_are_refused() {
    let network = |channels, height, width, encoder: Vec<Layer>| {
        Network::new(&Spec { input: Shape::new(channels, height, width), encoder, decoder: None })
    };
    assert!(matches!(network(0, 28, 28, vec![conv(1)]), Err(SpecError::Input(_))));
    assert!(matches!(network(1 << 40, 1 << 40, 1, vec![conv(1)]), Err(SpecError::Input(_))));
    assert!(matches!(network(1, 8, 8, vec![]), Err(SpecError::Empty(Part::Encoder))));
    let huge = Dense { features: usize::MAX / 2, bias: true };
    assert!(network(3, 8, 8, vec![huge.into()]).is_err());
}

/// Encoders as people write them.
fn encoders() -> impl Strategy<Value = Vec<Layer>> {
    let activation = prop_oneof![
        Just(Layer::from(Relu {})),
        Just(Layer::from(Silu {})),
        Just(Layer::from(LeakyRelu::default())),
        Just(Layer::from(Tanh {})),
    ];
    let down = (0usize..4, 2usize..4, any::<bool>());
    let stage = (1usize..3, prop::sample::select(vec![1usize, 3, 5]), down, any::<bool>(), any::<bool>());
    let stages = prop::collection::vec(stage, 1..4);
    (activation, stages, prop::option::of(1usize..20)).prop_map(|(activation, stages, dense)| {
        let mut layers = Vec::new();
        for (filters, kernel, (down, size, up), norm, residual) in stages {
            let filters = 2 * filters;
            let stride = if down == 0 { 2 } else { 1 };
            layers.push(Conv2d { filters, kernel, stride, ..Conv2d::default() }.into());
            if norm {
                layers.push(GroupNorm { groups: 2, ..GroupNorm::default() }.into());
            }
            layers.push(activation.clone());
            if residual {
                layers.push(Residual { body: vec![conv(filters), activation.clone()] }.into());
            }
            let rounding = if up { Rounding::Up } else { Rounding::Down };
            match down {
                1 => layers.push(MaxPool { size, rounding }.into()),
                2 => layers.push(AveragePool { size, rounding }.into()),
                _ => {}
            }
        }
        if let Some(features) = dense {
            layers.push(Flatten {}.into());
            layers.push(Dense { features, bias: true }.into());
        }
        layers
    })
}

proptest! {
    #![proptest_config(crate::testing::cases(400))]

    /// Whatever the size of the images, the derived decoder ends there.
    #[test]
    fn a_derived_decoder_fits(encoder in encoders(), channels in 1usize..4, height in 9usize..70, width in 9usize..70) {
        let input = Shape::new(channels, height, width);
        let fits = encoder.iter().try_fold(input, |shape, layer| layer.infer(shape)).is_ok();
        prop_assume!(fits);
        let network = Network::new(&Spec { input, encoder, decoder: None }).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(network.output(), input);
        prop_assert!(network.ends_in_sigmoid());
        let written_out = Network::new(&network.spec()).unwrap();
        prop_assert_eq!(written_out, network);
    }
}
