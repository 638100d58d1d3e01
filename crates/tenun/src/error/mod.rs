//! [`Error`]: everything that can go wrong, from all rooms of the library. [`SweepError`] stands beside it, as each may
//! hold the other: what is wrong with one run of a sweep is what is wrong with the sweep.

mod sweep;

pub use sweep::SweepError;

use crate::codes::CodesError;
use crate::data::DataError;
use crate::folder::FolderError;
use crate::latent::LatentError;
use crate::measure::{MeasureError, ScoreError};
use crate::model::ModelError;
use crate::picture::{ImageFileError, PictureError};
use crate::preset::UnknownPreset;
use crate::settings::SettingsError;
use crate::train::TrainError;
use tenun_engine::{CpuError, PlanError, SpecError};

/// Anything that can go wrong. The message says what, where, what was expected and what came; [`Error::hint`] says
/// what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // each is the error of one room, and documented there
pub enum Error {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Codes(#[from] CodesError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Preset(#[from] UnknownPreset),
    #[error(transparent)]
    Network(#[from] SpecError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Cpu(#[from] CpuError),
    #[error(transparent)]
    Train(#[from] TrainError),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Measure(#[from] MeasureError),
    #[error(transparent)]
    Latent(#[from] LatentError),
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    ImageFile(#[from] ImageFileError),
    #[error(transparent)]
    Sweep(#[from] SweepError),
}

/// The error itself, whose hint it keeps.
impl From<ScoreError> for Error {
    fn from(error: ScoreError) -> Self {
        match error {
            ScoreError::Measure(error) => error.into(),
            ScoreError::Model(error) => error.into(),
            ScoreError::Latent(error) => error.into(),
        }
    }
}

impl Error {
    /// What to do about it, if there is more to say than the message does.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Data(error) => error.hint(),
            Self::Codes(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::Preset(error) => error.hint(),
            Self::Network(error) => error.hint(),
            Self::Train(error) => error.hint(),
            Self::Model(error) => error.hint(),
            Self::Folder(error) => error.hint(),
            Self::Sweep(error) => error.hint(),
            _ => None,
        }
    }

    /// Whether the program was used wrongly, rather than its work having failed: a name or number that makes
    /// no sense whatever the files hold.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Settings(_) | Self::Preset(_) | Self::Network(_) | Self::Plan(_) => true,
            Self::Cpu(CpuError::Width(_)) | Self::Codes(CodesError::Ending { .. }) => true,
            Self::Data(error) => matches!(
                error,
                DataError::UnknownName { .. }
                    | DataError::Codes { .. }
                    | DataError::Setting { .. }
                    | DataError::Layout { .. }
                    | DataError::Fraction { .. }
                    | DataError::Limit { .. }
                    | DataError::NoTest { .. }
            ),
            Self::Train(TrainError::Plan(_)) => true,
            Self::Sweep(error) => error.is_usage(),
            _ => false,
        }
    }
}
