//! An archive that holds no pictures, but the files of a data set: CIFAR as it is downloaded, a zip of one table, IDX files.
//! These files are unpacked aside, and read as the folder that they were.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use super::claims::Believed;
use super::ending::ending;
use super::{DataError, Ignored};
use crate::names::name_path;

/// Files of a data set, unpacked.
pub(crate) struct Packed {
    /// Removed with all in it when this is dropped.
    _aside: TempDir,
    /// The folder that they lie in, called as the archive is.
    pub(crate) folder: PathBuf,
    /// Files of the archive that are none of these.
    pub(crate) ignored: Ignored,
    /// Bytes that may still be written.
    left: u64,
}

/// Whether a file of this name may hold images that are no pictures.
pub(crate) fn is_data(name: &str) -> bool {
    let path = Path::new(name);
    let file = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_idx = file.contains("images") && (file.contains("idx") || file.contains("ubyte"));
    let is_cifar =
        file.starts_with("data_batch") || matches!(&file[..], "train.bin" | "fine_label_names.txt" | "meta");
    is_idx
        || is_cifar
        || matches!(
            ending(path).as_deref(),
            Some("csv" | "tsv" | "csv.gz" | "npy" | "npz" | "mat" | "parquet")
        )
}

/// Whether a file belongs to those: labels, names of classes, the other batches.
fn is_part(name: &str) -> bool {
    let end = ending(Path::new(name));
    is_data(name)
        || name.contains("idx")
        || matches!(end.as_deref(), None | Some("bin" | "meta" | "txt" | "gz"))
}

impl Packed {
    /// A place for the files of the archive at `path`, of which at most so many bytes are written.
    pub(crate) fn new(path: &Path, most: u64) -> io::Result<Self> {
        let aside = tempfile::tempdir()?;
        let name = path.file_stem().filter(|name| *name != "..").unwrap_or("archive".as_ref());
        let name = Path::new(name)
            .file_stem()
            .filter(|_| ending(path).is_some_and(|end| end.contains('.')))
            .unwrap_or(name);
        let folder = aside.path().join(name);
        fs::create_dir(&folder)?;
        Ok(Self { _aside: aside, folder, ignored: Ignored::default(), left: most })
    }

    /// Unpacks one file, if it belongs to a data set and its path leads into the folder.
    pub(crate) fn add(&mut self, name: &str, file: impl Read) -> io::Result<()> {
        let within = name_path(name);
        let within: PathBuf = within.components().filter(|part| *part != Component::CurDir).collect();
        let leads_in = within.components().all(|part| matches!(part, Component::Normal(_)));
        if !leads_in || !is_part(name) {
            self.ignored.add(Path::new(name));
            return Ok(());
        }
        let to = self.folder.join(within);
        fs::create_dir_all(to.parent().unwrap_or(&self.folder))?;
        self.left -= io::copy(&mut Believed { of: file, left: self.left }, &mut File::create(&to)?)?;
        Ok(())
    }

    /// The one file there is, if there is one alone.
    pub(crate) fn only_file(&self) -> Option<PathBuf> {
        let mut dir = self.folder.clone();
        loop {
            let mut entries = fs::read_dir(&dir).ok()?.flatten().map(|entry| entry.path());
            match (entries.next(), entries.next()) {
                (Some(only), None) if only.is_dir() => dir = only,
                (Some(only), None) => return Some(only),
                _ => return None,
            }
        }
    }

    /// An error about one of the files, as one about the file in the archive.
    pub(crate) fn told(&self, archive: &Path, error: DataError) -> DataError {
        error.with_paths(|path| path.strip_prefix(&self.folder).ok().map(|within| archive.join(within)))
    }
}
