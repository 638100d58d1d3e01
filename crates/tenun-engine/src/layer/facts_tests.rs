//! What layers say of themselves: settings that cannot be, names in files, the table of `tenun layers`, facts that have to agree.

use super::*;

#[test]
fn settings_that_cannot_be_are_refused_in_words() {
    let shape = Shape::new(3, 5, 5);
    let refused: [(Layer, &str); 12] = [
        (Conv2d { filters: 0, ..Conv2d::default() }.into(), "`filters` is 0"),
        (Conv2d { kernel: 4, ..Conv2d::default() }.into(), "odd, such as 5"),
        (Conv2d { stride: 3, ..Conv2d::default() }.into(), "1 or 2"),
        (Conv2d { kernel: 7, padding: Padding::Valid, ..Conv2d::default() }.into(), "does not fit into 5×5"),
        (MaxPool { size: 1, rounding: Rounding::Up }.into(), "at least 2"),
        (AveragePool { size: 6, rounding: Rounding::Down }.into(), "does not fit"),
        (Upsample { factor: 1 }.into(), "at least 2"),
        (Dense { features: 0, bias: true }.into(), "`features` is 0"),
        (Crop { top: 3, bottom: 2, ..Crop::default() }.into(), "nothing of 5×5"),
        (GroupNorm { groups: 2, ..GroupNorm::default() }.into(), "divide the 3 channels"),
        (Dropout { rate: 1.0 }.into(), "below 1"),
        (Reshape { shape: Shape::new(2, 5, 5) }.into(), "75 numbers"),
    ];
    for (layer, words) in refused {
        let why = layer.infer(shape).expect_err(layer.name());
        assert!(why.contains(words), "{}: {why}", layer.name());
    }
    assert!(LeakyRelu { slope: f32::NAN }.infer(shape).is_err());
    assert!(Upsample { factor: usize::MAX }.infer(shape).is_err());
}

#[test]
fn layers_are_named_in_files() {
    let layer: Layer = serde_json::from_str(r#"{"layer":"conv2d","filters":32}"#).unwrap();
    assert_eq!(layer, Conv2d { filters: 32, ..Conv2d::default() }.into());
    assert_eq!(layer.name(), "conv2d");
    for name in Layer::NAMES {
        assert_eq!(example(name).name(), *name);
    }
}

/// A layer of that name, with the defaults of all settings that have one.
fn example(name: &str) -> Layer {
    let needs = match name {
        "reshape" => r#","shape":{"channels":1,"height":1,"width":1}"#,
        "residual" => r#","body":[{"layer":"tanh"}]"#,
        _ => "",
    };
    serde_json::from_str(&format!(r#"{{"layer":"{name}"{needs}}}"#)).unwrap()
}

#[test]
fn every_setting_is_listed_and_every_listed_one_is_taken() {
    for description in Layer::descriptions() {
        let name = description.name;
        assert!(!description.about.is_empty() && !description.shapes.is_empty(), "{name}");
        assert!(description.about.chars().count() < 90, "{name}: {}", description.about);
        let layer = example(name);
        let Ok(serde_json::Value::Object(table)) = serde_json::to_value(&layer) else { panic!("{name}") };
        let mut written: Vec<&str> = table.keys().map(String::as_str).filter(|key| *key != "layer").collect();
        let mut listed: Vec<&str> = description.settings.iter().map(|setting| setting.name).collect();
        written.sort_unstable();
        listed.sort_unstable();
        assert_eq!(written, listed, "{name}");
        for setting in &description.settings {
            assert!(!setting.about.is_empty(), "{name}: {}", setting.name);
            for key in setting.aliases {
                let mut renamed = table.clone();
                let value = renamed.remove(setting.name).unwrap();
                renamed.insert((*key).to_owned(), value);
                assert_eq!(serde_json::from_value::<Layer>(renamed.into()).unwrap(), layer, "{name}: {key}");
            }
            for choice in &setting.choices {
                let mut changed = table.clone();
                changed.insert(setting.name.to_owned(), choice.name.into());
                let changed: Layer = serde_json::from_value(changed.into()).unwrap();
                assert_eq!(changed.name(), name, "{}", choice.name);
            }
        }
        let mut unknown = table.clone();
        unknown.insert("?".to_owned(), 1.into());
        assert!(serde_json::from_value::<Layer>(unknown.into()).is_err(), "{name}");
        for alias in description.aliases {
            assert_eq!(Layer::describe(alias).unwrap().name, name);
        }
    }
    assert_eq!(Layer::describe("conv2d").unwrap().settings[0].default.as_deref(), Some("1"));
    assert_eq!(Layer::describe("conv2d").unwrap().settings[3].kind, r#""same" or "valid""#);
}

/// What the roles say of a layer has to be what its other facts say.
#[test]
fn facts_of_a_layer_agree() {
    for name in Layer::NAMES {
        let mut layer = example(name);
        let role = layer.role();
        assert_eq!(
            layer.adds_to_loss(),
            matches!(role, Role::Regulariser | Role::Sampling | Role::Quantisation),
            "{name}"
        );
        assert_eq!(layer.dropout_rate().is_some(), role == Role::Dropout, "{name}");
        assert_eq!(layer.codebook().is_some(), role == Role::Quantisation, "{name}");
        assert_eq!(!layer.body().is_empty(), role == Role::Residual, "{name}");
        let before = layer.clone();
        layer.widen(1.0);
        assert_eq!(layer, before, "{name}");
        layer.widen(3.0);
        assert_eq!(layer != before, role.is_linear_map(), "{name}");
    }
}
