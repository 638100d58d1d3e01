//! Files of equal records without a header: the binary versions of CIFAR-10 and CIFAR-100, known by name and length.
//!
//! Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009, and the README of its files.

use std::fs;
use std::path::{Path, PathBuf};

use tenun_engine::Shape;

use super::classes::{self, Label};
use super::folder::display_name;
use super::{Collection, DataError, Dataset, Ignored, Images, natural};
use crate::file;

/// Bytes of a picture: 32×32 in red, then green, then blue.
const PICTURE: usize = 3 * 32 * 32;

/// Files with the names of the classes.
const META: [&str; 2] = ["batches.meta.txt", "fine_label_names.txt"];

/// How many bytes come before each picture; the last is its class.
fn labels_before(path: &Path) -> Option<usize> {
    let name = display_name(path).to_ascii_lowercase();
    let before = match &name[..] {
        "train.bin" | "test.bin" => 2,
        _ if name.ends_with(".bin") && (name.starts_with("data_batch") || name.starts_with("test_batch")) => {
            1
        }
        _ => return None,
    };
    let length = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.len();
    (length > 0 && length.is_multiple_of((PICTURE + before) as u64)).then_some(before)
}

/// The files of a folder that are such, training and test; none if there are no training images among them.
pub(crate) fn in_folder(folder: &Path) -> Option<(Vec<PathBuf>, Vec<PathBuf>)> {
    let files = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = files.filter(|path| labels_before(path).is_some()).collect();
    files.sort_by(|a, b| natural::compare(&display_name(a), &display_name(b)));
    let (test, train): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|path| display_name(path).to_ascii_lowercase().starts_with("test"));
    (!train.is_empty()).then_some((train, test))
}

/// Whether a file is one of these.
pub(crate) fn is_one(path: &Path) -> bool {
    labels_before(path).is_some()
}

/// Reads one such file, or the training and test files of a folder.
pub(crate) fn read(origin: &Path, train: &[PathBuf], test: &[PathBuf]) -> Result<Collection, DataError> {
    let mut notes = Vec::new();
    let files = [train, test].concat();
    let names = class_names(train.first().map_or(origin, PathBuf::as_path));
    let (images, labels) = part(train)?;
    let (test, test_labels) = if test.is_empty() { None } else { Some(part(test)?) }.unzip();
    let [labels, test_labels] = classes::together([Some(labels), test_labels], names.as_deref(), &mut notes);
    let name = display_name(origin);
    let set = |images: Images, labels| {
        let set = Dataset::new(&*name, images);
        match labels {
            Some(labels) => set.with_labels(labels),
            None => Ok(set),
        }
    };
    let train = set(images, labels)?;
    let test = test.map(|images| set(images, test_labels)).transpose()?;
    let mut collection = Collection::new(origin.into(), train, test)?;
    collection.notes = notes;
    if origin.is_dir() {
        let names = META.map(|name| origin.join(name));
        collection.ignored = Ignored::beside(origin, &[files, names.to_vec()].concat());
    }
    Ok(collection)
}

fn part(files: &[PathBuf]) -> Result<(Images, Vec<Label>), DataError> {
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for path in files {
        let before = labels_before(path).unwrap_or(1);
        let bytes = file::read(path).map_err(DataError::io(path, "read"))?;
        for record in bytes.chunks_exact(PICTURE + before) {
            labels.push(Label::Number(record[before - 1].into()));
            pixels.extend_from_slice(&record[before..]);
        }
    }
    let path = files.first().cloned().unwrap_or_default();
    let images = Images::new(Shape::new(3, 32, 32), pixels).ok_or(DataError::NoImages {
        path,
        ignored: Ignored::default(),
        unreadable: 0,
        example: None,
    })?;
    Ok((images, labels))
}

/// The names in the file that CIFAR has for them, if it lies beside.
fn class_names(beside: &Path) -> Option<Vec<String>> {
    let text = META.iter().find_map(|name| file::read_text(&beside.with_file_name(name)).ok())?;
    Some(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect())
}
