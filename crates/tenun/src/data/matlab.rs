//! MATLAB's files of version 5 to 7, compressed or not: their arrays of numbers. Version 7.3 is HDF5, and is not read.
//!
//! Images lie along the last axis, as MATLAB has them (`[row][column][channel][image]`, the cropped digits of SVHN), or along
//! the first, as NumPy leaves them.
//!
//! Source: MathWorks, "MAT-File Format", 2019, chapter 1.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::ZlibDecoder;

use super::array::{Array, Element};
use super::axes::AxisOrder;
use super::claims::most_inflated;
use super::classes;
use super::folder::display_name;
use super::npz_keys::{self, Part, What};
use super::stack::Named;
use super::{Collection, DataError, Dataset};
use crate::{file, machine};

const HEADER: usize = 128;
const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

const WHOLE: &str = "whole arrays, together no larger than half of the free memory, nor than pictures compress to the file's \
                     length";
const ADVICE: &str = "the file is damaged or cut short: fetch it again";

/// Whether a file begins as these do.
pub(crate) fn is_matlab(start: &[u8]) -> bool {
    start.starts_with(b"MATLAB 5.0 MAT-file")
}

/// Reads the images of a file, and their labels.
pub(crate) fn read(path: &Path) -> Result<Collection, DataError> {
    let arrays = Reader::open(path)
        .map_err(DataError::io(path, "open"))?
        .and_then(Reader::arrays)
        .ok_or_else(|| {
            let got = "the end of the file, damage, or more than that";
            DataError::malformed(path, "elements", WHOLE, got, ADVICE)
        })?;
    let mut notes = Vec::new();
    let names: Vec<String> = arrays.iter().map(|(name, _)| name.clone()).collect();
    let mut chosen = npz_keys::choose(&names, &mut notes);
    let looks_like_images = |array: &Array| array.axes.len() >= 3;
    if chosen.key(Part::Train, What::Images).is_none() {
        let may_be = |name: &str, array: &Array| npz_keys::may_be_images(name) && looks_like_images(array);
        let mut candidates = arrays.iter().filter(|(name, array)| may_be(name, array));
        if let (Some((name, _)), None) = (candidates.next(), candidates.next()) {
            chosen.set(Part::Train, What::Images, name.clone());
        }
    }
    let find = |part, what| {
        let key = chosen.key(part, what)?;
        arrays.iter().find(|(name, _)| name == key).map(|(_, array)| (key, array))
    };
    let mut sets = Vec::new();
    for part in [Part::Train, Part::Test] {
        let Some((key, array)) = find(part, What::Images) else { continue };
        let place = format!("array `{key}`, ");
        let named = Named { path, place: &place, shape: "shape" };
        let range = named.range(array)?;
        let images = named.images(array, order(&array.axes), range, &mut notes)?;
        let labels = find(part, What::Labels).and_then(|(key, labels)| {
            let labels = classes::of_array(labels, &mut notes);
            classes::matching(labels, images.len(), &format!("array `{key}`"), &mut notes)
        });
        sets.push((images, labels));
    }
    let mut sets = sets.into_iter();
    let Some((train, labels)) = sets.next() else {
        let got = names.into_iter().take(10).collect::<Vec<_>>().join(", ");
        let advice = "save the images under such a name, one picture a row or along the first axis: \
            scipy.io.savemat(path, {'X': …, 'y': …})";
        return Err(DataError::malformed(
            path,
            "names of the arrays",
            "images as X, images or data",
            got,
            advice,
        ));
    };
    let (test, test_labels) = sets.next().unzip();
    let [labels, test_labels] = classes::together([labels, test_labels.flatten()], None, &mut notes);
    let set = |images, labels| {
        let set = Dataset::new(display_name(path), images);
        match labels {
            Some(labels) => set.with_labels(labels),
            None => Ok(set),
        }
    };
    let train = set(train, labels)?;
    let test = test.map(|images| set(images, test_labels)).transpose()?;
    let mut collection = Collection::new(path.into(), train, test)?;
    collection.notes = notes;
    Ok(collection)
}

/// Which axis is which.
fn order(axes: &[usize]) -> Result<AxisOrder, String> {
    match *axes {
        [rows, columns, images] if rows == columns && images != columns => {
            Ok(AxisOrder { images: 2, channels: None, rows: 0, columns: 1 })
        }
        [_, rows, columns] if rows == columns => AxisOrder::images_first(axes),
        [_, _, 1 | 3 | 4, images] if !matches!(images, 1 | 3 | 4) => {
            Ok(AxisOrder { images: 3, channels: Some(2), rows: 0, columns: 1 })
        }
        _ => AxisOrder::of(axes),
    }
}

/// The elements of a file, one after the other.
struct Reader {
    file: BufReader<File>,
    big: bool,
    /// Bytes of the file that have not been read.
    left: u64,
    /// The most bytes that may be held.
    most: u64,
}

impl Reader {
    /// None if the file ends in its header.
    fn open(path: &Path) -> std::io::Result<Option<Self>> {
        let file = file::open(path)?;
        let length = file.metadata()?.len();
        let mut file = BufReader::new(file);
        let mut header = [0; HEADER];
        if file.read_exact(&mut header).is_err() {
            return Ok(None);
        }
        // The array that is made of an element stands beside it.
        let most = (machine::available().unwrap_or(u64::MAX) / 2).min(most_inflated(length));
        Ok(Some(Self { file, big: &header[126..] == b"MI", left: length - HEADER as u64, most }))
    }

    /// The arrays of numbers by name; none if something is damaged, or more than there may be.
    fn arrays(mut self) -> Option<Vec<(String, Array)>> {
        let mut arrays = Vec::new();
        while self.left >= 8 {
            let mut tag = [0; 8];
            self.file.read_exact(&mut tag).ok()?;
            let (kind, length) = (word(&tag, self.big)?, u64::from(word(&tag[4..], self.big)?));
            self.left = (self.left - 8).checked_sub(length)?;
            let mut bytes = Vec::new();
            let mut element = (&mut self.file).take(length);
            if kind == COMPRESSED {
                ZlibDecoder::new(&mut element).take(self.most).read_to_end(&mut bytes).ok()?;
                std::io::copy(&mut element, &mut std::io::sink()).ok()?;
                let inner = word(&bytes, self.big)?;
                let length = word(bytes.get(4..)?, self.big)? as usize;
                let whole = bytes.get(8..8 + length)?;
                if inner == MATRIX {
                    arrays.extend(matrix(whole, self.big));
                }
            } else {
                self.most.checked_sub(length)?;
                element.read_to_end(&mut bytes).ok()?;
                if bytes.len() as u64 != length {
                    return None;
                }
                if kind == MATRIX {
                    arrays.extend(matrix(&bytes, self.big));
                }
            }
            self.most = self.most.checked_sub(bytes.len() as u64)?;
        }
        Some(arrays)
    }
}

fn word(bytes: &[u8], big: bool) -> Option<u32> {
    let bytes = *bytes.first_chunk()?;
    Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}

/// The next element: its type, its bytes, and what follows it.
fn element(bytes: &[u8], big: bool) -> Option<(u32, &[u8], &[u8])> {
    let kind = word(bytes, big)?;
    // A short element has its length in the other half of the first word, and its bytes in the second.
    if kind >> 16 != 0 {
        let length = (kind >> 16) as usize;
        return Some((kind & 0xffff, bytes.get(4..4 + length.min(4))?, bytes.get(8..)?));
    }
    let length = word(bytes.get(4..)?, big)? as usize;
    let rest = bytes.get(8 + length.next_multiple_of(8)..).unwrap_or_default();
    Some((kind, bytes.get(8..8 + length)?, rest))
}

/// An array of numbers and its name; none of anything else, such as cells and structures.
fn matrix(bytes: &[u8], big: bool) -> Option<(String, Array)> {
    let (_, flags, rest) = element(bytes, big)?;
    let flags = word(flags, big)?;
    let is_complex = flags & 0x800 != 0;
    if !(6..=15).contains(&(flags & 0xff)) || is_complex {
        return None;
    }
    let (_, axes, rest) = element(rest, big)?;
    let axes: Vec<usize> = axes.chunks_exact(4).filter_map(|axis| Some(word(axis, big)? as usize)).collect();
    let (_, name, rest) = element(rest, big)?;
    let (kind, values, _) = element(rest, big)?;
    // Values are stored in the smallest type that holds them, whatever the array's own.
    let int = |bytes, signed| Element::Int { bytes, signed, big };
    let stored = match kind {
        1 => int(1, true),
        2 => int(1, false),
        3 => int(2, true),
        4 => int(2, false),
        5 => int(4, true),
        6 => int(4, false),
        7 => Element::Float { bytes: 4, big },
        9 => Element::Float { bytes: 8, big },
        12 => int(8, true),
        13 => int(8, false),
        _ => return None,
    };
    let length = axes.iter().try_fold(stored.size(), |product, &axis| product.checked_mul(axis))?;
    let name = String::from_utf8_lossy(name).into_owned();
    let array = Array { element: stored, axes, fortran: true, bytes: values.to_vec() };
    (length == values.len()).then_some((name, array))
}
