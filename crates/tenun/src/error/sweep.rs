//! [`SweepError`]: a sweep that makes no sense, or whose folder cannot be used.

use std::path::PathBuf;

use super::Error;
use crate::folder::FolderError;
use crate::names::{escaped, shown};
use crate::settings::control::{RANDOM, VARY};
use crate::settings::{LEARNING_RATE, Setting};

/// Why a sweep cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// What is to be varied is not written as `NAME=VALUES`.
    #[error("{VARY} {}: {}", escaped(text), escaped(reason))]
    Syntax {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such setting.
    #[error("{VARY}: there is no setting `{}`", escaped(given))]
    Unknown {
        /// What was given.
        given: String,
        /// The nearest name.
        nearest: Option<String>,
        /// Every name, those of flags first.
        known: Vec<String>,
    },
    /// A setting that another one leaves without effect.
    #[error("{VARY}: there is no setting `{}` without {}", escaped(given), needs(setting))]
    NoEffect {
        /// What was given.
        given: String,
        /// The setting.
        setting: &'static Setting,
    },
    /// A setting does not take a value.
    #[error("{VARY} {}: `{}` cannot be its value: {}", escaped(name), escaped(value), escaped(reason))]
    Value {
        /// The setting, as it was given.
        name: String,
        /// The value.
        value: String,
        /// What its type says.
        reason: String,
    },
    /// Settings that fit one by one do not fit together.
    #[error("with {}: {source}", escaped(values))]
    Together {
        /// The settings and their values.
        values: String,
        /// What is wrong with them.
        source: Box<Error>,
    },
    /// A setting that cannot be varied.
    #[error("{VARY} {}: {reason}", escaped(name))]
    Fixed {
        /// The setting, as it was given.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// A setting is varied twice.
    #[error("{VARY}: `{path}` is varied twice")]
    Twice {
        /// The setting.
        path: String,
    },
    /// A range in a grid.
    #[error("{VARY} {}: a range has no end of values to try one by one", escaped(name))]
    NeedsRandom {
        /// The setting, as it was given.
        name: String,
    },
    /// Something else about the sweep makes no sense.
    #[error("{what}: expected {expected}, got {got}")]
    Setting {
        /// The flag.
        what: String,
        /// What it takes.
        expected: String,
        /// What it was given.
        got: String,
    },
    /// The training images are not those of the sweep.
    #[error(
        "{}: the training images changed since the sweep began: SHA-256 was {was}, now it is {is}",
        shown(path)
    )]
    Changed {
        /// The folder.
        path: PathBuf,
        /// What it was.
        was: String,
        /// What it is.
        is: String,
    },
    /// The folder, or a file in it, cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// The setting, with its values, without which one has no effect.
fn needs(setting: &Setting) -> String {
    setting.only_with.map_or_else(String::new, |only| only.to_string())
}

impl SweepError {
    /// What to do about it, if there is more to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { .. } => Some(format!(
                "write `{VARY} NAME=VALUE,VALUE,…`, or `NAME=LOW..HIGH` with `{RANDOM} N`, such as `{VARY} \
                 {}=0.001,0.003`",
                LEARNING_RATE.path
            )),
            Self::NoEffect { setting, .. } => Some(format!("add {}, or vary that too", needs(setting))),
            Self::Unknown { nearest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::Unknown { known, .. } => Some(format!("known settings: {}", known.join(", "))),
            Self::Fixed { .. } => Some(format!("give it without `{VARY}`, the same for all trials")),
            Self::Together { source, .. } => source.hint(),
            Self::NeedsRandom { .. } => {
                Some(format!("draw values from it with `{RANDOM} N`, or list those to try"))
            }
            Self::Changed { .. } => Some("begin another sweep in a new folder".into()),
            Self::Folder(error) => error.hint(),
            Self::Value { .. } | Self::Twice { .. } | Self::Setting { .. } => None,
        }
    }

    /// Whether the program was used wrongly, rather than its work having failed.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Together { source, .. } => source.is_usage(),
            Self::Changed { .. } | Self::Folder(_) => false,
            _ => true,
        }
    }
}
