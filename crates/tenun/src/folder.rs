//! [`ResultsDir`]: a folder of results, of a run or of a sweep, and the rules by which it is made, opened and replaced.

use std::fs;
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use crate::file;
use crate::names::shown;
use crate::settings::Settings;
use crate::settings::control::{OUT, OVERWRITE, RESUME};
use crate::suggest;

/// What a folder of results holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// `run` or `sweep`.
    pub name: &'static str,
    /// The file that every such folder has, and no other.
    pub marker: &'static str,
    /// All files.
    pub files: &'static [&'static str],
    /// All folders in it.
    pub folders: &'static [&'static str],
    /// The folder in which new ones are made unless the user names another.
    pub parent: &'static str,
    /// The command that makes one.
    pub command: &'static str,
}

/// A kind of results.
pub trait Kind {
    /// What a folder of them holds.
    const CONTENTS: &'static Contents;
}

/// A folder of results of kind `K`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultsDir<K> {
    path: PathBuf,
    kind: PhantomData<K>,
}

/// A folder of results cannot be made, opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// There is something already.
    #[error("{} exists and {}", shown(path), match holds { Some(holds) => format!("holds a {}", holds.name), None => "is not empty".into() })]
    Exists {
        /// The folder.
        path: PathBuf,
        /// The results that it holds, if it holds some of this kind.
        holds: Option<&'static Contents>,
    },
    /// The folder holds no such results.
    #[error("{} holds no {}: it has no {}", shown(path), expected.name, expected.marker)]
    Missing {
        /// The folder.
        path: PathBuf,
        /// What it should hold.
        expected: &'static Contents,
    },
    /// A link where a folder of the results has to be.
    #[error("{} is a link; the folder of the results is to be there itself", shown(path))]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The operating system refused, or a file is not what it should be.
    #[error("cannot {doing} {}: {source}", shown(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl FolderError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Exists { path, holds: Some(_) } => Some(format!(
                "go on with it (`{RESUME} {}`), replace it (`{OVERWRITE}`), or name another folder with `{OUT}`",
                shown(path)
            )),
            Self::Exists { holds: None, .. } => Some(format!("name a new or empty folder with `{OUT}`")),
            Self::Missing { path, expected } => Some(suggest::path_hint(
                path,
                &format!("give the folder that `{}` printed", expected.command),
            )),
            Self::Link { .. } => Some("remove the link: what it leads to would be written over".to_owned()),
            Self::Io { .. } => Some(format!("choose a folder that can be written to with `{OUT}`")),
        }
    }

    /// An [`Self::Io`] for `path`; for use in `map_err`.
    pub(crate) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, doing, source }
    }
}

impl<K: Kind> ResultsDir<K> {
    /// Makes the folder of new results. One that holds such results is taken only with `overwrite`, which removes these
    /// and nothing else.
    ///
    /// # Errors
    /// [`FolderError::Exists`] if there is something already, [`FolderError::Io`] if it cannot be written to.
    pub fn create(path: &Path, overwrite: bool) -> Result<Self, FolderError> {
        let contents = K::CONTENTS;
        fs::create_dir_all(path).map_err(FolderError::io(path, "create"))?;
        if fs::read_dir(path).map_err(FolderError::io(path, "read"))?.next().is_some() {
            let holds = path.join(contents.marker).is_file().then_some(contents);
            if holds.is_none() || !overwrite {
                return Err(FolderError::Exists { path: path.to_owned(), holds });
            }
            let gone = |result: io::Result<()>| match result {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    Err(FolderError::io(path, "clear")(error))
                }
                _ => Ok(()),
            };
            for name in contents.folders {
                gone(fs::remove_dir_all(path.join(name)))?;
            }
            // The marker last: what is left of a removal that was cut short can be removed again.
            let others = contents.files.iter().filter(|name| **name != contents.marker);
            for name in others.chain([&contents.marker]) {
                gone(fs::remove_file(path.join(name)))?;
            }
        }
        Ok(Self { path: path.to_owned(), kind: PhantomData })
    }

    /// Opens the folder of results that there are.
    ///
    /// # Errors
    /// [`FolderError::Missing`] if it holds none of this kind.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        if path.join(K::CONTENTS.marker).is_file() {
            Ok(Self { path: path.to_owned(), kind: PhantomData })
        } else {
            Err(FolderError::Missing { path: path.to_owned(), expected: K::CONTENTS })
        }
    }

    /// A path at which nothing is yet for the folder of new results: `runs/<data>-<preset>`, with a number from 2 on.
    #[must_use]
    pub fn default_path(settings: &Settings) -> PathBuf {
        let Contents { name, parent, .. } = K::CONTENTS;
        let source = Path::new(&settings.data.source);
        let data = source.file_stem().map_or_else(|| (*name).into(), |stem| stem.to_string_lossy());
        let network = settings.network.name();
        let name = format!("{data}-{network}");
        let parent = Path::new(parent);
        (1u32..)
            .map(|n| parent.join(if n == 1 { name.clone() } else { format!("{name}-{n}") }))
            .find(|path| !path.exists())
            .unwrap_or_else(|| parent.join(name))
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

    /// A folder in it, made if there is none. A link is refused: what is written would be elsewhere.
    pub(crate) fn inner(&self, name: &str) -> Result<PathBuf, FolderError> {
        let path = self.file(name);
        if fs::symlink_metadata(&path).is_ok_and(|data| data.is_symlink()) {
            return Err(FolderError::Link { path });
        }
        fs::create_dir_all(&path).map_err(FolderError::io(&path, "create"))?;
        Ok(path)
    }

    /// Writes a file in it, whole or not at all.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.file(name);
        file::write_bytes(&path, bytes).map_err(FolderError::io(&path, "write"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::{CONFIG, MODEL, PICTURES, RunDir};
    use crate::sweep::{SWEEP, SweepDir};

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
        fs::create_dir(path.join(PICTURES)).unwrap();
        let error = RunDir::create(&path, false).unwrap_err();
        assert!(
            error.to_string().ends_with("holds a run") && error.hint().unwrap().contains("--resume"),
            "{error}"
        );
        RunDir::create(&path, true).unwrap();
        assert!(path.join("mine.txt").exists() && !path.join(MODEL).exists());
        assert!(!path.join(PICTURES).exists());
        assert!(matches!(RunDir::open(&path), Err(FolderError::Missing { .. })));
    }

    #[test]
    fn a_sweep_is_replaced_only_when_asked_and_nothing_else_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let dir = SweepDir::create(&path, false).unwrap();
        assert!(matches!(SweepDir::open(&path), Err(FolderError::Missing { .. })));
        fs::write(path.join("mine.txt"), "keep").unwrap();
        let error = SweepDir::create(&path, true).unwrap_err();
        assert!(error.to_string().ends_with("is not empty"), "{error}");
        dir.write(SWEEP, b"").unwrap();
        fs::create_dir_all(dir.trial("1")).unwrap();
        let error = SweepDir::create(&path, false).unwrap_err();
        assert!(error.to_string().ends_with("holds a sweep"), "{error}");
        assert!(error.hint().unwrap().contains("--resume"));
        // One kind of results is not replaced by another.
        assert!(matches!(RunDir::create(&path, true), Err(FolderError::Exists { holds: None, .. })));
        SweepDir::create(&path, true).unwrap();
        assert!(path.join("mine.txt").exists() && !dir.trial("1").exists() && !dir.file(SWEEP).exists());
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_and_what_it_leads_to_stays() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("mine")).unwrap();
        fs::write(at("mine/a.png"), "mine").unwrap();
        let run = RunDir::create(&at("run"), false).unwrap();
        std::os::unix::fs::symlink(at("mine"), at("run/pictures")).unwrap();
        let error = run.inner(PICTURES).unwrap_err();
        assert!(error.to_string().contains("pictures is a link"), "{error}");
        fs::write(at("run").join(CONFIG), "").unwrap();
        let run = RunDir::create(&at("run"), true).unwrap();
        assert!(at("mine/a.png").is_file() && !at("run/pictures").exists());
        assert!(run.inner(PICTURES).unwrap().is_dir());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let error = RunDir::create(&folder.path().join("file/run"), false).unwrap_err();
        assert!(error.to_string().starts_with("cannot create"), "{error}");
    }
}
