//! [`ModelError`]: what can be wrong with a model file, or with what a model is given.

use std::path::{Path, PathBuf};

use tenun_engine::{PlanError, Shape, SpecError};

use crate::names::shown;
use crate::settings::control::{RESUME, THREADS};
use crate::settings::{COLOUR, FIT, INIT, SIZE};
use crate::suggest;
use crate::text::megabytes;

/// A model cannot be read, written or used as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The operating system refused to read or write.
    #[error("cannot {doing} {}: {source}", shown(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `write`.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no safetensors file, or it is cut off.
    #[error("{}: no whole safetensors file: {reason}", shown(path))]
    Container {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        reason: String,
    },
    /// The file has no description of a network.
    #[error("{}: no tenun model: {reason}", shown(path))]
    Description {
        /// The file.
        path: PathBuf,
        /// What is missing or cannot be understood.
        reason: String,
    },
    /// The network that the file describes does not fit together.
    #[error("{}: the network it describes is none: {source}", shown(path))]
    Network {
        /// The file.
        path: Box<Path>,
        /// Why.
        source: SpecError,
    },
    /// A tensor is missing, one too many, of another shape or type, or not finite.
    #[error("{}: tensor `{tensor}`: expected {expected}, got {got}", shown(path))]
    Tensor {
        /// The file.
        path: Box<Path>,
        /// The tensor.
        tensor: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
    },
    /// Images of another shape than the network takes.
    #[error("the model takes images of {expected}, these are {got} (height×width×channels)")]
    Images {
        /// What the network takes.
        expected: Shape,
        /// What it was given.
        got: Shape,
    },
    /// Something takes more memory than there is.
    #[error("{what} takes about {} of memory, and {} are free", megabytes(*needed), megabytes(*available))]
    Memory {
        /// What takes it: the file, or a layer of the network.
        what: String,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that there are.
        available: u64,
    },
    /// Numbers that leave the network are infinite or none.
    #[error(
        "{what} of image {image} (counted from 0) is not finite: the weights of the model overflow on it"
    )]
    NotFinite {
        /// `the latent code` or `the reconstruction`.
        what: &'static str,
        /// The image, by its place among those that were given.
        image: usize,
    },
    /// Codes of another size, or not finite.
    #[error("codes: {reason}")]
    Codes {
        /// What is wrong with them.
        reason: String,
    },
    /// The plan cannot be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl ModelError {
    /// What to do about it, if there is more to say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Container { .. } => {
                Some("copy the file again: it is cut off, or something else".to_owned())
            }
            Self::Description { .. } => {
                Some(format!("weights without a network are given to training, with `{}`", INIT.argument()))
            }
            Self::Tensor { .. } => Some("the weights belong to another network".to_owned()),
            Self::Images { expected, .. } => Some(format!(
                "bring images of a folder to that size with `{} {}x{} {} resize`, in colour with `{} {}`",
                SIZE.argument(),
                expected.height,
                expected.width,
                FIT.argument(),
                COLOUR.argument(),
                if expected.channels == 1 { "grey" } else { "rgb" }
            )),
            Self::Network { source, .. } => source.hint(),
            Self::Memory { .. } => Some(format!(
                "take fewer threads (`{THREADS}`), end other programs, or use a machine with more memory"
            )),
            Self::NotFinite { .. } => Some(
                "the model has diverged, or its file was changed: train it again, with a lower learning rate"
                    .to_owned(),
            ),
            Self::Io { path, source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                let otherwise = format!(
                    "give a model file or the folder of a finished run; one that was stopped goes on with \
                     `tenun train {RESUME} FOLDER`"
                );
                Some(suggest::path_hint(path, &otherwise))
            }
            _ => None,
        }
    }
}
