//! One NumPy array: the header of a `.npy` file and the bytes after it.
//!
//! The header is parsed here rather than by `npyz`, which trusts its lengths: a header may ask for any amount of
//! memory there, and the product of the axes may overflow.
//!
//! Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::DataError;

/// Headers are 128 bytes as a rule; NumPy itself refuses to read more than 10,000 unless told to trust them.
const MAX_HEADER: usize = 10_000;

const DAMAGED: &str = "the file is damaged or cut short: write it again with numpy.save or numpy.savez";

/// How an array's elements are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// One byte, false or true.
    Bool,
    /// A whole number of 1, 2, 4 or 8 bytes.
    Int {
        /// Bytes of one element.
        bytes: usize,
        /// Whether it may be negative.
        signed: bool,
        /// Whether its first byte counts most.
        big: bool,
    },
    /// An IEEE 754 number of 4 or 8 bytes.
    Float {
        /// Bytes of one element.
        bytes: usize,
        /// Whether its first byte counts most.
        big: bool,
    },
}

impl Element {
    /// From NumPy's type string, such as `|u1` or `<f4`.
    fn parse(descr: &str) -> Option<Self> {
        let (order, rest) = (descr.get(..1)?, descr.get(1..)?);
        let (kind, bytes) = (rest.get(..1)?, rest.get(1..)?.parse().ok()?);
        let big = match order {
            ">" => true,
            "<" | "|" => false,
            "=" => cfg!(target_endian = "big"),
            _ => return None,
        };
        match (kind, bytes) {
            ("b", 1) => Some(Self::Bool),
            ("u", 1 | 2 | 4 | 8) => Some(Self::Int { bytes, signed: false, big }),
            ("i", 1 | 2 | 4 | 8) => Some(Self::Int { bytes, signed: true, big }),
            ("f", 4 | 8) => Some(Self::Float { bytes, big }),
            _ => None,
        }
    }

    /// Bytes of one element.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Int { bytes, .. } | Self::Float { bytes, .. } => bytes,
        }
    }

    /// The whole number that `bytes` hold, or `None` for floats.
    pub(crate) fn integer(self, bytes: &[u8]) -> Option<i128> {
        match self {
            Self::Bool => Some(i128::from(bytes[0] != 0)),
            Self::Float { .. } => None,
            Self::Int { signed, big, .. } => {
                let mut value = 0_u64;
                for position in 0..bytes.len() {
                    let index = if big { position } else { bytes.len() - 1 - position };
                    value = value << 8 | u64::from(bytes[index]);
                }
                let unused = 64 - 8 * bytes.len() as u32;
                Some(if signed { i128::from((value << unused) as i64 >> unused) } else { i128::from(value) })
            }
        }
    }

    /// The number that `bytes` hold, if elements are floats.
    pub(crate) fn float(self, bytes: &[u8]) -> Option<f64> {
        let Self::Float { big, .. } = self else {
            return None;
        };
        if let Ok(word) = <[u8; 4]>::try_from(bytes) {
            Some(f64::from(if big { f32::from_be_bytes(word) } else { f32::from_le_bytes(word) }))
        } else {
            let word = <[u8; 8]>::try_from(bytes).ok()?;
            Some(if big { f64::from_be_bytes(word) } else { f64::from_le_bytes(word) })
        }
    }
}

/// An array as it lies in the file.
#[derive(Debug)]
pub(crate) struct Array {
    /// How elements are stored.
    pub(crate) element: Element,
    /// Lengths of the axes.
    pub(crate) axes: Vec<usize>,
    /// Whether the first axis is the fastest (Fortran order), not the last (C order).
    pub(crate) fortran: bool,
    /// The elements' bytes.
    pub(crate) bytes: Vec<u8>,
}

impl Array {
    /// Elements from one index of each axis to the next.
    pub(crate) fn strides(&self) -> Vec<usize> {
        let mut strides = vec![1; self.axes.len()];
        if self.fortran {
            for axis in 1..strides.len() {
                strides[axis] = strides[axis - 1] * self.axes[axis - 1];
            }
        } else {
            for axis in (1..strides.len()).rev() {
                strides[axis - 1] = strides[axis] * self.axes[axis];
            }
        }
        strides
    }
}

/// Reads an array from `reader`, which can hold at most `limit` bytes; `place` says what it is, for messages.
pub(crate) fn read(path: &Path, place: &str, limit: u64, mut reader: impl Read) -> Result<Array, DataError> {
    let malformed = |field: &str, expected: &str, got: String, advice| DataError::Malformed {
        path: path.into(),
        place: format!("{place}{field}"),
        expected: expected.into(),
        got,
        advice,
    };
    let broken = |field: &str, source: std::io::Error| match source.kind() {
        ErrorKind::UnexpectedEof => malformed(field, "more bytes", "the end of the file".into(), DAMAGED),
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::Other => {
            malformed(field, "intact bytes", source.to_string(), DAMAGED)
        }
        _ => DataError::Io { path: path.into(), doing: "read", source },
    };

    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|error| broken("byte 0 (magic string)", error))?;
    if &start[..6] != b"\x93NUMPY" {
        let got = format!("`{}`", start[..6].escape_ascii());
        return Err(malformed("byte 0 (magic string)", "`\\x93NUMPY`", got, "this is no .npy file"));
    }
    let length_bytes = match start[6] {
        1 => 2,
        2 | 3 => 4,
        other => {
            let got = format!("version {other}");
            return Err(malformed("byte 6 (format version)", "version 1, 2 or 3", got, DAMAGED));
        }
    };
    let mut length = [0; 4];
    reader
        .read_exact(&mut length[..length_bytes])
        .map_err(|error| broken("byte 8 (header length)", error))?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        let expected = format!("at most {MAX_HEADER} bytes");
        return Err(malformed("byte 8 (header length)", &expected, format!("{length}"), DAMAGED));
    }
    let mut header = vec![0; length];
    reader.read_exact(&mut header).map_err(|error| broken("header", error))?;
    let header = String::from_utf8_lossy(&header);
    let Some(Header { descr, fortran, axes }) = Header::parse(&header) else {
        return Err(malformed(
            "header",
            "{'descr': '…', 'fortran_order': True or False, 'shape': (…)}",
            format!("`{}`", header.trim_end().chars().take(120).collect::<String>()),
            "write the array with numpy.save; records and nested types are not read",
        ));
    };
    let Some(element) = Element::parse(&descr) else {
        return Err(malformed(
            "header field `descr` (type of the elements)",
            "uint8, or another whole number, float32, float64 or bool",
            format!("`{descr}`"),
            "convert it first: array.astype('uint8')",
        ));
    };

    let before = (8 + length_bytes + length) as u64;
    let room = limit.saturating_sub(before);
    let asked = axes.iter().try_fold(element.size() as u64, |product, &axis| product.checked_mul(axis));
    let small_axes: Option<Vec<usize>> = axes.iter().map(|&axis| usize::try_from(axis).ok()).collect();
    let (Some(asked), Some(axes)) = (asked.filter(|&asked| asked <= room), small_axes) else {
        let asked = asked.map_or("more than 2^64".into(), |asked| asked.to_string());
        return Err(malformed(
            "header field `shape`",
            &format!("{asked} bytes, as {axes:?} of `{descr}` ask for"),
            format!("a file with room for at most {room}"),
            DAMAGED,
        ));
    };
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(asked as usize).is_err() {
        let got = format!("{asked} bytes, more than the system gives");
        return Err(malformed(
            "header field `shape`",
            "an array that fits memory",
            got,
            "use a part of the data",
        ));
    }
    reader.by_ref().take(asked).read_to_end(&mut bytes).map_err(|error| broken("elements", error))?;
    if (bytes.len() as u64) < asked {
        let expected = format!("{asked} bytes of elements, as {axes:?} of `{descr}` ask for");
        let got = format!("the end of the file after {}", bytes.len());
        return Err(malformed(&format!("byte {}", before + bytes.len() as u64), &expected, got, DAMAGED));
    }
    // Reading on to the end makes a zip entry check its sum.
    let mut rest = [0; 1];
    if reader.read(&mut rest).map_err(|error| broken("elements", error))? > 0 {
        let expected =
            format!("the end of the file, after the {asked} bytes that {axes:?} of `{descr}` ask for");
        return Err(malformed(
            &format!("byte {}", before + asked),
            &expected,
            "trailing bytes".into(),
            DAMAGED,
        ));
    }
    Ok(Array { element, axes, fortran, bytes })
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

    #[test]
    fn elements_of_every_kind() {
        let element = |descr| Element::parse(descr).unwrap();
        assert_eq!(element("|u1").integer(&[200]), Some(200));
        assert_eq!(element("|i1").integer(&[200]), Some(-56));
        assert_eq!(element("<i4").integer(&(-7_i32).to_le_bytes()), Some(-7));
        assert_eq!(element(">u2").integer(&[1, 2]), Some(258));
        assert_eq!(element("<u8").integer(&[0xff; 8]), Some(i128::from(u64::MAX)));
        assert_eq!(element(">i8").integer(&i64::MIN.to_be_bytes()), Some(i128::from(i64::MIN)));
        assert_eq!(element("|b1").integer(&[1]), Some(1));
        assert_eq!(element("<f4").float(&0.5_f32.to_le_bytes()), Some(0.5));
        assert_eq!(element(">f8").float(&0.1_f64.to_be_bytes()), Some(0.1));
        for bad in ["", "u", "|u3", "<c8", "|O", "<U5", "|S1", "é1", "<f2", "xu1", "<i"] {
            assert_eq!(Element::parse(bad), None, "{bad}");
        }
    }
}
