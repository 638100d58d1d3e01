//! Settings, their table, their checks and their file.

use tenun_engine::Shape;

use super::*;

fn settings() -> Settings {
    Settings {
        data: DataSettings { source: "fashion-mnist".into(), ..DataSettings::default() },
        network: NetworkSettings { preset: Some("cae".into()), ..NetworkSettings::default() },
        training: TrainingSettings::default(),
    }
}

#[test]
fn settings_survive_their_file() {
    let mut settings = settings();
    settings.training.schedule.warmup_steps = 3;
    settings.training.clip_norm = Some(0.1);
    settings.training.learning_rate = 0.1 + 0.2;
    settings.data.size = Some((45, 37));
    let spec = crate::preset::find("cae").unwrap().spec(Shape::new(1, 28, 28));
    let spec = tenun_engine::Network::new(&spec).unwrap().spec();
    settings.network.spec = Some(Layers { encoder: spec.encoder, decoder: spec.decoder });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, settings.to_toml()).unwrap();
    assert_eq!(Settings::read(&path).unwrap(), settings);
}

#[test]
fn numbers_out_of_range_are_refused_by_the_name_of_their_flag() {
    let refused = |change: fn(&mut Settings)| {
        let mut settings = settings();
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    };
    settings().check().unwrap();
    assert_eq!(refused(|s| s.training.batch_size = 0), "--batch-size: expected at least 1 image, got 0");
    assert_eq!(refused(|s| s.training.learning_rate = f64::NAN), "--lr: expected a number above 0, got NaN");
    assert!(refused(|s| s.training.epochs = 0).starts_with("--epochs"));
    assert!(refused(|s| s.training.seed = u64::MAX).starts_with("--seed"));
    assert!(refused(|s| s.training.clip_norm = Some(0.0)).starts_with("--clip-norm"));
    assert!(refused(|s| s.training.patience = Some(0)).starts_with("--patience"));
    assert!(refused(|s| s.data.val_fraction = Some(1.0)).starts_with("--val-fraction"));
    assert!(refused(|s| s.data.limit_train = Some(0)).starts_with("--limit-train"));
    assert!(refused(|s| s.network.preset = None).starts_with("--preset"));
}

#[test]
fn a_slip_in_a_network_file_is_shown_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.toml");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        crate::preset::Recipe::read(&path)
    };
    let error = read("[[encoder]]\nlayer = \"conv\"\nfilters = 8\n").unwrap_err();
    assert!(error.to_string().contains("unknown variant `conv`"), "{error}");
    assert!(error.to_string().contains("line 2, column 9"), "{error}");
    assert_eq!(error.hint().as_deref(), Some("did you mean `conv2d`?"));
    let error = read("[[encoder]]\nlayer = \"conv2d\"\nfilter = 8\n").unwrap_err();
    assert_eq!(error.hint().as_deref(), Some("did you mean `filters`?"), "{error}");
    let layers =
        read("[[encoder]]\nlayer = \"conv2d\"\nfilters = 8\n[[encoder]]\nlayer = \"relu\"\n").unwrap();
    assert_eq!(layers.layers.encoder.len(), 2);
    assert!(matches!(
        crate::preset::Recipe::read(&folder.path().join("none")),
        Err(SettingsError::Io { .. })
    ));
}

/// The settings with every row of the table set to its example.
fn everything(rows: impl Iterator<Item = &'static Setting>) -> Settings {
    let mut settings = settings();
    for setting in rows {
        if let Some(only) = setting.only_with {
            settings.set(only.setting, Some(&only.examples()[0].into())).unwrap();
        }
        settings.set(setting, Some(&setting.example.into())).unwrap_or_else(|error| panic!("{error}"));
    }
    settings
}

#[test]
fn every_row_of_the_table_is_a_setting_and_says_all_of_it() {
    for setting in all() {
        let with = everything(std::iter::once(setting));
        let value = with.get(setting).unwrap_or_else(|| panic!("{setting:?} is no setting"));
        assert_eq!(setting.text(&value), setting.example, "{setting:?}");
        assert!(!setting.is_default(Some(&value)), "{setting:?}: its example is its default");
        with.check().unwrap_or_else(|error| panic!("{error}"));
        let row = (setting.label, setting.example.to_owned());
        assert!(changed(&with).contains(&row) && listed(&with).contains(&row), "{setting:?}");
        assert!(!setting.help.is_empty() && !setting.help.ends_with('.'), "{setting:?}");
        let same = |of: fn(&Setting) -> &str| all().filter(|other| of(other) == of(setting)).count();
        assert_eq!([same(|s| s.path), same(|s| s.flag), same(|s| s.label)], [1; 3], "{setting:?}");
        assert_eq!(find(setting.path), Some(setting));
        // What can be written in a file can be read back from it.
        assert_eq!(toml::from_str::<Settings>(&with.to_toml()).unwrap(), with);
    }
    assert!(changed(&settings()).iter().all(|(label, _)| *label == DATA.label), "{:?}", changed(&settings()));
}

#[test]
fn every_field_of_the_settings_has_a_row() {
    fn leaves(path: &str, value: &toml::Value, all: &mut Vec<String>) {
        match value {
            toml::Value::Table(table) => {
                let path = if path.is_empty() { String::new() } else { format!("{path}.") };
                table.iter().for_each(|(key, value)| leaves(&format!("{path}{key}"), value, all));
            }
            _ => all.push(path.to_owned()),
        }
    }
    let mut found = Vec::new();
    // What excludes one another is looked at in turn: every optimiser, every schedule, a preset and a file.
    for setting in all() {
        let with = everything(all().filter(|other| other.only_with.is_none()).chain([setting]));
        leaves("", &toml::Value::try_from(with).unwrap(), &mut found);
    }
    for path in &found {
        assert!(find(path).is_some(), "`{path}` is no row of the table");
    }
    for setting in all() {
        assert!(found.iter().any(|path| path == setting.path), "{setting:?} is no field");
    }
}

#[test]
fn what_has_no_effect_is_refused_and_another_kind_has_its_own_defaults() {
    let mut settings = settings();
    let set = |settings: &mut Settings, setting, value: &str| settings.set(setting, Some(&value.into()));
    let error = set(&mut settings, &MOMENTUM, "0.5").unwrap_err();
    assert_eq!(error.to_string(), "--momentum is for `--optimizer sgd` only");
    let error = set(&mut settings, &WEIGHT_DECAY, "0.5").unwrap_err();
    assert_eq!(error.to_string(), "--weight-decay is for `--optimizer adamw` or `sgd` only");
    set(&mut settings, &OPTIMIZER, "adamw").unwrap();
    assert_eq!(settings.get(&WEIGHT_DECAY), Some(0.01.into()));
    set(&mut settings, &WARMUP_STEPS, "5").unwrap();
    set(&mut settings, &OPTIMIZER, "sgd").unwrap();
    assert_eq!((settings.get(&WEIGHT_DECAY), settings.get(&MOMENTUM)), (Some(0.0.into()), Some(0.9.into())));
    set(&mut settings, &SCHEDULE, "step").unwrap();
    assert_eq!((settings.get(&STEP_EPOCHS), settings.get(&WARMUP_STEPS)), (Some(10.into()), Some(5.into())));
    settings.training.optimizer =
        tenun_engine::Method::Sgd(tenun_engine::optimizer::Sgd { momentum: 2.0, weight_decay: 0.0 });
    assert_eq!(
        settings.check().unwrap_err().to_string(),
        "--momentum: expected at least 0 and below 1, got 2"
    );
}

#[test]
fn help_says_what_holds_without_a_setting() {
    assert_eq!(EPOCHS.long_help(), "Number of passes over the training set [default: the preset's, else 20]");
    assert_eq!(SEED.long_help(), "Random seed [default: 1]");
    assert_eq!(MOMENTUM.long_help(), "Momentum coefficient, with --optimizer sgd [default: 0.9]");
    assert_eq!(
        WEIGHT_DECAY.long_help(),
        "Weight decay coefficient, with --optimizer adamw or sgd [default: 0.01 for adamw, 0 for sgd]"
    );
}

#[test]
fn sizes_are_height_first() {
    assert_eq!(SIZE.read("45x37").unwrap(), toml::Value::Array(vec![45.into(), 37.into()]));
    assert_eq!(SIZE.read("45×37").unwrap(), toml::Value::Array(vec![45.into(), 37.into()]));
    for text in ["", "45", "45x", "45x37x3", "0x3", "-1x3", "1.5x2", "99999999999999999999x1"] {
        assert!(SIZE.read(text).is_err(), "{text}");
    }
}
