//! One NumPy array: the header of a `.npy` file and the bytes after it.
//!
//! The header is parsed here rather than by `npyz`, which trusts its lengths: a header may ask for any amount of
//! memory there, and the product of the axes may overflow.
//!
//! Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::DataError;
use super::array::{Array, Element};
use crate::machine;

/// Headers are 128 bytes as a rule; NumPy itself refuses to read more than 10,000 unless told to trust them.
const MAX_HEADER: usize = 10_000;

const MAGIC: &str = "byte 0 (magic string)";
const SHAPE: &str = "header field `shape`";
const DAMAGED: &str = "the file is damaged or cut short: write it again with numpy.save or numpy.savez";

/// Reads an array from `reader`, which can hold at most `limit` bytes; `place` says what it is, for messages.
pub(crate) fn read(path: &Path, place: &str, limit: u64, mut reader: impl Read) -> Result<Array, DataError> {
    let at = At { path, place };
    let Head { descr, element, fortran, axes, before } = at.head(&mut reader)?;
    let room = limit.saturating_sub(before);
    let asked = axes.iter().try_fold(element.size() as u64, |product, &axis| product.checked_mul(axis));
    let small_axes: Option<Vec<usize>> = axes.iter().map(|&axis| usize::try_from(axis).ok()).collect();
    let (Some(asked), Some(axes)) = (asked.filter(|&asked| asked <= room), small_axes) else {
        let asked = asked.map_or("more than 2^64".into(), |asked| asked.to_string());
        let expected = format!("{asked} bytes, as {axes:?} of `{descr}` ask for");
        return Err(at.malformed(SHAPE, &expected, format!("a file with room for at most {room}"), DAMAGED));
    };
    let fits = "an array that fits memory";
    // The pixels stand beside the elements for a while.
    let with_pixels = asked.saturating_add(asked / element.size().max(1) as u64);
    if machine::available().is_some_and(|available| with_pixels > available) {
        let got = format!("{with_pixels} bytes with its pixels, more than are available");
        return Err(at.malformed(SHAPE, fits, got, "save a part of it, or uint8 instead of floats"));
    }
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(asked as usize).is_err() {
        let got = format!("{asked} bytes, more than the system gives");
        return Err(at.malformed(SHAPE, fits, got, "use a part of the data"));
    }
    reader.by_ref().take(asked).read_to_end(&mut bytes).map_err(|error| at.broken("elements", error))?;
    if (bytes.len() as u64) < asked {
        let expected = format!("{asked} bytes of elements, as {axes:?} of `{descr}` ask for");
        let got = format!("the end of the file after {}", bytes.len());
        let place = format!("byte {}", before + bytes.len() as u64);
        return Err(at.malformed(&place, &expected, got, DAMAGED));
    }
    // Reading on to the end makes a zip entry check its sum.
    let mut rest = [0; 1];
    if reader.read(&mut rest).map_err(|error| at.broken("elements", error))? > 0 {
        let expected =
            format!("the end of the file, after the {asked} bytes that {axes:?} of `{descr}` ask for");
        let place = format!("byte {}", before + asked);
        return Err(at.malformed(&place, &expected, "trailing bytes".into(), DAMAGED));
    }
    Ok(Array { element, axes, fortran, bytes })
}

/// The type of an array's elements, and its axes, by the header alone.
pub(crate) fn read_shape(
    path: &Path,
    place: &str,
    mut reader: impl Read,
) -> Result<(Element, Vec<usize>), DataError> {
    let head = At { path, place }.head(&mut reader)?;
    let axes = head.axes.iter().map(|&axis| usize::try_from(axis).unwrap_or(usize::MAX)).collect();
    Ok((head.element, axes))
}

/// What a header says, and how many bytes come before the elements.
struct Head {
    descr: String,
    element: Element,
    fortran: bool,
    axes: Vec<u64>,
    before: u64,
}

/// What is being read, for messages.
struct At<'a> {
    path: &'a Path,
    place: &'a str,
}

impl At<'_> {
    fn malformed(&self, field: &str, expected: &str, got: String, advice: &'static str) -> DataError {
        DataError::malformed(self.path, format!("{}{field}", self.place), expected, got, advice)
    }

    fn broken(&self, field: &str, source: std::io::Error) -> DataError {
        match source.kind() {
            ErrorKind::UnexpectedEof => {
                self.malformed(field, "more bytes", "the end of the file".into(), DAMAGED)
            }
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
                self.malformed(field, "intact bytes", source.to_string(), DAMAGED)
            }
            _ => DataError::Io { path: self.path.into(), doing: "read", source },
        }
    }

    fn head(&self, reader: &mut impl Read) -> Result<Head, DataError> {
        let mut start = [0; 8];
        reader.read_exact(&mut start).map_err(|error| self.broken(MAGIC, error))?;
        if &start[..6] != b"\x93NUMPY" {
            let got = format!("`{}`", start[..6].escape_ascii());
            return Err(self.malformed(MAGIC, "`\\x93NUMPY`", got, "this is no .npy file"));
        }
        let length_bytes = match start[6] {
            1 => 2,
            2 | 3 => 4,
            other => {
                let got = format!("version {other}");
                return Err(self.malformed("byte 6 (format version)", "version 1, 2 or 3", got, DAMAGED));
            }
        };
        let mut length = [0; 4];
        let place = "byte 8 (header length)";
        reader.read_exact(&mut length[..length_bytes]).map_err(|error| self.broken(place, error))?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_HEADER {
            let expected = format!("at most {MAX_HEADER} bytes");
            return Err(self.malformed(place, &expected, format!("{length}"), DAMAGED));
        }
        let mut header = vec![0; length];
        reader.read_exact(&mut header).map_err(|error| self.broken("header", error))?;
        let header = String::from_utf8_lossy(&header);
        let Some(Header { descr, fortran, axes }) = Header::parse(&header) else {
            return Err(self.malformed(
                "header",
                "{'descr': '…', 'fortran_order': True or False, 'shape': (…)}",
                format!("`{}`", header.trim_end().chars().take(120).collect::<String>()),
                "write the array with numpy.save; records and nested types are not read",
            ));
        };
        let Some(element) = Element::parse(&descr) else {
            return Err(self.malformed(
                "header field `descr` (type of the elements)",
                "whole numbers, float16, float32, float64 or bool",
                format!("`{descr}`"),
                advice_on(&descr),
            ));
        };
        Ok(Head { descr, element, fortran, axes, before: (8 + length_bytes + length) as u64 })
    }
}

/// What to do with elements of a type that is not read.
fn advice_on(descr: &str) -> &'static str {
    match descr.trim_start_matches(['<', '>', '|', '=']).as_bytes() {
        [b'O', ..] => {
            "these are Python objects, such as pictures of different sizes: save them as a folder of PNG files, or \
                       bring them to one size and save numpy.stack(pictures)"
        }
        [b'c', ..] => "these are complex numbers: save numpy.abs(x), scaled to 0…1",
        [b'f' | b'V', ..] => "save them as float32: x.astype('float32')",
        [b'U' | b'S' | b'a', ..] => "these are texts, such as labels: give the array of pictures",
        _ => "save the pixels as numbers, uint8 from 0 to 255 or float32 from 0 to 1",
    }
}

/// The three fields of a header.
#[derive(Debug, PartialEq, Eq)]
struct Header {
    descr: String,
    fortran: bool,
    axes: Vec<u64>,
}

impl Header {
    /// Parses the Python dictionary that a header is; `None` for anything but the three fields, in any order.
    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
        let (mut descr, mut fortran, mut axes) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = quoted(rest)?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            rest = match key {
                "descr" => {
                    let (text, after) = quoted(value)?;
                    descr = Some(text.to_string());
                    after
                }
                "fortran_order" => {
                    let (set, after) = match value.strip_prefix("True") {
                        Some(after) => (true, after),
                        None => (false, value.strip_prefix("False")?),
                    };
                    fortran = Some(set);
                    after
                }
                "shape" => {
                    let (numbers, after) = value.strip_prefix('(')?.split_once(')')?;
                    let numbers = numbers.trim().trim_end_matches(',');
                    // Python 2 wrote long integers with an L.
                    let number = |text: &str| text.trim().trim_end_matches('L').parse().ok();
                    axes = Some(match numbers {
                        "" => Vec::new(),
                        some => some.split(',').map(number).collect::<Option<Vec<u64>>>()?,
                    });
                    after
                }
                _ => return None,
            };
            rest = rest.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(after) => after.trim_start(),
                None if rest.is_empty() => rest,
                None => return None,
            };
        }
        Some(Self { descr: descr?, fortran: fortran?, axes: axes? })
    }
}

/// The string in single or double quotes that `text` starts with, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    text[1..].split_once(quote)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_as_numpy_writes_them() {
        let parse = |text| Header::parse(text);
        let header = |descr: &str, fortran, axes: &[u64]| {
            Some(Header { descr: descr.into(), fortran, axes: axes.to_vec() })
        };
        assert_eq!(
            parse("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3, 4), }   \n"),
            header("|u1", false, &[2, 3, 4])
        );
        assert_eq!(
            parse("{'shape':(5L,),\"descr\":\"<f4\",'fortran_order':True}"),
            header("<f4", true, &[5])
        );
        assert_eq!(
            parse("{'descr': '<i8', 'fortran_order': False, 'shape': (), }"),
            header("<i8", false, &[])
        );
        for bad in [
            "",
            "{}",
            "{'descr': '|u1'}",
            "{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (2,)}",
            "{'descr': '|u1', 'fortran_order': 0, 'shape': (2,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (-2,)}",
            "{'descr': '|u1', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
            "{'descr': '|u1' 'fortran_order': False, 'shape': (2,)}",
            "{'descr",
            "{'descr': '",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
