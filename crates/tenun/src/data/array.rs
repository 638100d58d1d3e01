//! An array of numbers as it lies in a file: NumPy's, IDX's and MATLAB's.

use half::f16;

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
    /// An IEEE 754 number of 2, 4 or 8 bytes.
    Float {
        /// Bytes of one element.
        bytes: usize,
        /// Whether its first byte counts most.
        big: bool,
    },
    /// A text, filled up with zeros.
    Text {
        /// Bytes of one element.
        bytes: usize,
        /// Whether characters have four bytes, not one.
        wide: bool,
        /// Whether the first byte of a character counts most.
        big: bool,
    },
}

impl Element {
    /// From NumPy's type string, such as `|u1` or `<f4`.
    pub(crate) fn parse(descr: &str) -> Option<Self> {
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
            ("f", 2 | 4 | 8) => Some(Self::Float { bytes, big }),
            ("S" | "a", _) => Some(Self::Text { bytes, wide: false, big }),
            ("U", _) => Some(Self::Text { bytes: usize::checked_mul(bytes, 4)?, wide: true, big }),
            _ => None,
        }
    }

    /// Bytes of one element.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Int { bytes, .. } | Self::Float { bytes, .. } | Self::Text { bytes, .. } => bytes,
        }
    }

    /// The number that the bytes of one element hold; none that is a number, if they are a text.
    pub(crate) fn number(self, bytes: &[u8]) -> f64 {
        match self {
            Self::Bool => f64::from(u8::from(bytes[0] != 0)),
            Self::Int { signed, big, .. } => {
                let mut value = 0_u64;
                for position in 0..bytes.len() {
                    let index = if big { position } else { bytes.len() - 1 - position };
                    value = value << 8 | u64::from(bytes[index]);
                }
                let unused = 64 - 8 * bytes.len() as u32;
                if signed { ((value << unused) as i64 >> unused) as f64 } else { value as f64 }
            }
            Self::Float { big, .. } => match *bytes {
                [a, b] if big => f16::from_be_bytes([a, b]).into(),
                [a, b] => f16::from_le_bytes([a, b]).into(),
                [a, b, c, d] if big => f32::from_be_bytes([a, b, c, d]).into(),
                [a, b, c, d] => f32::from_le_bytes([a, b, c, d]).into(),
                _ => {
                    let word = bytes.first_chunk().copied().unwrap_or_default();
                    if big { f64::from_be_bytes(word) } else { f64::from_le_bytes(word) }
                }
            },
            Self::Text { .. } => f64::NAN,
        }
    }

    /// The number that the bytes of one element hold, if elements are floats.
    pub(crate) fn float(self, bytes: &[u8]) -> Option<f64> {
        matches!(self, Self::Float { .. }).then(|| self.number(bytes))
    }

    /// The text that the bytes of one element hold; none, if they are a number.
    pub(crate) fn text(self, bytes: &[u8]) -> String {
        let Self::Text { wide, big, .. } = self else { return String::new() };
        let text = if wide {
            let character = |&word: &[u8; 4]| {
                let code = if big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) };
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            };
            bytes.as_chunks::<4>().0.iter().map(character).collect()
        } else {
            String::from_utf8_lossy(bytes).into_owned()
        };
        text.trim_end_matches('\0').to_owned()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_every_kind() {
        let number = |descr, bytes: &[u8]| Element::parse(descr).unwrap().number(bytes);
        assert_eq!(number("|u1", &[200]), 200.0);
        assert_eq!(number("|i1", &[200]), -56.0);
        assert_eq!(number("<i4", &(-7_i32).to_le_bytes()), -7.0);
        assert_eq!(number(">u2", &[1, 2]), 258.0);
        assert_eq!(number("<u8", &[0xff; 8]), 2_f64.powi(64));
        assert_eq!(number(">i8", &i64::MIN.to_be_bytes()), -(2_f64.powi(63)));
        assert_eq!(number("|b1", &[1]), 1.0);
        assert_eq!(number("<f2", &[0, 0x38]), 0.5);
        assert_eq!(number(">f2", &[0x3c, 0]), 1.0);
        assert_eq!(number("<f4", &0.5_f32.to_le_bytes()), 0.5);
        assert_eq!(number(">f8", &0.1_f64.to_be_bytes()), 0.1);
        let text = |descr, bytes: &[u8]| Element::parse(descr).unwrap().text(bytes);
        assert_eq!(text("|S4", b"cat\0"), "cat");
        assert_eq!(text("<U2", &[0xe9, 0, 0, 0, 0, 0, 0, 0]), "é");
        assert_eq!(text(">U1", &[0, 0, 0, 0x41]), "A");
        for bad in ["", "u", "|u3", "<c8", "|O", "é1", "<f16", "xu1", "<i", "|V2"] {
            assert_eq!(Element::parse(bad), None, "{bad}");
        }
    }
}
