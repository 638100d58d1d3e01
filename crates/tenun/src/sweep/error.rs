//! [`SweepError`]: a sweep that makes no sense, or whose folder cannot be used.

use std::io;
use std::path::PathBuf;

use super::folder::SWEEP;
use crate::suggest;

/// Why a sweep cannot begin, or cannot go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// What is to be varied is not written as `NAME=VALUES`.
    #[error("--vary {text}: {reason}")]
    Syntax {
        /// What was given.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no such setting.
    #[error("--vary: there is no setting `{given}`")]
    Unknown {
        /// What was given.
        given: String,
        /// The nearest name.
        nearest: Option<String>,
        /// Every name, those of flags first.
        known: Vec<String>,
    },
    /// A setting does not take a value.
    #[error("--vary {name}: `{value}` cannot be its value: {reason}")]
    Value {
        /// The setting, as it was given.
        name: String,
        /// The value.
        value: String,
        /// What its type says.
        reason: String,
    },
    /// Settings that fit one by one do not fit together.
    #[error("with {values}: {source}")]
    Together {
        /// The settings and their values.
        values: String,
        /// What is wrong with them.
        source: Box<crate::Error>,
    },
    /// A setting that decides which images the trials are compared on.
    #[error(
        "--vary {name}: all trials of a sweep are compared on the same held-out images, which it would change"
    )]
    Fixed {
        /// The setting, as it was given.
        name: String,
    },
    /// A setting is varied twice.
    #[error("--vary: `{path}` is varied twice")]
    Twice {
        /// The setting.
        path: String,
    },
    /// A range in a grid.
    #[error("--vary {name}: a range has no end of values to try one by one")]
    NeedsRandom {
        /// The setting, as it was given.
        name: String,
    },
    /// Something else about the sweep makes no sense.
    #[error("{what}: expected {expected}, got {got}")]
    Setting {
        /// The flag.
        what: &'static str,
        /// What it takes.
        expected: String,
        /// What it was given.
        got: String,
    },
    /// There is something in the folder already.
    #[error("{} exists and {}", path.display(), if *is_sweep { "holds a sweep" } else { "is not empty" })]
    Exists {
        /// The folder.
        path: PathBuf,
        /// Whether it is a sweep.
        is_sweep: bool,
    },
    /// The folder holds no sweep.
    #[error("{} holds no sweep: it has no {SWEEP}", path.display())]
    NoSweep {
        /// The folder.
        path: PathBuf,
    },
    /// The training images are not those of the sweep.
    #[error("{}: the training images changed since the sweep began: SHA-256 was {was}, now it is {is}", path.display())]
    Changed {
        /// The folder.
        path: PathBuf,
        /// What it was.
        was: String,
        /// What it is.
        is: String,
    },
    /// The operating system refused, or a file is not what it should be.
    #[error("cannot {doing} {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl SweepError {
    /// What to do about it, if there is more to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Syntax { .. } => Some(
                "write `--vary NAME=VALUE,VALUE,…`, or `NAME=LOW..HIGH` with `--random N`, such as \
                 `--vary training.learning_rate=0.001,0.003`"
                    .into(),
            ),
            Self::Unknown { nearest: Some(name), .. } => Some(format!("did you mean `{name}`?")),
            Self::Unknown { known, .. } => Some(format!("known settings: {}", known.join(", "))),
            Self::Fixed { .. } => Some("give it without `--vary`, the same for all trials".into()),
            Self::Together { source, .. } => source.hint(),
            Self::NeedsRandom { .. } => {
                Some("draw values from it with `--random N`, or list those to try".into())
            }
            Self::Exists { path, is_sweep: true } => Some(format!(
                "go on with it (`--resume {}`), replace it (`--overwrite`), or name another folder with `--out`",
                path.display()
            )),
            Self::Exists { .. } => Some("name a new or empty folder with `--out`".into()),
            Self::NoSweep { path } => {
                Some(suggest::path_hint(path, "give the folder that `tenun sweep` printed"))
            }
            Self::Changed { .. } => Some("begin another sweep in a new folder".into()),
            _ => None,
        }
    }

    /// Whether the program was used wrongly, rather than its work having failed.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Together { source, .. } => source.is_usage(),
            Self::Exists { .. } | Self::NoSweep { .. } | Self::Changed { .. } | Self::Io { .. } => false,
            _ => true,
        }
    }
}
