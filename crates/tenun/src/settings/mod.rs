//! [`Settings`]: everything that decides a run; `config.toml` of a run is exactly this.
//!
//! What is to be known of a setting stands in one row of a table, beside its field: `data.rs`, `network.rs` and
//! `training.rs` hold both. `table.rs` says what a row is, `values.rs` gets and sets settings by their paths, `defaults.rs`
//! knows what holds where one is not given, `check.rs` checks them before any work starts, `file.rs` and `toml_file.rs` read and write them.

mod check;
pub mod control;
mod data;
mod defaults;
mod file;
mod network;
mod table;
#[cfg(test)]
mod tests;
mod toml_file;
mod training;
mod values;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use data::*;
pub use defaults::{arguments, changed, listed, network_title};
pub use network::*;
pub use toml::Value;

pub use table::{Choice, OnlyWith, Range, Setting, Takes};
pub(crate) use toml_file::{parse, parse_with, place_of, read_text};
pub use training::*;
pub use values::Values;

use crate::names::{escaped, shown};
use crate::suggest;

/// Everything that decides a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which images.
    pub data: DataSettings,
    /// Which network.
    pub network: NetworkSettings,
    /// How it is trained.
    pub training: TrainingSettings,
}

/// Every setting. One that decides whether others have an effect comes before them.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    [data::ROWS, network::ROWS, training::ROWS].into_iter().flatten().copied()
}

/// The setting of this path or short name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.path == name || setting.short_name() == Some(name))
}

/// A setting makes no sense, or a file of settings cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A number is out of its range.
    #[error("{}: expected {expected}, got {}", setting.argument(), escaped(got))]
    Value {
        /// The setting.
        setting: &'static Setting,
        /// What it takes.
        expected: String,
        /// What it was given.
        got: String,
    },
    /// A value of another type.
    #[error("{}: {reason}; got {}", setting.argument(), escaped(got))]
    Type {
        /// The setting.
        setting: &'static Setting,
        /// What its type says.
        reason: String,
        /// What it was given.
        got: String,
    },
    /// A setting that another one leaves without effect.
    #[error("{} is for {} only", setting.argument(), only_with(setting))]
    NoEffect {
        /// The setting.
        setting: &'static Setting,
    },
    /// Something else makes no sense.
    #[error("{0}")]
    Words(String),
    /// A file cannot be read.
    #[error("cannot read {}: {source}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {reason}", shown(path))]
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
            Self::NoEffect { setting } => Some(format!("leave it out, or add {}", only_with(setting))),
            Self::Io { path, .. } => suggest::path_question(path),
            _ => None,
        }
    }
}

/// The setting that another one is only with, in words.
fn only_with(setting: &Setting) -> String {
    setting.only_with.map_or_else(String::new, |only| only.to_string())
}
