//! NumPy's `.npy` and `.npz` files as images and labels.
//!
//! Images are an array of 3 or 4 axes:
//!
//! | axes | taken as |
//! |---|---|
//! | 3 | `[image][row][column]`, grey |
//! | 4, the last of length 1, 3 or 4 | `[image][row][column][channel]`, as Keras and image libraries have it |
//! | 4, else the second of length 1, 3 or 4 | `[image][channel][row][column]`, as PyTorch has it |
//!
//! Where both could be meant, N×3×W×3 with W of 5 or more, that is asked, with what makes it one of them.
//! Other shapes, also those of one picture or of a stack along the last axis, are refused with what makes them one of
//! these. Four channels are RGB and opacity, and are laid on white. Elements are whole numbers from 0 to 255, only zeros
//! and ones or booleans (1 and true are 255), or floats from 0 to 1, which are rounded to the nearest 255th; other ranges
//! are refused with the formula that applies.

use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use super::array::{Array, Element};
use super::axes::AxisOrder;
use super::claims::most_inflated;
use super::classes::{self, Label};
use super::folder::display_name;
use super::npy;
use super::npz_keys::{self, Part, What};
use super::pixels::Range;
use super::stack::Named;
use super::{Collection, DataError, Dataset, Labels};
use crate::file;

const SHAPE: &str = "header field `shape`";

/// Reads a `.npy` file of images.
///
/// Labels are taken from the file beside it whose name has `labels` for `images`, or `y_` for `x_`, if there is one. They
/// are numbers, texts, or rows with one 1 each; others are not used, and a note says so.
///
/// # Errors
/// [`DataError::Io`] if the file cannot be read, [`DataError::Malformed`] if it is no array of images by the rules of
/// [this module](self).
pub fn read_npy(path: &Path) -> Result<Collection, DataError> {
    let mut notes = Vec::new();
    let array = read_file(path)?;
    let named = Named { path, place: "", shape: SHAPE };
    let range = named.range(&array)?;
    let images = named.images(&array, AxisOrder::of(&array.axes), range, &mut notes)?;
    drop(array);
    let labels = labels_beside(path).and_then(|beside| {
        let labels = read_file(&beside)
            .map_err(|error| error.to_string())
            .and_then(|array| classes::of_array(&array, &mut notes));
        classes::matching(labels, images.len(), &display_name(&beside), &mut notes)
    });
    let [labels] = classes::together([labels], None, &mut notes);
    let train = labelled(Dataset::new(display_name(path), images), labels)?;
    let mut collection = Collection::new(path.into(), train, None)?;
    collection.notes = notes;
    Ok(collection)
}

/// Whether an archive is one of arrays.
pub(crate) fn is_npz(path: &Path) -> bool {
    let archive = file::open(path).ok().and_then(|file| ZipArchive::new(BufReader::new(file)).ok());
    archive.is_some_and(|archive| {
        archive.file_names().flatten().any(|name| name.ends_with(".npy")) || archive.is_empty()
    })
}

/// Reads a `.npz` archive, stored or compressed, with arrays of the customary names.
///
/// An array's name says its split, and whether it holds images or labels: `x_train`, `train_images`, `images`, `arr_0` and
/// their like, in any case. Of several for the same the first counts; validation images are the test images where there
/// are no others. Where no name is known, the only array that has the shape of images is taken. What is not used is named
/// in a note. Labels that are no classes are not used, and a note says so.
///
/// # Errors
/// As [`read_npy`]; a [`DataError::Malformed`] that lists the arrays there are if none holds images.
pub fn read_npz(path: &Path) -> Result<Collection, DataError> {
    let file = file::open(path).map_err(DataError::io(path, "open"))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(path, "", error))?;
    let keys = archive
        .file_names()
        .map(|name| name.map(|name| name.strip_suffix(".npy").unwrap_or(&name).to_string()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| zip_error(path, "names of the arrays, ", error))?;
    let mut notes = Vec::new();
    let mut chosen = npz_keys::choose(&keys, &mut notes);
    if chosen.key(Part::Train, What::Images).is_none() {
        let looks_like_images = |key: &&String| {
            if !npz_keys::may_be_images(key) {
                return false;
            }
            let header = entry(path, &mut archive, key)
                .and_then(|(entry, _)| npy::read_shape(path, &place(key), entry));
            header.is_ok_and(|(element, axes)| {
                axes.len() >= 3 && !matches!(element, Element::Text { .. }) && AxisOrder::of(&axes).is_ok()
            })
        };
        let mut candidates = keys.iter().filter(looks_like_images).cloned().collect::<Vec<_>>().into_iter();
        match (candidates.next(), candidates.next()) {
            (Some(only), None) => {
                notes.push(format!("images are those of `{only}`, the only array of their shape"));
                chosen.set(Part::Train, What::Images, only);
            }
            _ => return Err(no_images(path, &keys)),
        }
    }
    let mut read = |key: &str| read_entry(path, &mut archive, key);
    let mut images = Vec::new();
    for part in [Part::Train, Part::Test] {
        if let Some(key) = chosen.key(part, What::Images) {
            images.push((place(key), read(key)?));
        }
    }
    let mut labels = [Part::Train, Part::Test].map(|part| {
        let key = chosen.key(part, What::Labels)?;
        let labels = read(key).map_err(|error| error.to_string());
        Some((key.to_owned(), labels.and_then(|array| classes::of_array(&array, &mut notes))))
    });

    let ranges = images
        .iter()
        .map(|(place, array)| Named { path, place, shape: SHAPE }.range(array))
        .collect::<Result<Vec<_>, _>>()?;
    // Training and test images of one kind are scaled alike; floats are each told by themselves.
    let whole = |array: &Array| matches!(array.element, Element::Int { .. });
    let of_whole = images.iter().zip(&ranges).filter(|((_, array), _)| whole(array)).map(|(_, range)| *range);
    let together = of_whole.reduce(Range::with);
    let mut sets = Vec::new();
    for (((place, array), range), labels) in images.into_iter().zip(ranges).zip(&mut labels) {
        let named = Named { path, place: &place, shape: SHAPE };
        let range = together.filter(|_| whole(&array)).unwrap_or(range);
        let images = named.images(&array, AxisOrder::of(&array.axes), range, &mut notes)?;
        let labels = labels.take().and_then(|(key, labels)| {
            classes::matching(labels, images.len(), &format!("array `{key}`"), &mut notes)
        });
        sets.push((images, labels));
    }
    let mut sets = sets.into_iter();
    let (train, train_labels) = sets.next().ok_or_else(|| no_images(path, &keys))?;
    let (test, test_labels): (_, Option<Option<Vec<Label>>>) = sets.next().unzip();
    let [train_labels, test_labels] =
        classes::together([train_labels, test_labels.flatten()], None, &mut notes);
    let name = display_name(path);
    let train = labelled(Dataset::new(&*name, train), train_labels)?;
    let test = test.map(|images| labelled(Dataset::new(name, images), test_labels)).transpose()?;
    let mut collection = Collection::new(path.into(), train, test)?;
    collection.notes = notes;
    Ok(collection)
}

fn no_images(path: &Path, keys: &[String]) -> DataError {
    /// Names that are listed, at most.
    const LISTED: usize = 10;
    let more = if keys.len() > LISTED { format!(" and {} more", keys.len() - LISTED) } else { String::new() };
    let listed = keys.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    DataError::Malformed {
        path: path.into(),
        place: "names of the arrays".into(),
        expected: "training images, as x_train, train_images, images, x or arr_0".into(),
        got: if keys.is_empty() { "an empty archive".into() } else { format!("{listed}{more}") },
        advice: "name them: numpy.savez(path, x_train=…, y_train=…, x_test=…, y_test=…)".into(),
    }
}

/// Where in an archive: in this array.
fn place(key: &str) -> String {
    format!("array `{key}`, ")
}

fn read_file(path: &Path) -> Result<Array, DataError> {
    let file = file::open(path).map_err(DataError::io(path, "open"))?;
    let length = file.metadata().map_err(DataError::io(path, "look at"))?.len();
    npy::read(path, "", length, BufReader::with_capacity(1 << 16, file))
}

/// An array of an archive, still compressed, and the most bytes that it can have.
fn entry<'a, R: Read + Seek>(
    path: &Path,
    archive: &'a mut ZipArchive<R>,
    key: &str,
) -> Result<(impl Read + use<'a, R>, u64), DataError> {
    let name = format!("{key}.npy");
    let name = if archive.index_for_name(&name).is_some() { &name } else { key };
    let entry = archive.by_name(name).map_err(|error| zip_error(path, &place(key), error))?;
    let limit = most_inflated(entry.compressed_size());
    Ok((entry, limit))
}

fn read_entry<R: Read + Seek>(
    path: &Path,
    archive: &mut ZipArchive<R>,
    key: &str,
) -> Result<Array, DataError> {
    let (entry, limit) = entry(path, archive, key)?;
    npy::read(path, &place(key), limit, entry)
}

fn zip_error(path: &Path, place: &str, error: ZipError) -> DataError {
    match error {
        ZipError::Io(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            DataError::Io { path: path.into(), doing: "read", source }
        }
        other => DataError::Malformed {
            path: path.into(),
            place: format!("{place}zip archive"),
            expected: "an intact archive, stored or deflated".into(),
            got: other.to_string(),
            advice: "the archive is damaged, cut short or encrypted: fetch or write it again".into(),
        },
    }
}

/// The labels beside `images.npy` or `x_train.npy`.
pub(crate) fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let other = match name.strip_prefix("x_").or_else(|| name.strip_prefix("X_")) {
        Some(rest) => format!("y_{rest}"),
        None => name.replace("images", "labels"),
    };
    (other != name).then(|| images.with_file_name(other)).filter(|labels| labels.is_file())
}

fn labelled(set: Dataset, labels: Option<Labels>) -> Result<Dataset, DataError> {
    match labels {
        Some(labels) => set.with_labels(labels),
        None => Ok(set),
    }
}

#[cfg(test)]
#[path = "numpy_tests.rs"]
mod tests;
