//! [`RunDir`]: the folder of a run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::settings::Settings;
use crate::suggest;

/// Every setting, resolved.
pub const CONFIG: &str = "config.toml";
/// A line an epoch.
pub const METRICS: &str = "metrics.jsonl";
/// The trained model.
pub const MODEL: &str = "model.safetensors";
/// From where the run goes on.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The figures at the end.
pub const SUMMARY: &str = "summary.json";
/// Everything on one page.
pub const REPORT: &str = "report.html";
/// The pictures of the report, light and dark: `curves.png`, `sample.png`…
pub const PICTURES: &str = "pictures";

/// The folder of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// A run folder cannot be made or opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is something already.
    #[error("{} exists and {}", path.display(), if *is_run { "holds a run" } else { "is not empty" })]
    Exists {
        /// The folder.
        path: PathBuf,
        /// Whether it is a run.
        is_run: bool,
    },
    /// The folder is no run.
    #[error("{} holds no run: it has no {CONFIG}", path.display())]
    NoRun {
        /// The folder.
        path: PathBuf,
    },
    /// The operating system refused.
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

impl RunError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Exists { path, is_run: true } => Some(format!(
                "go on with it (`--resume {}`), replace it (`--overwrite`), or name another folder with `--out`",
                path.display()
            )),
            Self::Exists { is_run: false, .. } => Some("name a new or empty folder with `--out`".into()),
            Self::NoRun { path } => {
                Some(suggest::path_hint(path, "give the folder that `tenun train` printed"))
            }
            Self::Io { .. } => Some("choose a folder that can be written to with `--out`".into()),
        }
    }
}

impl RunDir {
    /// Makes the folder of a new run. One that holds a run is taken only with `overwrite`, which removes the
    /// run's files and nothing else.
    ///
    /// # Errors
    /// [`RunError::Exists`] if there is something already, [`RunError::Io`] if it cannot be written to.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self, RunError> {
        let io = |doing: &'static str| move |source| RunError::Io { path: path.to_owned(), doing, source };
        fs::create_dir_all(path).map_err(io("create"))?;
        let mut entries = fs::read_dir(path).map_err(io("read"))?;
        if entries.next().is_some() {
            let is_run = path.join(CONFIG).is_file();
            if !(is_run && overwrite) {
                return Err(RunError::Exists { path: path.to_owned(), is_run });
            }
            for name in [CHECKPOINT, MODEL, METRICS, SUMMARY, REPORT, CONFIG] {
                match fs::remove_file(path.join(name)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io("clear")(error)),
                    _ => {}
                }
            }
            match fs::remove_dir_all(path.join(PICTURES)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io("clear")(error)),
                _ => {}
            }
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Opens the folder of a run that there is.
    ///
    /// # Errors
    /// [`RunError::NoRun`] if it holds none.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        if path.join(CONFIG).is_file() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(RunError::NoRun { path: path.to_owned() })
        }
    }

    /// A name for the folder of a new run that nothing has yet: `runs/<data>-<preset>`, with a number from 2 on.
    #[must_use]
    pub fn default_path(settings: &Settings) -> PathBuf {
        let source = Path::new(&settings.data.source);
        let data = source.file_stem().map_or_else(|| "run".into(), |stem| stem.to_string_lossy());
        let network = settings.network.preset.as_deref().unwrap_or("network");
        let name = format!("{data}-{network}");
        let runs = Path::new("runs");
        (1u32..)
            .map(|n| runs.join(if n == 1 { name.clone() } else { format!("{name}-{n}") }))
            .find(|path| !path.exists())
            .unwrap_or_else(|| runs.join(name))
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_replaced_only_when_asked_and_nothing_else_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runs/a");
        RunDir::create(&path, false).unwrap();
        RunDir::create(&path, false).unwrap();
        fs::write(path.join("mine.txt"), "keep").unwrap();
        let error = RunDir::create(&path, true).unwrap_err();
        assert!(error.to_string().ends_with("is not empty"), "{error}");
        fs::write(path.join(CONFIG), "").unwrap();
        fs::write(path.join(MODEL), "").unwrap();
        let error = RunDir::create(&path, false).unwrap_err();
        assert!(
            error.to_string().ends_with("holds a run") && error.hint().unwrap().contains("--resume"),
            "{error}"
        );
        RunDir::create(&path, true).unwrap();
        assert!(path.join("mine.txt").exists() && !path.join(MODEL).exists());
        assert!(matches!(RunDir::open(&path), Err(RunError::NoRun { .. })));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = RunDir::create(&folder.path().join("file/run"), false).unwrap_err();
        assert!(error.to_string().starts_with("cannot create"), "{error}");
    }
}
