//! [`SweepDir`]: the folder of a sweep, and [`Record`]: what became of a trial.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::SweepError;
use crate::file;

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
///
/// The figures are those of the held-out images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What became of it.
    pub state: State,
    /// Whole epochs done.
    pub epochs: u32,
    /// The least validation loss: in whatever unit the trial was trained on.
    pub best_loss: Option<f64>,
    /// Binary cross-entropy, nats a pixel, of the model kept; none without one, as the next three.
    pub bce: Option<f64>,
    /// Mean squared error.
    pub mse: Option<f64>,
    /// Mean absolute error.
    pub mae: Option<f64>,
    /// Structural similarity.
    pub ssim: Option<f64>,
    /// Numbers that are trained.
    pub parameters: usize,
    /// Numbers of a code.
    pub latent: usize,
    /// Seconds of training and validation.
    pub seconds: f64,
}

/// The folder of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SweepDir {
    path: PathBuf,
}

fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> SweepError {
    let path = path.to_owned();
    move |source| SweepError::Io { path, doing, source }
}

impl SweepDir {
    /// Makes the folder of a new sweep. One that holds a sweep is taken only with `overwrite`, which removes the
    /// sweep's files and its trials, and nothing else.
    ///
    /// # Errors
    /// [`SweepError::Exists`], [`SweepError::Io`].
    pub fn create(path: &Path, overwrite: bool) -> Result<Self, SweepError> {
        fs::create_dir_all(path).map_err(io(path, "create"))?;
        if fs::read_dir(path).map_err(io(path, "read"))?.next().is_some() {
            let is_sweep = path.join(SWEEP).is_file();
            if !(is_sweep && overwrite) {
                return Err(SweepError::Exists { path: path.to_owned(), is_sweep });
            }
            let gone = |result: io::Result<()>| match result {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io(path, "clear")(error)),
                _ => Ok(()),
            };
            gone(fs::remove_dir_all(path.join(TRIALS)))?;
            for name in [CSV, JSON, PICTURE, SWEEP] {
                gone(fs::remove_file(path.join(name)))?;
            }
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Opens the folder of a sweep that there is.
    ///
    /// # Errors
    /// [`SweepError::NoSweep`].
    pub fn open(path: &Path) -> Result<Self, SweepError> {
        if path.join(SWEEP).is_file() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(SweepError::NoSweep { path: path.to_owned() })
        }
    }

    /// A name for the folder of a new sweep that nothing has yet: `sweeps/<data>-<network>`, with a number from 2 on.
    #[must_use]
    pub fn default_path(settings: &crate::settings::Settings) -> PathBuf {
        let source = Path::new(&settings.data.source);
        let data = source.file_stem().map_or_else(|| "sweep".into(), |stem| stem.to_string_lossy());
        let network = settings.network.preset.as_deref().unwrap_or("network");
        let name = format!("{data}-{network}");
        let sweeps = Path::new("sweeps");
        (1u32..)
            .map(|n| sweeps.join(if n == 1 { name.clone() } else { format!("{name}-{n}") }))
            .find(|path| !path.exists())
            .unwrap_or_else(|| sweeps.join(name))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder of a trial's run.
    #[must_use]
    pub fn trial(&self, name: &str) -> PathBuf {
        self.path.join(TRIALS).join(name)
    }

    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), SweepError> {
        let path = self.file(name);
        file::write_bytes(&path, bytes).map_err(io(&path, "write"))
    }

    /// What became of a trial; none while it is not over.
    pub(super) fn record(&self, name: &str) -> Result<Option<Record>, SweepError> {
        let path = self.trial(name).join(RECORD);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                io(&path, "read")(io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(io(&path, "read")(error)),
        }
    }

    pub(super) fn write_record(&self, name: &str, record: &Record) -> Result<(), SweepError> {
        let path = self.trial(name).join(RECORD);
        let json = serde_json::to_vec_pretty(record).unwrap_or_default();
        file::write_bytes(&path, &json).map_err(io(&path, "write"))
    }

    /// The folder of a trial that has not begun, empty: what a crash left in it before it held a run goes.
    pub(super) fn clear_trial(&self, name: &str) -> Result<PathBuf, SweepError> {
        let path = self.trial(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io(&path, "clear")(error)),
            _ => Ok(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_replaced_only_when_asked_and_nothing_else_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let dir = SweepDir::create(&path, false).unwrap();
        assert!(matches!(SweepDir::open(&path), Err(SweepError::NoSweep { .. })));
        fs::write(path.join("mine.txt"), "keep").unwrap();
        let error = SweepDir::create(&path, true).unwrap_err();
        assert!(error.to_string().ends_with("is not empty"), "{error}");
        dir.write(SWEEP, b"").unwrap();
        fs::create_dir_all(dir.trial("1")).unwrap();
        let error = SweepDir::create(&path, false).unwrap_err();
        assert!(error.to_string().ends_with("holds a sweep"), "{error}");
        assert!(error.hint().unwrap().contains("--resume"));
        SweepDir::create(&path, true).unwrap();
        assert!(path.join("mine.txt").exists() && !dir.trial("1").exists() && !dir.file(SWEEP).exists());
    }

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
            bce: None,
            mse: None,
            mae: None,
            ssim: None,
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
