//! [`Settings`]: everything that decides a run; `config.toml` of a run is exactly this.

mod toml_file;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tenun_engine::{Layer, Loss, Method, Rewrite, Schedule, Shape, Spec};

use crate::augment::Augment;
use crate::data::{Colour, Fit};
use crate::preset::Change;
use crate::suggest;

pub(crate) use toml_file::{parse, parse_with, read_text};

/// Everything that decides a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which images.
    pub data: DataSettings,
    /// Which network.
    pub network: NetworkSettings,
    /// How it is trained.
    pub training: TrainingSettings,
}

/// Which images a run is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataSettings {
    /// The name of a data set, or a path.
    pub source: String,
    /// The share of the training images that is held out for validation. Where there is none, the official test
    /// split gives the validation curve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub val_fraction: Option<f64>,
    /// The seed by which images are held out; that of the training where there is none. The runs of a sweep share it,
    /// so that all of them are measured on the same images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
    /// Only so many training images, the first ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_train: Option<usize>,
    /// Only so many test images, the first ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_test: Option<usize>,
    /// Height and width to which images of a folder are brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<(usize, usize)>,
    /// How they are brought there.
    pub fit: Fit,
    /// Channels of the images of a folder.
    pub colour: Colour,
    /// Whether images that cannot be read are left out.
    pub skip_bad: bool,
}

/// Which network a run trains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NetworkSettings {
    /// The preset it comes from, if it comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// The layers, if they do not come from a preset; in a run's `config.toml` always, resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spec: Option<Layers>,
    /// What is different from the preset or the file.
    #[serde(flatten)]
    pub change: Change,
    /// Whether `spec` has that difference already, as in a run's `config.toml`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub resolved: bool,
}

/// The layers of a network, for images of any shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layers {
    /// From the images to the code.
    pub encoder: Vec<Layer>,
    /// From the code to the images; derived where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoder: Option<Vec<Layer>>,
}

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSettings {
    /// Times that every image is trained on: at least 1.
    pub epochs: u32,
    /// Images of a step: at least 1. The last batch of an epoch is what remains.
    pub batch_size: usize,
    /// The learning rate, at the peak of its schedule: above 0.
    pub learning_rate: f64,
    /// What is made small.
    pub loss: Loss,
    /// How the weights follow the gradient.
    pub optimizer: Method,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// The norm to which longer gradients are shortened: above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// From which all random numbers follow: below 2⁶³.
    pub seed: u64,
    /// How the training images are changed, another way in every epoch.
    #[serde(skip_serializing_if = "Augment::is_none")]
    pub augment: Augment,
    /// Whether the images come in another order in every epoch, or in the order of the file.
    pub shuffle: bool,
    /// Epochs without a better validation loss after which training stops, and the best weights are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u32>,
    /// Rewrites of the plan that training does without, to compare.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<Rewrite>,
    /// A file with the weights to begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub init: Option<PathBuf>,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            epochs: 20,
            batch_size: 128,
            learning_rate: 1e-3,
            loss: Loss::Bce,
            optimizer: Method::default(),
            schedule: Schedule::default(),
            clip_norm: None,
            seed: 1,
            augment: Augment::default(),
            shuffle: true,
            patience: None,
            without: Vec::new(),
            init: None,
        }
    }
}

/// A setting makes no sense, or a file of settings cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A number is out of its range.
    #[error("{setting}: expected {expected}, got {got}")]
    Value {
        /// The setting, as the program spells it.
        setting: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What it was given.
        got: String,
    },
    /// A number of the optimiser or the schedule is out of its range.
    #[error("{0}")]
    Words(String),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the parser says, with line and column.
        reason: String,
        /// The nearest known name, if a name is unknown.
        hint: Option<String>,
    },
}

impl SettingsError {
    /// What to do about it, if there is more to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File { hint, .. } => hint.clone(),
            Self::Io { path, .. } => suggest::path_question(path),
            _ => None,
        }
    }
}

fn require(
    holds: bool,
    setting: &'static str,
    expected: &'static str,
    got: impl ToString,
) -> Result<(), SettingsError> {
    if holds { Ok(()) } else { Err(SettingsError::Value { setting, expected, got: got.to_string() }) }
}

impl Settings {
    /// Checks every number, before any work starts.
    ///
    /// # Errors
    /// [`SettingsError`] for the first that is out of its range.
    pub fn check(&self) -> Result<(), SettingsError> {
        let Self { data, network, training } = self;
        if let Some(fraction) = data.val_fraction {
            require(
                fraction > 0.0 && fraction < 1.0,
                "--val-fraction",
                "a number between 0 and 1",
                fraction,
            )?;
        }
        for (limit, name) in [(data.limit_train, "--limit-train"), (data.limit_test, "--limit-test")] {
            require(limit != Some(0), name, "at least 1 image", 0)?;
        }
        if let Some((height, width)) = data.size {
            require(height > 0 && width > 0, "--size", "at least 1×1 pixels", format!("{height}x{width}"))?;
        }
        require(
            network.preset.is_some() || network.spec.is_some(),
            "--preset",
            "a preset, or a network from a file with --network",
            "neither",
        )?;
        network.change.check()?;
        let t = training;
        require(t.epochs > 0, "--epochs", "at least 1", t.epochs)?;
        require(t.batch_size > 0, "--batch-size", "at least 1 image", t.batch_size)?;
        let is_rate = t.learning_rate > 0.0 && t.learning_rate.is_finite();
        require(is_rate, "--lr", "a number above 0", t.learning_rate)?;
        if let Some(norm) = t.clip_norm {
            require(norm > 0.0 && norm.is_finite(), "--clip-norm", "a number above 0", norm)?;
        }
        require(t.patience != Some(0), "--patience", "at least 1 epoch", 0)?;
        require(i64::try_from(t.seed).is_ok(), "--seed", "a number below 2^63", t.seed)?;
        t.augment.check().map_err(SettingsError::Words)?;
        t.optimizer.check().map_err(SettingsError::Words)?;
        t.schedule.check().map_err(SettingsError::Words)
    }

    /// The settings in a run's `config.toml`.
    ///
    /// # Errors
    /// [`SettingsError::Io`] or [`SettingsError::File`].
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        parse(path)
    }

    /// As a run's `config.toml`.
    ///
    /// # Panics
    /// Never: every setting has a form in TOML once [`Self::check`] has passed.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).expect("settings that were checked have a form in TOML")
    }
}

impl Layers {
    /// The network for images of shape `input`.
    #[must_use]
    pub fn spec(&self, input: Shape) -> Spec {
        Spec { input, encoder: self.encoder.clone(), decoder: self.decoder.clone() }
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            refused(|s| s.training.learning_rate = f64::NAN),
            "--lr: expected a number above 0, got NaN"
        );
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
}
