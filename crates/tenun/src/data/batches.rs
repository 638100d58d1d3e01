//! Pickled pictures: the Python versions of CIFAR-10 and CIFAR-100, and dictionaries of NumPy arrays like them.

use std::fs;
use std::path::{Path, PathBuf};

use super::axes::AxisOrder;
use super::classes::{self, Label};
use super::folder::display_name;
use super::join::{Piece, join};
use super::npz_keys::{self, Part};
use super::pickle::{self, Value};
use super::stack::Named;
use super::{Collection, DataError, Dataset, Images, natural};
use crate::{file, machine};

/// The file, the values it is made of, the array and its pixels: as many times its length are in memory.
const COPIES: u64 = 4;

const PICTURES: [&str; 5] = ["data", "images", "x", "X", "x_train"];
const LABELS: [&str; 6] = ["fine_labels", "labels", "label", "y", "targets", "y_train"];
const NAMES: [&str; 2] = ["label_names", "fine_label_names"];

/// Whether a file begins as a pickle does.
pub(crate) fn is_pickle(start: &[u8]) -> bool {
    matches!(start, [0x80, 2..=5, ..])
}

/// The batches of CIFAR in a folder, training and test.
pub(crate) fn in_folder(folder: &Path) -> Option<Vec<PathBuf>> {
    let has = |name: &str| folder.join(name).is_file();
    let is_cifar =
        (has("data_batch_1") && has("batches.meta")) || (has("train") && has("test") && has("meta"));
    let files = fs::read_dir(folder).ok().filter(|_| is_cifar)?.flatten().map(|entry| entry.path());
    let is_batch = |path: &PathBuf| {
        let name = display_name(path);
        path.is_file()
            && (name.starts_with("data_batch_") || matches!(&name[..], "test_batch" | "train" | "test"))
    };
    let mut files: Vec<PathBuf> = files.filter(is_batch).collect();
    files.sort_by(|a, b| natural::compare(&display_name(a), &display_name(b)));
    Some(files)
}

/// Reads the batches of a folder as one set.
pub(crate) fn read_folder(folder: &Path, files: &[PathBuf]) -> Result<Collection, DataError> {
    let mut pieces = Vec::new();
    for path in files {
        let called = display_name(path);
        let part = npz_keys::part(&called).unwrap_or(Part::Train);
        pieces.push(Piece { part, called, path: path.clone(), collection: read(path)? });
    }
    join(&display_name(folder), folder, pieces)
}

/// Reads one pickle.
pub(crate) fn read(path: &Path) -> Result<Collection, DataError> {
    let length = fs::metadata(path).map_err(DataError::io(path, "look at"))?.len();
    if machine::available().is_some_and(|available| length.saturating_mul(COPIES) > available) {
        let (expected, got) = ("a file that fits memory several times", format!("{length} bytes"));
        let advice = "save its pictures with numpy.savez(path, x_train=…), as uint8, or use a part of them";
        return Err(DataError::malformed(path, "pickle", expected, got, advice));
    }
    let bytes = file::read(path).map_err(DataError::io(path, "read"))?;
    let foreign = || DataError::Foreign {
        path: path.into(),
        format: "a Python pickle of other than NumPy arrays, or damaged".into(),
        advice: "save its pictures with numpy.savez(path, x_train=…, y_train=…)".into(),
    };
    let value = pickle::read(&bytes).ok_or_else(foreign)?;
    drop(bytes);
    let array = |value: &Value| match value {
        Value::Array(elements) => Some(elements.array()),
        _ => None,
    };
    let pictures = PICTURES.iter().find_map(|key| value.get(key).and_then(array)).or_else(|| array(&value));
    let mut array_of = pictures.ok_or_else(foreign)?;
    let mut notes = Vec::new();
    // CIFAR has its pictures flat, and red, green and blue one after the other.
    if let [images, length] = array_of.axes[..]
        && !array_of.fortran
        && length.is_multiple_of(3)
        && (length / 3).isqrt().pow(2) == length / 3
    {
        let side = (length / 3).isqrt();
        array_of.axes = vec![images, 3, side, side];
    }
    let named = Named { path, place: "pickled array, ", shape: "shape" };
    let range = named.range(&array_of)?;
    let images = named.images(&array_of, AxisOrder::of(&array_of.axes), range, &mut notes)?;
    let labels = LABELS.iter().find_map(|key| value.get(key)).and_then(|labels| {
        let labels = match labels {
            Value::Array(elements) => classes::of_array(&elements.array(), &mut notes),
            Value::List(values, _) => values.iter().map(label).collect(),
            _ => Err("they are neither a list nor an array".into()),
        };
        classes::matching(labels, images.len(), "what is pickled beside the pictures", &mut notes)
    });
    collect(path, images, labels, notes)
}

fn label(value: &Value) -> Result<Label, String> {
    match value {
        Value::Int(number) => classes::of_number(*number as f64),
        other => other.text().map(|text| classes::of_text(&text)).ok_or_else(|| "they are no numbers".into()),
    }
}

fn collect(
    path: &Path,
    images: Images,
    labels: Option<Vec<Label>>,
    mut notes: Vec<String>,
) -> Result<Collection, DataError> {
    let names = class_names(path);
    let [labels] = classes::together([labels], names.as_deref(), &mut notes);
    let mut set = Dataset::new(display_name(path), images);
    if let Some(labels) = labels {
        set = set.with_labels(labels)?;
    }
    let mut collection = Collection::new(path.into(), set, None)?;
    collection.notes = notes;
    Ok(collection)
}

/// The names of classes in the file that CIFAR has for them, if it lies beside.
fn class_names(beside: &Path) -> Option<Vec<String>> {
    let file =
        ["batches.meta", "meta"].iter().find_map(|name| file::read(&beside.with_file_name(name)).ok())?;
    let meta = pickle::read(&file)?;
    let Value::List(names, _) = NAMES.iter().find_map(|key| meta.get(key))? else { return None };
    names.iter().map(Value::text).collect()
}
