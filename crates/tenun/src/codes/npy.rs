//! Codes as a NumPy array `[image][feature]`, and a table of identifiers beside it.

use std::io;
use std::path::Path;

use npyz::WriterBuilder;

use super::parts::{Heading, Parts};
use super::{Codes, CodesError, csv, ids_beside, open, write_whole};
use crate::data::npy;
use crate::names::shown;
use crate::text::counted;

const ADVICE: &str = "write a two-dimensional float32 array: numpy.save(path, codes.astype('float32'))";

/// Numbers turned into bytes at a time.
const AT_ONCE: usize = 16_384;

/// Gives the identifiers their name, then the array: an array without identifiers is read by position, but identifiers
/// of another array would be wrong.
pub(super) fn write(path: &Path, head: &Heading, parts: &mut Parts<'_, '_>) -> Result<(), CodesError> {
    let (mut ids, mut labels) = (Vec::new(), head.labels.then(Vec::new));
    let mut beside = Ok(());
    let array = write_whole(path, |file| {
        file.write_all(&header(head)?)?;
        let mut bytes = Vec::with_capacity(AT_ONCE * size_of::<f32>());
        for part in parts {
            let part = part?;
            // Number by number, the library takes as long to write codes as a network takes to make them.
            for values in part.values().chunks(AT_ONCE) {
                bytes.clear();
                bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
                file.write_all(&bytes)?;
            }
            ids.extend_from_slice(part.ids());
            if let (Some(labels), Some(more)) = (&mut labels, part.labels()) {
                labels.extend_from_slice(more);
            }
        }
        beside = csv::write_ids(&ids_beside(path), &ids, labels.as_deref());
        // What it is will be said of its own file; here it only keeps the array from getting its name.
        if beside.is_ok() { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
    });
    beside.and(array)
}

/// What stands before the numbers.
fn header(head: &Heading) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let shape = [head.images as u64, head.features as u64];
    let little_endian = npyz::DType::Plain("<f4".parse().map_err(io::Error::other)?);
    let options = npyz::WriteOptions::<f32>::new().dtype(little_endian).shape(&shape);
    // Dropped without its numbers, which are written by whoever called.
    drop(options.writer(&mut bytes).begin_nd()?);
    Ok(bytes)
}

/// Reads the array, and the identifiers if they are there.
pub(super) fn read(path: &Path) -> Result<Codes, CodesError> {
    let file = open(path)?;
    let length = file.metadata().map_err(CodesError::io(path, "look at"))?.len();
    let array = npy::read(path, "", length, std::io::BufReader::new(file))?;
    let malformed = |place: String, expected: &str, got: String| {
        CodesError::malformed(path, place, expected, got, ADVICE)
    };
    let &[images, features] = array.axes.as_slice() else {
        let got = format!("{:?}", array.axes);
        return Err(malformed("header field `shape`".into(), "two axes, images and features", got));
    };
    if features == 0 {
        return Err(malformed("header field `shape`".into(), "at least one feature", "none".into()));
    }
    let (strides, size) = (array.strides(), array.element.size());
    let mut values = Vec::with_capacity(images * features);
    for image in 0..images {
        for feature in 0..features {
            let at = (image * strides[0] + feature * strides[1]) * size;
            let Some(value) = array.element.float(&array.bytes[at..at + size]) else {
                let place = "header field `descr` (type of the elements)".into();
                return Err(malformed(place, "float32 or float64", "whole numbers".into()));
            };
            #[allow(clippy::cast_possible_truncation)] // float64 is rounded; what overflows is refused below
            let single = value as f32;
            if !single.is_finite() {
                let place = format!("element [{image}, {feature}]");
                return Err(malformed(place, "a finite number in the range of float32", value.to_string()));
            }
            values.push(single);
        }
    }
    let beside = ids_beside(path);
    let (ids, labels) = match beside.try_exists() {
        Ok(false) => ((0..images).map(|image| image.to_string()).collect(), None),
        _ => csv::read_ids(&beside)?,
    };
    if ids.len() != images {
        return Err(CodesError::malformed(
            &beside,
            "number of lines",
            format!("{}, one for each image of {}", counted(images, "identifier"), shown(path)),
            ids.len().to_string(),
            "it belongs to other codes: remove it to call images by their position",
        ));
    }
    Codes::new(ids, labels, features, values)
}
