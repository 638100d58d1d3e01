//! IDX, the format of MNIST and its kin: a magic number, the axes' lengths, then bytes.
//!
//! | bytes | what |
//! |---|---|
//! | 0, 1 | zero |
//! | 2 | type of the values: `0x08` unsigned bytes, `0x09` signed bytes, `0x0b` 16-bit, `0x0c` 32-bit whole numbers, `0x0d` 32-bit, `0x0e` 64-bit floats, big-endian |
//! | 3 | number of axes: 1 for labels `[image]`, 3 for images `[image][row][column]`, 4 for `[image][channel][row][column]` |
//! | 4… | length of each axis, 32-bit big-endian |
//! | then | the values, last axis fastest |
//!
//! A gzip-compressed file is known by its first two bytes, whatever its name. No length in a header is
//! believed before the file is known to be able to hold that many bytes.
//!
//! Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", 1998.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use tenun_engine::Shape;

use super::array::{Array, Element};
use super::axes::AxisOrder;
use super::claims::DEFLATE_LIMIT;
use super::digest::Hasher;
use super::stack::Named;
use super::{DataError, Images};
use crate::file;

/// Type code of unsigned bytes.
const UNSIGNED_BYTE: u8 = 0x08;

/// How values of a type code are stored.
fn element(kind: u8) -> Option<Element> {
    let big = true;
    Some(match kind {
        UNSIGNED_BYTE => Element::Int { bytes: 1, signed: false, big },
        0x09 => Element::Int { bytes: 1, signed: true, big },
        0x0b => Element::Int { bytes: 2, signed: true, big },
        0x0c => Element::Int { bytes: 4, signed: true, big },
        0x0d => Element::Float { bytes: 4, big },
        0x0e => Element::Float { bytes: 8, big },
        _ => return None,
    })
}

const REPLACE: &str = "the file is damaged or cut short: fetch it again";

/// What a file holds, and its digest once that has been asked for.
#[derive(Debug)]
pub(crate) struct IdxArray {
    kind: u8,
    element: Element,
    axes: Vec<usize>,
    values: Bytes,
    sha256: OnceLock<String>,
}

impl IdxArray {
    /// The array that `file`, the bytes of a whole plain file, holds; `sha256` is their digest. `None` if they are none.
    pub(crate) fn of_file(file: &Bytes, sha256: String) -> Option<Self> {
        let [0, 0, kind, count @ 1..=4] = *file.first_chunk()? else { return None };
        let element = element(kind)?;
        let lengths = file.get(4..4 + 4 * usize::from(count))?.as_chunks::<4>().0;
        let axes: Vec<usize> = lengths.iter().map(|&axis| u32::from_be_bytes(axis) as usize).collect();
        let values = file.slice(4 + 4 * axes.len()..);
        let length = axes.iter().try_fold(element.size(), |product, &axis| product.checked_mul(axis));
        (length == Some(values.len())).then(|| Self { kind, element, axes, values, sha256: sha256.into() })
    }

    /// SHA-256 of the file's decompressed bytes, in hexadecimal.
    pub(crate) fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| {
            let mut hasher = Hasher::new(&header(self.kind, &self.axes));
            hasher.update(&self.values);
            hasher.hex()
        })
    }

    /// The file's decompressed bytes: those before the values, and the values.
    pub(crate) fn file(&self) -> (Vec<u8>, &[u8]) {
        (header(self.kind, &self.axes), &self.values)
    }

    /// The lengths of the axes.
    pub(crate) fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// The values as images, if there are 3 or 4 axes; what was done with them that is not plain is added to `notes`.
    pub(crate) fn into_images(self, path: &Path, notes: &mut Vec<String>) -> Result<Images, DataError> {
        if !matches!(self.axes.len(), 3 | 4) {
            return Err(DataError::Malformed {
                path: path.into(),
                place: "byte 3 (number of axes)".into(),
                expected: "3 or 4, as images have".into(),
                got: self.axes.len().to_string(),
                advice: match self.axes[..] {
                    [_, length] => AxisOrder::of(&[self.axes[0], length]).err().unwrap_or_default().into(),
                    _ => "this is a file of labels: give the file of images".into(),
                },
            });
        }
        if self.values.is_empty() {
            return Err(DataError::Malformed {
                path: path.into(),
                place: "byte 4 (lengths of the axes)".into(),
                expected: "at least one image of at least one pixel".into(),
                got: format!("{:?}", self.axes),
                advice: "the file holds nothing: give another".into(),
            });
        }
        // Bytes that lie as they are needed are not copied, as they may be in a mapped file.
        let shape = match self.axes[..] {
            [_, height, width] => Some(Shape::new(1, height, width)),
            [_, channels @ 1..=3, height, width] => Some(Shape::new(channels, height, width)),
            _ => None,
        };
        let is_black_and_white = || self.values.iter().all(|&value| value <= 1) && self.values.contains(&1);
        if let Some(shape) = shape
            && self.kind == UNSIGNED_BYTE
            && !is_black_and_white()
        {
            return Images::from_bytes(shape, self.values).ok_or_else(|| unreachable_shape(path, shape));
        }
        let array = self.into_array();
        let named = Named { path, place: "", shape: "byte 4 (lengths of the axes)" };
        let range = named.range(&array)?;
        named.images(&array, AxisOrder::images_first(&array.axes), range, notes)
    }

    /// The values as an array.
    pub(crate) fn into_array(self) -> Array {
        Array { element: self.element, axes: self.axes, fortran: false, bytes: self.values.into() }
    }

    /// The values as labels, if there is 1 axis of bytes.
    pub(crate) fn into_labels(self, path: &Path) -> Result<Vec<u8>, DataError> {
        if self.axes.len() == 1 && self.kind == UNSIGNED_BYTE {
            return Ok(self.values.into());
        }
        Err(DataError::Malformed {
            path: path.into(),
            place: "byte 0 (magic number)".into(),
            expected: "0x00000801, labels".into(),
            got: format!("0x0000{:02x}{:02x}, {} axes", self.kind, self.axes.len(), self.axes.len()),
            advice: "this is a file of images: give the file of labels".into(),
        })
    }
}

/// Images that are not a whole number of their shape: the reader has counted them, so this is for completeness.
fn unreachable_shape(path: &Path, shape: Shape) -> DataError {
    DataError::Malformed {
        path: path.into(),
        place: "values".into(),
        expected: format!("a whole number of {shape} images"),
        got: "a part of one".into(),
        advice: REPLACE.into(),
    }
}

/// Reads a file of images: magic number `0x00000803` (grey) or `0x00000804` (`[image][channel][row][column]`).
///
/// # Errors
/// [`DataError::Io`] if the file cannot be read, [`DataError::Malformed`] if it is anything else than a whole
/// IDX file of images, plain or gzip.
pub fn read_images(path: &Path) -> Result<Images, DataError> {
    read_array(path)?.into_images(path, &mut Vec::new())
}

/// Reads a file of labels: magic number `0x00000801`.
///
/// # Errors
/// [`DataError::Io`] if the file cannot be read, [`DataError::Malformed`] if it is anything else than a whole
/// IDX file of labels, plain or gzip.
pub fn read_labels(path: &Path) -> Result<Vec<u8>, DataError> {
    read_array(path)?.into_labels(path)
}

/// Writes images as plain IDX: 3 axes if there is one channel, else 4.
///
/// # Errors
/// What `writer` says; [`io::ErrorKind::InvalidInput`] if an axis is longer than 32 bits can say.
pub fn write_images(mut writer: impl Write, images: &Images) -> io::Result<()> {
    let Shape { channels, height, width } = images.shape();
    let axes = match channels {
        1 => vec![images.len(), height, width],
        _ => vec![images.len(), channels, height, width],
    };
    write_header(&mut writer, &axes)?;
    writer.write_all(images.pixels())
}

/// Writes labels as plain IDX.
///
/// # Errors
/// As [`write_images`].
pub fn write_labels(mut writer: impl Write, labels: &[u8]) -> io::Result<()> {
    write_header(&mut writer, &[labels.len()])?;
    writer.write_all(labels)
}

fn write_header(writer: &mut impl Write, axes: &[usize]) -> io::Result<()> {
    if axes.iter().any(|&axis| u32::try_from(axis).is_err()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an IDX axis has at most 2^32 - 1 elements"));
    }
    writer.write_all(&header(UNSIGNED_BYTE, axes))
}

fn header(kind: u8, axes: &[usize]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, axes.len() as u8];
    for &axis in axes {
        bytes.extend((axis as u32).to_be_bytes());
    }
    bytes
}

/// Where the labels of the images in `images` would be: the same name with `labels` for `images` and `idx1`
/// for `idx3`, compressed or not. `None` if there is no such file.
pub(crate) fn labels_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let plain = name.strip_suffix(".gz").unwrap_or(name);
    let labels = plain.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1");
    if labels == plain {
        return None;
    }
    // QMNIST's labels have more to tell, in 32 bits; the labels of images in floats are bytes.
    let wide = labels.replace("idx1-ubyte", "idx2-int");
    let bytes = labels.replace("-float", "-ubyte").replace("-double", "-ubyte");
    [format!("{labels}.gz"), labels, format!("{wide}.gz"), wide, format!("{bytes}.gz"), bytes]
        .into_iter()
        .map(|name| images.with_file_name(name))
        .find(|path| path.is_file())
}

/// The file `name` in `folder`, as it is or with `.gz`, with a hyphen or a dot before `idx`.
pub(crate) fn find_in(folder: &Path, name: &str) -> Option<PathBuf> {
    let dotted = name.replace("-idx", ".idx");
    [name, &dotted]
        .into_iter()
        .flat_map(|name| [folder.join(name), folder.join(format!("{name}.gz"))])
        .find(|path| path.is_file())
}

/// Reads one IDX file, plain or gzip.
pub(crate) fn read_array(path: &Path) -> Result<IdxArray, DataError> {
    let file = file::open(path).map_err(DataError::io(path, "open"))?;
    let length = file.metadata().map_err(DataError::io(path, "look at"))?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let start = reader.fill_buf().map_err(DataError::io(path, "read"))?;
    if start.starts_with(&[0x1f, 0x8b]) {
        let source = Source { path, limit: length.saturating_mul(DEFLATE_LIMIT), gzip: true };
        source.read(MultiGzDecoder::new(reader))
    } else {
        Source { path, limit: length, gzip: false }.read(reader)
    }
}

/// What is known of the bytes before they are read.
struct Source<'a> {
    path: &'a Path,
    /// More decompressed bytes than the file can hold.
    limit: u64,
    gzip: bool,
}

impl Source<'_> {
    fn read(&self, mut reader: impl Read) -> Result<IdxArray, DataError> {
        let mut magic = [0; 4];
        self.fill(&mut reader, 0, &mut magic, "magic number")?;
        let known = match magic {
            [0, 0, kind, axes @ 1..=4] => element(kind).map(|element| (kind, element, usize::from(axes))),
            _ => None,
        };
        let (kind, element, axes) = match known {
            Some(known) => known,
            None => {
                return Err(self.malformed(
                    "byte 0 (magic number)",
                    "0x00000803 (images) or 0x00000801 (labels)",
                    format!("0x{:08x}", u32::from_be_bytes(magic)),
                    "this is no IDX file: give an IDX, .npy or .npz file, or a folder of images",
                ));
            }
        };
        let mut lengths = vec![0; 4 * axes];
        self.fill(&mut reader, 4, &mut lengths, "lengths of the axes")?;
        let axes: Vec<usize> = lengths
            .chunks_exact(4)
            .map(|axis| u32::from_be_bytes([axis[0], axis[1], axis[2], axis[3]]) as usize)
            .collect();

        let before = 4 + lengths.len() as u64;
        let asked =
            axes.iter().try_fold(element.size() as u64, |product, &axis| product.checked_mul(axis as u64));
        let room = self.limit.saturating_sub(before);
        let Some(asked) = asked.filter(|&asked| asked <= room) else {
            let asked = asked.map_or("more than 2^64".to_string(), |asked| asked.to_string());
            let (least, held) = match self.gzip {
                true => ("at most ", " (gzip grows by at most 1032)"),
                false => ("", ""),
            };
            return Err(self.malformed(
                "byte 4 (lengths of the axes)",
                &format!("{asked} bytes of values, as {axes:?} ask for"),
                format!("a file with room for {least}{room}{held}"),
                REPLACE,
            ));
        };

        let mut values = Vec::new();
        values.try_reserve_exact(asked as usize).map_err(|_| {
            self.malformed(
                "byte 4 (lengths of the axes)",
                &format!("{asked} bytes of memory, as {axes:?} ask for"),
                "less from the system".into(),
                "use a part of the data, or a machine with more memory",
            )
        })?;
        // Exactly as much as there is room for, so that the vector never grows; then one more byte, to see
        // what trails, and for gzip to check its own sum.
        if let Err(error) = reader.by_ref().take(asked).read_to_end(&mut values) {
            return Err(self.broken(error, before + values.len() as u64));
        }
        if (values.len() as u64) < asked {
            return Err(self.malformed(
                &format!("byte {}", before + values.len() as u64),
                &format!("{asked} bytes of values, as {axes:?} ask for"),
                format!("the end of the file after {}", values.len()),
                REPLACE,
            ));
        }
        let mut trailing = 0;
        let mut rest = [0; 4096];
        loop {
            match reader.read(&mut rest) {
                Ok(0) => break,
                // A count is enough to tell what happened; the whole tail may be very long.
                Ok(read) if trailing > 1 << 20 => {
                    trailing += read as u64;
                    break;
                }
                Ok(read) => trailing += read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(error, before + asked)),
            }
        }
        if trailing > 0 {
            let more = if trailing > 1 << 20 { "more than " } else { "" };
            return Err(self.malformed(
                &format!("byte {}", before + asked),
                &format!("the end of the file, after the {asked} values that {axes:?} ask for"),
                format!("{more}{trailing} trailing bytes"),
                "the header's count is wrong, or something was appended: fetch the file again",
            ));
        }
        Ok(IdxArray { kind, element, axes, values: values.into(), sha256: OnceLock::new() })
    }

    /// Fills `buffer` from byte `offset` of the decompressed file.
    fn fill(
        &self,
        reader: &mut impl Read,
        offset: u64,
        buffer: &mut [u8],
        what: &str,
    ) -> Result<(), DataError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match reader.read(&mut buffer[filled..]) {
                Ok(0) => {
                    return Err(self.malformed(
                        &format!("byte {} ({what})", offset + filled as u64),
                        &format!("{} bytes", buffer.len()),
                        match offset + filled as u64 {
                            0 => "an empty file".into(),
                            _ => "the end of the file".into(),
                        },
                        REPLACE,
                    ));
                }
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(error, offset)),
            }
        }
        Ok(())
    }

    /// A read that failed at or after byte `offset` of the decompressed file.
    fn broken(&self, source: io::Error, offset: u64) -> DataError {
        if !self.gzip {
            return DataError::Io { path: self.path.into(), doing: "read", source };
        }
        let got = match source.kind() {
            io::ErrorKind::UnexpectedEof => "a truncated gzip stream".to_string(),
            _ => format!("a corrupt gzip stream ({source})"),
        };
        self.malformed(
            &format!("at or after decompressed byte {offset}"),
            "a whole gzip stream",
            got,
            REPLACE,
        )
    }

    fn malformed(&self, place: &str, expected: &str, got: String, advice: &'static str) -> DataError {
        DataError::malformed(self.path, place, expected, got, advice)
    }
}

#[cfg(test)]
#[path = "idx_tests.rs"]
mod tests;
