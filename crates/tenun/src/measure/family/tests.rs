//! Families by their figures, on networks whose answer is known.

use tenun_engine::layer::{
    Corrupt, Corruption, Dense, Flatten, Penalty, Quantize, Reshape, Sampling, Sigmoid, Variance,
};
use tenun_engine::{Layer, Loss, Shape, Spec};

use super::*;
use crate::measure::{BCE, MSE};
use crate::model::ModelInfo;

const SHAPE: Shape = Shape { channels: 1, height: 4, width: 4 };

fn images(count: usize) -> Images {
    Images::new(SHAPE, (0..count * SHAPE.len()).map(|i| (i * 37 % 256) as u8).collect()).unwrap()
}

fn model(encoder: Vec<Layer>, decoder: Vec<Layer>) -> Model {
    let network = Network::new(&Spec { input: SHAPE, encoder, decoder: Some(decoder) }).unwrap();
    let parameters = network.initialise(1);
    Model::new(network, parameters, ModelInfo::new(None))
}

fn to_image() -> Vec<Layer> {
    vec![Dense { features: 16, bias: true }.into(), Reshape { shape: SHAPE }.into(), Sigmoid {}.into()]
}

fn value(found: &[Measurement], name: &str) -> f64 {
    found.iter().find(|of| of.metric.name == name).unwrap_or_else(|| panic!("{name}: {found:?}")).value
}

fn cpu() -> Cpu {
    Cpu::from_environment(Some(1)).unwrap()
}

#[test]
fn values_as_people_read_them() {
    let of = |metric, value| Measurement::new(metric, value, 20).metric.with_unit(value);
    assert_eq!(of(&CODES_USED, 256.0), "256");
    assert_eq!(of(&KL, 12.345_6), "12.35 nats per image");
    let several = Measurement { codebook: Some(2), ..Measurement::new(&CODES_USED, 1.0, 20) };
    assert_eq!(several.label(), "codebook vectors used (codebook 2)");
    assert_eq!(several.meaning(20), CODES_USED.meaning);
    assert!(several.meaning(60).ends_with("; of the first 20 images"));
}

#[test]
fn a_measurement_comes_back_from_json() {
    let several = Measurement { codebook: Some(2), ..Measurement::new(&CODES_USED, 7.0, 20) };
    for measurement in [several, Measurement::new(&KL, 1.5, 3)] {
        let json = serde_json::to_string(&measurement).unwrap();
        assert_eq!(serde_json::from_str::<Measurement>(&json).unwrap(), measurement, "{json}");
    }
    assert!(serde_json::from_str::<Measurement>(r#"{"name":"kll","value":1.0,"images":1}"#).is_err());
}

#[test]
fn a_plain_network_belongs_to_no_family() {
    let plain = model(vec![Dense { features: 3, bias: true }.into()], to_image());
    assert_eq!(measure(&plain, &images(5), 1, &cpu()).unwrap(), []);
    assert_eq!(denoising(&plain, &images(5), 1, &cpu()).unwrap(), None);
}

/// With all weights zero the code is drawn from the normal distribution itself and the decoder says ½ everywhere: the
/// divergence is 0, and both bounds are 16 log 2.
#[test]
fn the_bounds_of_a_network_that_knows_nothing() {
    let network = Network::new(&Spec {
        input: SHAPE,
        encoder: vec![
            Flatten {}.into(),
            Dense { features: 4, bias: true }.into(),
            Sampling::default().into(),
        ],
        decoder: Some(to_image()),
    })
    .unwrap();
    let zeros = vec![0.0; network.parameter_count()];
    let model = Model::new(network, zeros, ModelInfo::new(None));
    let figures = measure(&model, &images(20), 1, &cpu()).unwrap();
    assert_eq!(value(&figures, "kl"), 0.0);
    assert_eq!(value(&figures, "active_units"), 0.0);
    let expected = 16.0 * std::f64::consts::LN_2;
    for name in ["negative_elbo", "negative_iwae_50"] {
        assert!((value(&figures, name) - expected).abs() < 1e-4, "{name}: {figures:?}");
    }
}

/// As above, with pixels that are normally distributed about ½ with variance 1: both bounds are the density's own.
#[test]
fn the_bounds_of_normal_pixels_are_those_of_their_density() {
    let encoder =
        vec![Flatten {}.into(), Dense { features: 4, bias: true }.into(), Sampling::default().into()];
    let mut decoder = to_image();
    decoder.insert(2, Variance {}.into());
    let network = Network::new(&Spec { input: SHAPE, encoder, decoder: Some(decoder) }).unwrap();
    let zeros = vec![0.0; network.parameter_count()];
    let model = Model::new(network, zeros, ModelInfo::new(None));
    let images = images(20);
    let figures = measure(&model, &images, 1, &cpu()).unwrap();
    let squares: f64 = images.pixels().iter().map(|&byte| (f64::from(byte) / 255.0 - 0.5).powi(2)).sum();
    let expected = 0.5 * (squares / 20.0 + 16.0 * std::f64::consts::TAU.ln());
    for name in ["negative_elbo", "negative_iwae_50"] {
        assert!((value(&figures, name) - expected).abs() < 1e-4, "{name}: {figures:?}, expected {expected}");
    }
    assert_eq!(value(&figures, "pixel_deviation"), 1.0);
}

/// Importance weights never make the bound worse (Burda et al., theorem 1), and the plane has its corners.
#[test]
fn importance_weights_tighten_the_bound() {
    let encoder =
        vec![Flatten {}.into(), Dense { features: 4, bias: true }.into(), Sampling::default().into()];
    let model = model(encoder, to_image());
    let figures = measure(&model, &images(20), 1, &cpu()).unwrap();
    assert!(value(&figures, "negative_iwae_50") < value(&figures, "negative_elbo"), "{figures:?}");
    assert!(value(&figures, "kl") > 0.0);
    assert_eq!(plane(&model, 3, &cpu()).unwrap().unwrap().len(), 9 * SHAPE.len());
    let new = samples(&model, 7, 1, &cpu()).unwrap();
    assert_eq!(new.len(), 7 * SHAPE.len());
    assert_eq!(new, samples(&model, 7, 1, &cpu()).unwrap(), "the same seed gives the same images");
    assert_ne!(new, samples(&model, 7, 2, &cpu()).unwrap());
}

/// Half of the pixels black: the error before is that of the pixels lost, whatever the network makes of it.
#[test]
fn a_denoising_network_is_measured_on_corrupted_images() {
    let corrupt = Corrupt { kind: Corruption::Masking, amount: 0.5, ..Corrupt::default() };
    let model =
        model(vec![corrupt.into(), Flatten {}.into(), Dense { features: 3, bias: true }.into()], to_image());
    let images = images(400);
    assert_eq!(measure(&model, &images, 1, &cpu()).unwrap(), []);
    let denoising = denoising(&model, &images, 1, &cpu()).unwrap().unwrap();
    let energy = images.pixels().iter().map(|&b| (f64::from(b) / 255.0).powi(2)).sum::<f64>();
    let expected = 0.5 * energy / images.pixels().len() as f64;
    let got = denoising.corrupted.get(&MSE).unwrap();
    assert!((got / expected - 1.0).abs() < 0.05, "{got}, expected about {expected}");
    let clean =
        crate::measure::evaluate(&images, &model.reconstruct(&images, &cpu()).unwrap(), None).unwrap();
    assert_ne!(denoising.denoised.get(&MSE), clean.overall.get(&MSE));
    // Noise is no probability.
    assert_eq!((denoising.corrupted.get(&BCE), denoising.corrupted.by(Loss::Gaussian)), (None, Some(got)));
    assert!(denoising.denoised.by(Loss::Bce) > denoising.denoised.floor(&BCE));
    let json = serde_json::to_string(&denoising).unwrap();
    assert_eq!(serde_json::from_str::<Denoising>(&json).unwrap(), denoising, "{json}");
}

#[test]
fn a_codebook_and_a_sparse_code_are_measured() {
    let encoder = vec![
        Flatten {}.into(),
        Dense { features: 4, bias: true }.into(),
        Penalty::default().into(),
        Quantize { codes: 8, ..Quantize::default() }.into(),
    ];
    let quantised = model(encoder, to_image());
    let figures = measure(&quantised, &images(20), 1, &cpu()).unwrap();
    assert_eq!(value(&figures, "code_bits"), 3.0);
    assert!((0.0..=1.0).contains(&value(&figures, "code_hoyer")));
}

/// Pixels are black, or in one of four images white: two of eight vectors, whatever training kept of their uses.
#[test]
fn the_use_of_a_codebook_is_counted() {
    let spec = Spec {
        input: SHAPE,
        encoder: vec![Quantize { codes: 8, ..Quantize::default() }.into()],
        decoder: Some(vec![Sigmoid {}.into()]),
    };
    let network = Network::new(&spec).unwrap();
    let codebook = (0..8).map(|k| k as f32 / 7.0);
    let model = Model::new(network, codebook.chain([1.0; 8]).collect(), ModelInfo::new(None));
    let pixels = (0..4 * SHAPE.len()).map(|i| if i < SHAPE.len() { 255 } else { 0 }).collect();
    let figures = measure(&model, &Images::new(SHAPE, pixels).unwrap(), 1, &cpu()).unwrap();
    assert_eq!(value(&figures, "codes_used"), 2.0);
    // exp(−¼ log ¼ − ¾ log ¾)
    assert!((value(&figures, "perplexity") - 4.0 / 3f64.powf(0.75)).abs() < 1e-9);
    assert_eq!(value(&figures, "code_bits"), 48.0);
}
