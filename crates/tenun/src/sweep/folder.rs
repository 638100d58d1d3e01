//! [`SweepDir`]: the folder of a sweep and the names of its files, and [`Record`]: what became of a trial.

use std::fs;
use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::file;
use crate::folder::{Contents, FolderError, Kind, ResultsDir};
use crate::measure::Scores;

/// What is tried, and how.
pub const SWEEP: &str = "sweep.toml";
/// A line a trial.
pub const CSV: &str = "results.csv";
/// All that came out.
pub const JSON: &str = "results.json";
/// The loss against what is varied.
pub const PICTURE: &str = "sweep.png";
/// The runs, each a folder.
pub const TRIALS: &str = "trials";
/// What became of a trial, in the folder of its run.
pub const RECORD: &str = "trial.json";

/// What became of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Trained to the end and measured.
    Finished,
    /// Given up by the median rule.
    Stopped,
    /// Its loss or weights stopped being numbers.
    Diverged,
}

/// What became of a trial: `trial.json` in the folder of its run, which is there when the trial is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What became of it.
    pub state: State,
    /// Whole epochs done.
    pub epochs: u32,
    /// The least validation loss: in whatever unit the trial was trained on.
    pub best_loss: Option<f64>,
    /// The scores of its model on the held-out images; none without a model.
    pub scores: Option<Scores>,
    /// Numbers that are trained.
    pub parameters: usize,
    /// Numbers of a code.
    pub latent: usize,
    /// Seconds of training and validation.
    pub seconds: f64,
}

/// The folder of a sweep.
pub type SweepDir = ResultsDir<SweepKind>;

/// Many trainings with other settings, compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepKind;

impl Kind for SweepKind {
    const CONTENTS: &'static Contents = &Contents {
        name: "sweep",
        marker: SWEEP,
        files: &[CSV, JSON, PICTURE, SWEEP],
        folders: &[TRIALS],
        parent: "sweeps",
        command: "tenun sweep",
    };
}

impl SweepDir {
    /// The folder of a trial's run.
    #[must_use]
    pub fn trial(&self, name: &str) -> PathBuf {
        self.file(TRIALS).join(name)
    }

    /// What became of a trial; none while it is not over.
    pub(super) fn record(&self, name: &str) -> Result<Option<Record>, FolderError> {
        let path = self.trial(name).join(RECORD);
        match file::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                FolderError::io(&path, "read")(io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(FolderError::io(&path, "read")(error)),
        }
    }

    pub(super) fn write_record(&self, name: &str, record: &Record) -> Result<(), FolderError> {
        let path = self.trial(name).join(RECORD);
        let json = serde_json::to_vec_pretty(record).unwrap_or_default();
        file::write_bytes(&path, &json).map_err(FolderError::io(&path, "write"))
    }

    /// The folder of a trial that has not begun, empty: what a crash left in it before it held a run goes.
    pub(super) fn clear_trial(&self, name: &str) -> Result<PathBuf, FolderError> {
        self.inner(TRIALS)?;
        let path = self.trial(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(FolderError::io(&path, "clear")(error))
            }
            _ => Ok(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_and_a_damaged_one_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let dir = SweepDir::create(&folder.path().join("s"), false).unwrap();
        fs::create_dir_all(dir.trial("1")).unwrap();
        assert_eq!(dir.record("1").unwrap(), None);
        let record = Record {
            state: State::Stopped,
            epochs: 3,
            best_loss: Some(0.1 + 0.2),
            scores: None,
            parameters: 7,
            latent: 2,
            seconds: 0.5,
        };
        dir.write_record("1", &record).unwrap();
        assert_eq!(dir.record("1").unwrap(), Some(record));
        fs::write(dir.trial("1").join(RECORD), "{").unwrap();
        assert!(dir.record("1").unwrap_err().to_string().contains("trial.json"));
    }
}
