//! Reading an IDX file of images, or a folder of IDX files: with their labels, and by the set's name where it is known.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::folder::display_name;
use super::idx_split::{Split, collect};
use super::{Collection, DataError, Ignored, idx, named};
use crate::file;

/// Reads one file of images, with the labels beside it if there are any.
///
/// # Errors
/// As [`idx::read_images`] and [`idx::read_labels`]; [`DataError::LabelCount`] if the two do not match.
pub fn read_idx(path: &Path) -> Result<Collection, DataError> {
    file(path, None)
}

/// As [`read_idx`], with decompressed copies in `copies`.
pub(crate) fn file(path: &Path, copies: Option<&Path>) -> Result<Collection, DataError> {
    let split = Split::read(path.into(), idx::labels_beside(path), copies)?;
    let set = named::recognise(&split.images);
    let name = set.map_or_else(|| display_name(path), |set| set.name.into());
    collect(&name, path.into(), split, None, set.map(|set| &set.classes[..]))
}

/// Whether a folder has IDX files with the names that those of MNIST and its kin have, and is not one of images.
#[must_use]
pub fn is_idx_folder(folder: &Path) -> bool {
    !sets(folder).is_empty()
}

/// The files of one set in a folder, training and test images.
struct Set {
    /// What its files' names begin with: nothing, or `emnist-balanced`.
    name: String,
    train: PathBuf,
    test: Option<PathBuf>,
}

/// The sets of IDX files in a folder: `train-images-idx3-ubyte` and its like, with something before it or not.
fn sets(folder: &Path) -> Vec<Set> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort();
    // What comes before the part's name, if the file is one of images of that part.
    let before = |path: &Path, parts: &[&str]| {
        let name = display_name(path).to_ascii_lowercase();
        let at = parts.iter().find_map(|part| name.find(part))?;
        let is_images = name[at..].contains("images") && name.contains("idx") && path.is_file();
        is_images.then(|| name[..at].trim_end_matches(['-', '_', '.']).to_owned())
    };
    let mut sets: Vec<Set> = Vec::new();
    for path in &files {
        let Some(name) = before(path, &["train"]) else { continue };
        if sets.iter().all(|set| set.name != name) {
            let is_test = |path: &&PathBuf| before(path, &["t10k", "test"]).as_ref() == Some(&name);
            let test = files.iter().find(is_test).cloned();
            sets.push(Set { name, train: path.clone(), test });
        }
    }
    sets
}

/// Reads a folder of IDX files with the names that those of MNIST and its kin have, each as it is or gzip-compressed:
/// `train-images-idx3-ubyte`, and if they are there `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`; EMNIST's and QMNIST's have something before. `None` if there are no such training images.
///
/// If the training images are those of a known set, its name and class names are used.
///
/// # Errors
/// As [`read_idx`]; [`DataError::SplitShapes`] if training and test images differ in shape; [`DataError::SeveralSets`] if
/// there is more than one set.
pub fn read_idx_folder(folder: &Path) -> Result<Option<Collection>, DataError> {
    self::folder(folder, None)
}

/// As [`read_idx_folder`], with decompressed copies in `copies`.
pub(crate) fn folder(folder: &Path, copies: Option<&Path>) -> Result<Option<Collection>, DataError> {
    let mut found = sets(folder);
    // MNIST's own names come before those with something in front.
    if let Some(plain) = found.iter().position(|set| set.name.is_empty()) {
        found = vec![found.swap_remove(plain)];
    }
    if found.len() > 1 {
        let sets = found.into_iter().map(|set| set.name).collect();
        return Err(DataError::SeveralSets { path: folder.into(), sets });
    }
    let Some(Set { train, test, name: prefix }) = found.pop() else {
        return Ok(None);
    };
    let names = mapping(folder, &prefix);
    let (train_labels, test_labels) =
        (idx::labels_beside(&train), test.as_deref().and_then(idx::labels_beside));
    let mapping_file = folder.join(format!("{prefix}-mapping.txt"));
    let used =
        [Some(train.clone()), test.clone(), train_labels.clone(), test_labels.clone(), Some(mapping_file)];
    let mut used: Vec<PathBuf> = used.into_iter().flatten().collect();
    // The same file, compressed and not.
    let other = |path: &PathBuf| match path.extension().is_some_and(|ending| ending == "gz") {
        true => path.with_extension(""),
        false => [path.as_os_str(), ".gz".as_ref()].into_iter().collect::<OsString>().into(),
    };
    used.extend(used.iter().map(other).collect::<Vec<_>>());
    let (train, test) = rayon::join(
        || {
            let split = Split::read(train, train_labels, copies)?;
            let set = named::recognise(&split.images);
            Ok::<_, DataError>((split, set))
        },
        || test.map(|test| Split::read(test, test_labels, copies)).transpose(),
    );
    let ((train, set), test) = (train?, test?);
    let name = set.map_or_else(|| display_name(folder), |set| set.name.into());
    let names: Option<Vec<&str>> = match (&names, set) {
        (_, Some(set)) => Some(set.classes.to_vec()),
        (names, None) => names.as_ref().map(|names| names.iter().map(String::as_str).collect()),
    };
    let mut collection = collect(&name, folder.into(), train, test, names.as_deref())?;
    collection.ignored = Ignored::beside(folder, &used);
    Ok(Some(collection))
}

/// The names of classes in EMNIST's `emnist-balanced-mapping.txt`: a line for each, with its number and its letter's code.
fn mapping(folder: &Path, set: &str) -> Option<Vec<String>> {
    let text = file::read_text(&folder.join(format!("{set}-mapping.txt"))).ok()?;
    let mut names = Vec::new();
    for line in text.lines() {
        let mut numbers = line.split_ascii_whitespace().map(str::parse::<u16>);
        let (Some(Ok(class)), Some(Ok(code))) = (numbers.next(), numbers.next()) else { return None };
        let class = usize::from(class);
        while names.len() <= class {
            names.push(names.len().to_string());
        }
        names[class] = char::from_u32(code.into())?.to_string();
    }
    Some(names)
}
