//! Model files: there and back, and everything that can be wrong with one.

use safetensors::tensor::{Dtype, TensorView};
use tenun_engine::{Shape, Width};

use super::*;
use crate::preset;

fn model() -> Model {
    let network = Network::new(&preset::find("cae").unwrap().spec(Shape::new(1, 28, 28))).unwrap();
    let parameters = network.initialise(7);
    Model::new(network, parameters, ModelInfo::new(Some("cae".into())))
}

fn saved(folder: &tempfile::TempDir) -> std::path::PathBuf {
    let path = folder.path().join("model.safetensors");
    model().save(&path).unwrap();
    path
}

#[test]
fn a_model_survives_its_file_and_equal_models_are_equal_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(&folder);
    assert_eq!(Model::load(&path).unwrap(), model());
    assert_eq!(Model::load(folder.path()).unwrap(), model());
    let first = std::fs::read(&path).unwrap();
    Model::load(&path).unwrap().save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
}

#[test]
fn the_digest_covers_every_weight_and_the_shape() {
    let folder = tempfile::tempdir().unwrap();
    let digest = model().sha256();
    assert_eq!((digest.len(), Model::load(&saved(&folder)).unwrap().sha256()), (64, digest.clone()));
    for at in [0, model().parameters.len() - 1] {
        let mut other = model();
        other.parameters[at] += 1.0;
        assert_ne!(other.sha256(), digest, "parameter {at}");
    }
    let wide = Network::new(&preset::find("cae").unwrap().spec(Shape::new(1, 28, 32))).unwrap();
    let other = Model::new(wide, model().parameters, ModelInfo::new(None));
    assert_ne!(other.sha256(), digest);
}

/// Writes the tensors of a model after `change`, with the model's own description.
fn altered(
    folder: &tempfile::TempDir,
    change: impl FnOnce(&mut Vec<(String, Vec<usize>, Vec<f32>)>),
) -> ModelError {
    let path = saved(folder);
    let description = Tensors::read(&path).unwrap().description.unwrap();
    let model = model();
    let mut tensors: Vec<_> = tensors::named(&model.network, &model.parameters)
        .map(|(name, axes, x)| (name, axes, x.to_vec()))
        .collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, axes, x)| (name.clone(), axes.clone(), x.as_slice()));
    Tensors::write(&path, description, views).unwrap();
    Model::load(&path).unwrap_err()
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = altered(&folder, |tensors| drop(tensors.remove(3)));
    assert!(
        error.to_string().contains("`encoder.conv2.bias`: expected axes [16], got no such tensor"),
        "{error}"
    );
    let error = altered(&folder, |tensors| tensors.push(("stranger".into(), vec![1], vec![0.0])));
    assert!(error.to_string().contains("`stranger`: expected no tensor of that name"), "{error}");
    let error = altered(&folder, |tensors| tensors[0].1 = vec![32, 9]);
    assert!(
        error.to_string().contains("`encoder.conv1.weight`: expected axes [32, 1, 3, 3], got axes [32, 9]")
    );
    let error = altered(&folder, |tensors| tensors[1].2[4] = f32::NAN);
    assert!(
        error.to_string().contains("`encoder.conv1.bias`: expected finite numbers, got NaN at position 4")
    );
    assert!(error.hint().is_some());
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(&folder);
    let whole = std::fs::read(&path).unwrap();
    for length in [0, 1, 7, 8, 9, 100, 1000, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = Model::load(&path).unwrap_err();
        assert!(matches!(error, ModelError::Container { .. }), "{length} bytes: {error}");
    }
    let mut huge = (1u64 << 60).to_le_bytes().to_vec();
    huge.extend_from_slice(&whole[8..]);
    std::fs::write(&path, huge).unwrap();
    assert!(matches!(Model::load(&path), Err(ModelError::Container { .. })));
}

#[test]
fn another_type_and_a_missing_description_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.safetensors");
    let half = TensorView::new(Dtype::F16, vec![2], &[0; 4]).unwrap();
    std::fs::write(&path, safetensors::serialize([("w", half)], None).unwrap()).unwrap();
    let error = Model::load(&path).unwrap_err();
    assert!(error.to_string().contains("32-bit floats"), "{error}");
    let single = TensorView::new(Dtype::F32, vec![1], &[0; 4]).unwrap();
    std::fs::write(&path, safetensors::serialize([("w", single)], None).unwrap()).unwrap();
    let error = Model::load(&path).unwrap_err();
    assert!(error.to_string().contains("does not say which network"), "{error}");
    assert!(matches!(Model::load(&folder.path().join("none")), Err(ModelError::Io { .. })));
}

#[test]
fn a_later_format_and_a_broken_network_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(&folder);
    let description = Tensors::read(&path).unwrap().description.unwrap();
    let with = |text: String| {
        Tensors::write(&path, text, tensors::named(&model().network, &model().parameters)).unwrap();
        Model::load(&path).unwrap_err()
    };
    let error = with(description.replace("\"format\":1", "\"format\":2"));
    assert!(error.to_string().contains("update tenun"), "{error}");
    let error = with(description.replace("\"filters\":1,", "\"filters\":2,"));
    assert!(matches!(error, ModelError::Network { .. }), "{error}");
    let error = with("{\"format\":1".into());
    assert!(matches!(error, ModelError::Description { .. }), "{error}");
}

#[test]
fn images_and_codes_of_another_size_are_refused() {
    let cpu = Cpu::new(Some(1), Width::detect()).unwrap();
    let model = model();
    let images = Images::new(Shape::new(3, 8, 8), vec![0; 3 * 64]).unwrap();
    let error = model.transform(&images, &cpu).unwrap_err();
    assert!(error.to_string().contains("28×28×1, these are 8×8×3"), "{error}");
    assert!(error.hint().unwrap().contains("--size 28x28"));
    assert!(model.inverse_transform(&[0.0; 127], &cpu).is_err());
    assert!(model.inverse_transform(&[f32::INFINITY; 128], &cpu).unwrap_err().to_string().contains("row 0"));
}

#[test]
fn scores_are_means_of_losses() {
    let cpu = Cpu::new(Some(2), Width::detect()).unwrap();
    let model = model();
    let images =
        Images::new(Shape::new(1, 28, 28), (0..20 * 784).map(|i| (i * 31 % 256) as u8).collect()).unwrap();
    let reconstructions = model.reconstruct(&images, &cpu).unwrap();
    let squares = reconstructions
        .iter()
        .zip(images.pixels())
        .map(|(p, &t)| f64::from(p - f32::from(t) / 255.0).powi(2));
    let mean = squares.sum::<f64>() / reconstructions.len() as f64;
    assert!((model.score(&images, &cpu).unwrap() - mean).abs() < 1e-7);
    let codes = model.transform(&images, &cpu).unwrap();
    assert_eq!(model.inverse_transform(&codes, &cpu).unwrap(), reconstructions);
}
