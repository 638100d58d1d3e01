//! [`CodesError`]: what can be wrong with a file of codes.

use std::io;
use std::path::{Path, PathBuf};

use crate::data::DataError;
use crate::names::shown;
use crate::suggest;
use crate::text::counted;

/// Codes could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodesError {
    /// The operating system refused to read or write.
    #[error("cannot {doing} {}: {source}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What was being done to it: `open`, `write`…
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },

    /// The file's name does not say which format it has.
    #[error("{}: codes are kept in a file whose name ends in .npy, .csv or .parquet", shown(path))]
    Ending {
        /// The file.
        path: PathBuf,
    },

    /// Identifiers, classes and values do not go together.
    #[error(
        "{}, {} and {} do not make codes of {}",
        counted(*ids, "identifier"),
        labels.map_or("no classes".to_owned(), |labels| counted(labels, "class")),
        counted(*values, "value"),
        counted(*features, "feature")
    )]
    Lengths {
        /// Identifiers there are.
        ids: usize,
        /// Classes there are.
        labels: Option<usize>,
        /// Features each code is to have.
        features: usize,
        /// Values there are.
        values: usize,
    },

    /// The file does not hold codes.
    #[error("{}: {place}: expected {expected}, got {got}", shown(path))]
    Malformed {
        /// The file.
        path: Box<Path>,
        /// Where in it: a line, a column, a field.
        place: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
        /// What to do about it.
        advice: &'static str,
    },

    /// The NumPy array is damaged or of a type that is not read.
    #[error(transparent)]
    Array(#[from] DataError),
}

impl CodesError {
    /// What to do about it, where that is clear.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ending { .. } => Some("for example `codes.parquet`".into()),
            Self::Malformed { advice, .. } => Some((*advice).into()),
            Self::Array(error) => error.hint(),
            Self::Io { path, .. } => suggest::path_question(path),
            Self::Lengths { .. } => None,
        }
    }

    /// An [`Self::Io`] for `path`; for use in `map_err`.
    pub(crate) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, doing, source }
    }

    pub(crate) fn malformed(
        path: &Path,
        place: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        Self::Malformed {
            path: path.into(),
            place: place.into(),
            expected: expected.into(),
            got: got.into(),
            advice,
        }
    }
}
