//! Pickled pictures: the Python versions of CIFAR-10 and CIFAR-100, and dictionaries of NumPy arrays like them.

use std::fs;
use std::path::{Path, PathBuf};

use super::axes::AxisOrder;
use super::classes::{self, Label};
use super::folder::display_name;
use super::join::{Piece, join};
use super::npz_keys::{self, Part, What};
use super::pickle::{self, Elements, Value};
use super::stack::Named;
use super::{Collection, DataError, Dataset, Ignored, Images, natural};
use crate::{file, machine};

/// The file, the values it is made of, the array and its pixels: as many times its length are in memory.
const COPIES: u64 = 4;

const LABELS: [&str; 6] = ["fine_labels", "labels", "label", "y", "targets", "y_train"];
/// Files of CIFAR's with the names of its classes.
const META: [&str; 2] = ["batches.meta", "meta"];
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
    let mut used = files.to_vec();
    used.extend(META.map(|name| folder.join(name)));
    let mut collection = join(&display_name(folder), folder, pieces)?;
    collection.ignored.extend(&Ignored::beside(folder, &used));
    Ok(collection)
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
    let value = pickle::read(&bytes).ok_or_else(|| DataError::Foreign {
        path: path.into(),
        format: "a Python pickle that is damaged, or made of other than plain values and NumPy arrays".into(),
        advice: "save its pictures with numpy.savez(path, x_train=…, y_train=…)".into(),
    })?;
    drop(bytes);
    let mut notes = Vec::new();
    let keys: Vec<String> =
        value.entries().filter(|(_, value)| array(value).is_some()).map(|(key, _)| key).collect();
    let mut chosen = npz_keys::choose(&keys, &mut notes);
    if chosen.key(Part::Train, What::Images).is_none()
        && let [only] = &keys[..]
        && npz_keys::may_be_images(only)
    {
        notes.clear();
        chosen.set(Part::Train, What::Images, only.clone());
    }
    let pictures = |part| chosen.key(part, What::Images).and_then(|key| value.get(key)).and_then(array);
    let train = pictures(Part::Train).or_else(|| array(&value)).ok_or_else(|| {
        let expected =
            "a NumPy array of pictures, or a dictionary that has one as `data`, `images` or `x_train`";
        let advice = "save its pictures with numpy.savez(path, x_train=…, y_train=…)";
        DataError::malformed(path, "pickled value", expected, value.kind(), advice)
    })?;
    let mut part = |part, array: &Elements| {
        let key = chosen.key(part, What::Images).map_or_else(String::new, |key| format!(" `{key}`"));
        let images = images(path, &format!("pickled array{key}, "), array, &mut notes)?;
        // CIFAR's own keys, and its finer classes first, come before others.
        let known = LABELS.iter().find(|key| part == Part::Train && value.get(key).is_some()).copied();
        let labels = known.or_else(|| chosen.key(part, What::Labels)).and_then(|key| {
            let labels = match value.get(key)? {
                Value::Array(elements) => classes::of_array(&elements.array(), &mut notes),
                Value::List(values, _) => values.iter().map(label).collect(),
                _ => Err("they are neither a list nor an array".into()),
            };
            classes::matching(labels, images.len(), &format!("what is pickled as `{key}`"), &mut notes)
        });
        Ok::<_, DataError>((images, labels))
    };
    let (train, labels) = part(Part::Train, train)?;
    let test = pictures(Part::Test).map(|array| part(Part::Test, array)).transpose()?;
    collect(path, (train, labels), test, notes)
}

/// The array that a value is.
fn array(value: &Value) -> Option<&Elements> {
    match value {
        Value::Array(elements) => Some(elements),
        _ => None,
    }
}

/// The pictures of an array.
fn images(path: &Path, place: &str, array: &Elements, notes: &mut Vec<String>) -> Result<Images, DataError> {
    let mut array = array.array();
    // CIFAR has its pictures flat, and red, green and blue one after the other.
    if let [images, length] = array.axes[..]
        && !array.fortran
        && length.is_multiple_of(3)
        && (length / 3).isqrt().pow(2) == length / 3
    {
        let side = (length / 3).isqrt();
        array.axes = vec![images, 3, side, side];
    }
    let named = Named { path, place, shape: "shape" };
    let range = named.range(&array)?;
    named.images(&array, AxisOrder::of(&array.axes), range, notes)
}

fn label(value: &Value) -> Result<Label, String> {
    match value {
        Value::Int(number) => classes::of_number(*number as f64),
        other => other.text().map(|text| classes::of_text(&text)).ok_or_else(|| "they are no numbers".into()),
    }
}

/// Images, and the label of each if there are labels.
type Labelled = (Images, Option<Vec<Label>>);

fn collect(
    path: &Path,
    (train, labels): Labelled,
    test: Option<Labelled>,
    mut notes: Vec<String>,
) -> Result<Collection, DataError> {
    let names = class_names(path);
    let (test, test_labels) = test.unzip();
    let [labels, test_labels] =
        classes::together([labels, test_labels.flatten()], names.as_deref(), &mut notes);
    let set = |images, labels| {
        let set = Dataset::new(display_name(path), images);
        match labels {
            Some(labels) => set.with_labels(labels),
            None => Ok(set),
        }
    };
    let test = test.map(|images| set(images, test_labels)).transpose()?;
    let mut collection = Collection::new(path.into(), set(train, labels)?, test)?;
    collection.notes = notes;
    Ok(collection)
}

/// The names of classes in the file that CIFAR has for them, if it lies beside.
fn class_names(beside: &Path) -> Option<Vec<String>> {
    let file = META.iter().find_map(|name| file::read(&beside.with_file_name(name)).ok())?;
    let meta = pickle::read(&file)?;
    let Value::List(names, _) = NAMES.iter().find_map(|key| meta.get(key))? else { return None };
    names.iter().map(Value::text).collect()
}
