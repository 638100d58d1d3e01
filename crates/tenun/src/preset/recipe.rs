//! [`Recipe`]: a network, and how it is trained, from a TOML file. Presets are such files.

use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::{Stages, stages};
use crate::settings::{
    self, Layers, NetworkSettings, Settings, SettingsError, TrainingSettings, parse_with, place_of, read_text,
};

/// A network, and how it is trained unless other settings are given.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// What it is, in a sentence.
    pub about: String,
    /// The layers, for images of any shape.
    pub layers: Layers,
    /// How it is trained.
    pub training: TrainingSettings,
}

/// A file: the short form `[network]`, or the layers one by one, and `[training]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    about: String,
    network: Option<Stages>,
    encoder: Option<Vec<tenun_engine::Layer>>,
    decoder: Option<Vec<tenun_engine::Layer>>,
    #[serde(default)]
    training: Table,
}

impl Recipe {
    /// Reads a file.
    ///
    /// ```toml
    /// [network]
    /// stages = [32, 16, 8]
    ///
    /// [training]
    /// epochs = 5
    /// learning_rate = 0.01
    /// schedule = { name = "one-cycle" }
    /// ```
    ///
    /// # Errors
    /// [`SettingsError::Io`], or [`SettingsError::File`] with line, column and the nearest known name.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        Self::parse(&read_text(path)?, path)
    }

    /// The settings of a run that names this network, in `file`, and says nothing else; which images are left open.
    #[must_use]
    pub fn settings(&self, file: &Path) -> Settings {
        let (file, spec) = (Some(file.to_owned()), Some(self.layers.clone()));
        let network = NetworkSettings { file, spec, ..NetworkSettings::default() };
        Settings { network, training: self.training.clone(), ..Settings::default() }
    }

    /// As [`Self::read`], of a text that is called `path` in errors.
    ///
    /// # Errors
    /// [`SettingsError::File`] with line, column and the nearest known name.
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let wrong = |reason: &str, hint: &str| SettingsError::File {
            path: path.to_owned(),
            reason: reason.to_owned(),
            hint: Some(hint.to_owned()),
        };
        let file: File = parse_with(text, path, meant)?;
        if let Some(stages) = &file.network {
            stages.check().map_err(|reason| wrong(&reason, "take fewer stages, or fewer layers in each"))?;
        }
        let layers = match (file.network, file.encoder, file.decoder) {
            (Some(stages), None, decoder) => Layers { encoder: stages.encoder(), decoder },
            (None, Some(encoder), decoder) => Layers { encoder, decoder },
            (Some(_), Some(_), _) => {
                return Err(wrong("both `[network]` and `[[encoder]]` are given", "keep one of them"));
            }
            (None, None, _) => {
                let hint = "give `[network]` with `stages = [32, 16, 8]`, or a list of `[[encoder]]` layers";
                return Err(wrong("there is no network", hint));
            }
        };
        Ok(Self { about: file.about, layers, training: training(&file.training, text, path)? })
    }
}

/// Keys that people bring from elsewhere, by one that the table has for which they are meant, and what to write instead.
const INSTEAD: [(&str, &[(&str, &str)]); 3] = [
    ("stages", stages::INSTEAD),
    (
        "encoder",
        &[
            (
                "layers",
                "the list of layers is `[[encoder]]`; a decoder is derived unless there is `[[decoder]]`",
            ),
            ("model", "`[network]` with `stages`, or a list of `[[encoder]]` layers"),
            ("stages", "`stages` belongs under `[network]`"),
            ("epochs", "`epochs` belongs under `[training]`"),
            ("learning_rate", "`learning_rate` belongs under `[training]`"),
        ],
    ),
    (
        "learning_rate",
        &[
            ("lr", "did you mean `learning_rate`?"),
            ("batch", "did you mean `batch_size`?"),
            ("weight_decay", "`optimizer = { name = \"adamw\", weight_decay = 1e-4 }`"),
            ("momentum", "`optimizer = { name = \"sgd\", momentum = 0.9 }`"),
        ],
    ),
];

/// What was meant by a key that is not among those of its table.
fn meant(given: &str, known: &[&str]) -> Option<String> {
    let (_, instead) = INSTEAD.iter().find(|(key, _)| known.contains(key))?;
    instead.iter().find(|(name, _)| *name == given).map(|(_, words)| (*words).to_owned())
}

/// The paths of all values under `path`.
fn leaves(path: &str, table: &Table) -> Vec<String> {
    let leaves = table.iter().flat_map(|(key, value)| {
        let path = format!("{path}.{key}");
        match value {
            Value::Table(table) => leaves(&path, table),
            _ => vec![path],
        }
    });
    leaves.collect()
}

/// The settings that a file gives, over those that hold without it. Read on its own, so that an error names the place.
fn training(given: &Table, text: &str, path: &Path) -> Result<TrainingSettings, SettingsError> {
    #[derive(Deserialize)]
    struct Training {
        #[serde(default)]
        training: TrainingSettings,
    }
    let wrong = |reason: String, hint| SettingsError::File { path: path.to_owned(), reason, hint };
    for key in leaves("training", given) {
        match settings::find(&key) {
            Some(setting) if !setting.is_of_network => {
                let reason = format!("{}`{key}` belongs to a run and not to a network", place_of(text, &key));
                return Err(wrong(reason, Some(format!("give it as `{}`", setting.argument()))));
            }
            // A key that there is not is refused by the type of its table, with its place.
            _ => {}
        }
    }
    Ok(parse_with::<Training>(text, path, meant)?.training)
}

/// Whether a table of settings has nothing in it, for tests of the files themselves.
#[cfg(test)]
pub(super) fn has_training(text: &str) -> bool {
    let table: Table = text.parse().expect("a preset is TOML");
    matches!(table.get("training"), Some(toml::Value::Table(table)) if !table.is_empty())
}
