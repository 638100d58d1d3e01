//! A data set in files that lies in a folder below the one that is given: torchvision's `MNIST/raw`, the
//! `cifar-10-batches-py` in a folder of downloads.

use std::fs;
use std::path::{Path, PathBuf};

use super::ignored::is_hidden;
use super::sniff::is_picture;
use super::{DataError, Ignored, batches, idx_files, records, shards};
use crate::names::{name_text, shown};

/// Folders below folders are looked at so deep.
const DEEP: usize = 4;

/// Entries of folders that are looked at, at most: a folder of so many others is none of these.
const MOST: usize = 5000;

/// A folder below another, and what else is there.
pub(crate) struct Nested {
    pub(crate) folder: PathBuf,
    pub(crate) note: String,
    /// Files that lie elsewhere.
    pub(crate) ignored: Ignored,
}

#[derive(Default)]
struct Walk {
    looked: usize,
    /// Folders with files of the sets that everybody knows.
    known: Vec<PathBuf>,
    /// Folders with other arrays and tables.
    others: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

/// The folder below `folder` that holds a data set in files; none if there are pictures, or nothing of the kind.
///
/// # Errors
/// [`DataError::SeveralSets`] if there are several.
pub(crate) fn within(folder: &Path) -> Result<Option<Nested>, DataError> {
    let mut walk = Walk::default();
    if walk.down(folder, 0).is_none() {
        return Ok(None);
    }
    let mut found = if walk.known.is_empty() { walk.others } else { walk.known };
    let name = |path: &PathBuf| name_text(path.strip_prefix(folder).unwrap_or(path).as_os_str());
    if found.len() > 1 {
        found.sort();
        return Err(DataError::SeveralSets { path: folder.into(), sets: found.iter().map(name).collect() });
    }
    let Some(found) = found.pop() else { return Ok(None) };
    let mut ignored = Ignored::default();
    walk.files.iter().filter(|path| !path.starts_with(&found)).for_each(|path| ignored.add(path));
    let note = format!("the data are those of the folder {}", shown(name(&found)));
    Ok(Some(Nested { folder: found, note, ignored }))
}

impl Walk {
    /// None if a picture is found, or there is too much.
    fn down(&mut self, folder: &Path, depth: usize) -> Option<()> {
        let mut dirs = Vec::new();
        for entry in fs::read_dir(folder).ok()?.flatten() {
            self.looked += 1;
            let path = entry.path();
            if is_hidden(&entry.file_name().to_string_lossy()) {
                continue;
            }
            // Links lead elsewhere, and round.
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => dirs.push(path),
                _ if path.is_dir() => {}
                _ if is_picture(&path) || self.looked > MOST => return None,
                _ => self.files.push(path),
            }
        }
        dirs.sort();
        for dir in dirs {
            let is_known = idx_files::is_idx_folder(&dir)
                || records::in_folder(&dir).is_some()
                || batches::in_folder(&dir).is_some();
            if is_known {
                self.known.push(dir);
            } else {
                if shards::in_folder(&dir).is_some() {
                    self.others.push(dir.clone());
                }
                if depth < DEEP {
                    self.down(&dir, depth + 1)?;
                }
            }
        }
        Some(())
    }
}
