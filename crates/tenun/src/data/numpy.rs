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
//! Where both could be meant, the last axis is the channel: an array N×3×H×3 is taken as images of 3×H in RGB.
//! Four channels are RGB and opacity, and are laid on white. Elements are whole numbers from 0 to 255, booleans
//! (true is 255), or floats from 0 to 1, which are rounded to the nearest 255th.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use tenun_engine::Shape;
use zip::ZipArchive;
use zip::result::ZipError;

use super::dataset::numbered_classes;
use super::decode::on_white_value;
use super::folder::display_name;
use super::idx::DEFLATE_LIMIT;
use super::npy::{self, Array, Element};
use super::{Collection, DataError, Dataset, Images, Labels};

/// Names of arrays of training images, test images and their labels, in the order they are looked for.
const TRAIN_IMAGES: [&str; 8] =
    ["x_train", "train_images", "train_x", "X_train", "images", "x", "X", "arr_0"];
const TEST_IMAGES: [&str; 4] = ["x_test", "test_images", "test_x", "X_test"];
const TRAIN_LABELS: [&str; 6] = ["y_train", "train_labels", "train_y", "labels", "y", "Y"];
const TEST_LABELS: [&str; 3] = ["y_test", "test_labels", "test_y"];

/// Reads a `.npy` file of images.
///
/// Labels are taken from the file beside it whose name has `labels` for `images`, or `y_` for `x_`, if there is one.
///
/// # Errors
/// [`DataError::Io`] if a file cannot be read, [`DataError::Malformed`] if it is no array of images by the rules of
/// [this module](self), [`DataError::LabelCount`] if the labels do not match.
pub fn read_npy(path: &Path) -> Result<Collection, DataError> {
    let images = to_images(path, "", read_file(path)?)?;
    let labels =
        labels_beside(path).map(|labels| to_classes(&labels, "", read_file(&labels)?)).transpose()?;
    let names = numbered_classes(labels.as_deref());
    let train = labelled(&display_name(path), images, labels, &names)?;
    Collection::new(path.into(), train, None)
}

/// Reads a `.npz` archive, stored or compressed, with arrays of the customary names.
///
/// Training images are `x_train`, `train_images`, `train_x`, `images`, `x` or `arr_0`, their labels `y_train`,
/// `train_labels`, `train_y`, `labels` or `y`; test images and labels are `x_test`, `test_images` or `test_x`, and
/// `y_test`, `test_labels` or `test_y`. Labels have one axis, or a second of length 1. Other arrays are not read.
///
/// # Errors
/// As [`read_npy`]; a [`DataError::Malformed`] that lists the arrays there are if none has such a name.
pub fn read_npz(path: &Path) -> Result<Collection, DataError> {
    let file = File::open(path).map_err(DataError::io(path, "open"))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(path, "", error))?;
    let keys = archive
        .file_names()
        .map(|name| name.map(|name| name.strip_suffix(".npy").unwrap_or(&name).to_string()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| zip_error(path, "names of the arrays, ", error))?;
    let find = |names: &[&str]| {
        names.iter().find(|name| keys.iter().any(|key| key == *name)).map(|name| (*name).to_string())
    };

    let Some(train_key) = find(&TRAIN_IMAGES) else {
        return Err(DataError::Malformed {
            path: path.into(),
            place: "names of the arrays".into(),
            expected: format!("training images as one of {}", TRAIN_IMAGES.join(", ")),
            got: if keys.is_empty() { "an empty archive".into() } else { keys.join(", ") },
            advice: "rename them: numpy.savez(path, x_train=…, y_train=…, x_test=…, y_test=…)",
        });
    };
    let mut read = |key: &str| read_entry(path, &mut archive, key);
    let train = to_images(path, &place(&train_key), read(&train_key)?)?;
    let mut labels =
        |names: &[&str]| find(names).map(|key| to_classes(path, &place(&key), read(&key)?)).transpose();
    let train_labels = labels(&TRAIN_LABELS)?;
    let test_labels = labels(&TEST_LABELS)?;
    let test = find(&TEST_IMAGES).map(|key| to_images(path, &place(&key), read(&key)?)).transpose()?;

    let name = display_name(path);
    let names = numbered_classes(train_labels.iter().chain(&test_labels).map(Vec::as_slice));
    let train = labelled(&name, train, train_labels, &names)?;
    let test = test.map(|images| labelled(&name, images, test_labels, &names)).transpose()?;
    Collection::new(path.into(), train, test)
}

/// Where in an archive: in this array.
fn place(key: &str) -> String {
    format!("array `{key}`, ")
}

fn read_file(path: &Path) -> Result<Array, DataError> {
    let file = File::open(path).map_err(DataError::io(path, "open"))?;
    let length = file.metadata().map_err(DataError::io(path, "look at"))?.len();
    npy::read(path, "", length, BufReader::with_capacity(1 << 16, file))
}

fn read_entry<R: Read + Seek>(
    path: &Path,
    archive: &mut ZipArchive<R>,
    key: &str,
) -> Result<Array, DataError> {
    let place = place(key);
    let name = format!("{key}.npy");
    let name = if archive.index_for_name(&name).is_some() { &name } else { key };
    let entry = archive.by_name(name).map_err(|error| zip_error(path, &place, error))?;
    let limit = entry.compressed_size().saturating_mul(DEFLATE_LIMIT);
    npy::read(path, &place, limit, entry)
}

fn zip_error(path: &Path, place: &str, error: ZipError) -> DataError {
    match error {
        ZipError::Io(source) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
            DataError::Io { path: path.into(), doing: "read", source }
        }
        other => DataError::Malformed {
            path: path.into(),
            place: format!("{place}zip archive"),
            expected: "an intact archive, stored or deflated, as numpy.savez writes".into(),
            got: other.to_string(),
            advice: "write it again with numpy.savez or numpy.savez_compressed",
        },
    }
}

/// The labels beside `images.npy` or `x_train.npy`.
fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let other = match name.strip_prefix("x_").or_else(|| name.strip_prefix("X_")) {
        Some(rest) => format!("y_{rest}"),
        None => name.replace("images", "labels"),
    };
    (other != name).then(|| images.with_file_name(other)).filter(|labels| labels.is_file())
}

fn labelled(
    name: &str,
    images: Images,
    classes: Option<Vec<u16>>,
    names: &[String],
) -> Result<Dataset, DataError> {
    let set = Dataset::new(name, images);
    match classes {
        Some(classes) => set.with_labels(Labels::new(classes, names.to_vec())?),
        None => Ok(set),
    }
}

/// Where the axes of images are in an array.
struct AxisOrder {
    images: usize,
    channels: Option<usize>,
    rows: usize,
    columns: usize,
}

impl AxisOrder {
    fn of(axes: &[usize]) -> Option<Self> {
        match axes {
            [_, _, _] => Some(Self { images: 0, channels: None, rows: 1, columns: 2 }),
            [_, _, _, 1 | 3 | 4] => Some(Self { images: 0, channels: Some(3), rows: 1, columns: 2 }),
            [_, 1 | 3 | 4, _, _] => Some(Self { images: 0, channels: Some(1), rows: 2, columns: 3 }),
            _ => None,
        }
    }
}

/// An array as images; `place` says which array of the file it is.
fn to_images(path: &Path, place: &str, array: Array) -> Result<Images, DataError> {
    let malformed = |field: &str, expected: &str, got: String, advice| DataError::Malformed {
        path: path.into(),
        place: format!("{place}{field}"),
        expected: expected.into(),
        got,
        advice,
    };
    let Some(axes) = AxisOrder::of(&array.axes) else {
        return Err(malformed(
            "header field `shape`",
            "N×H×W, N×H×W×C or N×C×H×W with 1, 3 or 4 channels C",
            format!("{:?}", array.axes),
            "reshape or transpose the array to one of these",
        ));
    };
    if array.axes.contains(&0) {
        let got = format!("{:?}", array.axes);
        return Err(malformed(
            "header field `shape`",
            "at least one image of at least one pixel",
            got,
            "the array holds nothing: give another",
        ));
    }
    let channels = axes.channels.map_or(1, |axis| array.axes[axis]);
    let (height, width) = (array.axes[axes.rows], array.axes[axes.columns]);
    let values = to_bytes(&array).map_err(|(index, got, expected)| {
        malformed(
            &format!("element {:?}", position(&array, index)),
            expected,
            got,
            "scale the pixels to 0…255 whole numbers (uint8), or to 0…1 floats",
        )
    })?;
    let planar = axes.channels != Some(3) || channels == 1;
    let pixels = if planar && !array.fortran { values } else { planes(&array, &axes, channels, &values) };
    let (channels, pixels) = match channels {
        4 => (3, on_white(&pixels, height * width)),
        other => (other, pixels),
    };
    Images::new(Shape::new(channels, height, width), pixels).ok_or_else(|| {
        malformed("header field `shape`", "whole images", format!("{:?}", array.axes), "give another array")
    })
}

/// Every element as a byte, in the order of the file; or the index of one that is none, its value, and what it
/// should be.
fn to_bytes(array: &Array) -> Result<Vec<u8>, (usize, String, &'static str)> {
    match array.element {
        Element::Int { bytes: 1, signed: false, .. } => Ok(array.bytes.clone()),
        Element::Bool => Ok(array.bytes.iter().map(|&byte| if byte == 0 { 0 } else { 255 }).collect()),
        element @ Element::Int { bytes, .. } => array
            .bytes
            .chunks_exact(bytes)
            .enumerate()
            .map(|(index, value)| {
                let value = element.integer(value).unwrap_or(-1);
                u8::try_from(value).map_err(|_| (index, value.to_string(), "a whole number from 0 to 255"))
            })
            .collect(),
        element @ Element::Float { bytes, .. } => array
            .bytes
            .chunks_exact(bytes)
            .enumerate()
            .map(|(index, value)| {
                let value = element.float(value).unwrap_or(f64::NAN);
                match (0.0..=1.0).contains(&value) {
                    true => Ok((value * 255.0).round() as u8),
                    false => Err((index, value.to_string(), "a float from 0 to 1")),
                }
            })
            .collect(),
    }
}

/// The index of each axis of the element that lies at `offset` in the file.
fn position(array: &Array, offset: usize) -> Vec<usize> {
    array.strides().iter().zip(&array.axes).map(|(&stride, &axis)| offset / stride % axis).collect()
}

/// The elements `[image][channel][row][column]`, wherever they lie in the array.
fn planes(array: &Array, axes: &AxisOrder, channels: usize, values: &[u8]) -> Vec<u8> {
    let strides = array.strides();
    let channel_stride = axes.channels.map_or(0, |axis| strides[axis]);
    let mut pixels = Vec::with_capacity(values.len());
    for image in 0..array.axes[axes.images] {
        for channel in 0..channels {
            for row in 0..array.axes[axes.rows] {
                let start =
                    image * strides[axes.images] + channel * channel_stride + row * strides[axes.rows];
                let line = values[start..].iter().step_by(strides[axes.columns]);
                pixels.extend(line.take(array.axes[axes.columns]));
            }
        }
    }
    pixels
}

/// Planar RGB and opacity as RGB on white.
fn on_white(pixels: &[u8], area: usize) -> Vec<u8> {
    let mut flat = Vec::with_capacity(pixels.len() / 4 * 3);
    for image in pixels.chunks_exact(4 * area) {
        let (colours, opacity) = image.split_at(3 * area);
        for plane in colours.chunks_exact(area) {
            flat.extend(plane.iter().zip(opacity).map(|(&value, &alpha)| on_white_value(value, alpha)));
        }
    }
    flat
}

/// An array as classes: one axis, or a second of length 1, of whole numbers from 0 to 65,535.
fn to_classes(path: &Path, place: &str, array: Array) -> Result<Vec<u16>, DataError> {
    let malformed = |field: String, expected: &str, got: String| DataError::Malformed {
        path: path.into(),
        place: format!("{place}{field}"),
        expected: expected.into(),
        got,
        advice: "give one whole number for each image: its class, counted from 0",
    };
    if !matches!(array.axes[..], [_] | [_, 1]) {
        return Err(malformed("header field `shape`".into(), "labels N or N×1", format!("{:?}", array.axes)));
    }
    let classes = array.bytes.chunks_exact(array.element.size()).enumerate().map(|(index, bytes)| {
        let expected = "a whole number from 0 to 65535";
        let place = format!("element [{index}]");
        match (array.element.integer(bytes), array.element.float(bytes)) {
            (Some(class), _) => {
                u16::try_from(class).map_err(|_| malformed(place, expected, class.to_string()))
            }
            (None, value) => {
                Err(malformed(place, expected, format!("the float {}", value.unwrap_or(f64::NAN))))
            }
        }
    });
    classes.collect()
}

#[cfg(test)]
#[path = "numpy_tests.rs"]
mod tests;
