//! Names of files as text: those that are not UTF-8 stay distinct, every name can be had back, and none that is shown can
//! forge a line or turn the writing around.
//!
//! A byte that is not part of valid UTF-8 is written `\xHH`, and a backslash that stands before `xHH` in a name is written
//! `\x5C`; all else is itself. So different names are different texts.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The text of a name.
///
/// ```
/// # #[cfg(unix)] {
/// use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};
/// use tenun::names::{name_path, name_text};
///
/// let name = OsStr::from_bytes(b"gr\xfcn.png");
/// assert_eq!(name_text(name), r"gr\xFCn.png");
/// assert_eq!(name_path(r"gr\xFCn.png"), Path::new(name));
/// # }
/// ```
#[must_use]
pub fn name_text(name: &OsStr) -> String {
    bytes_text(name.as_encoded_bytes())
}

/// The text of a name that is given as bytes, such as one in an archive.
#[must_use]
pub fn bytes_text(name: &[u8]) -> String {
    let mut text = String::new();
    for chunk in name.utf8_chunks() {
        let valid = chunk.valid();
        for (at, c) in valid.char_indices() {
            match byte_of(&valid.as_bytes()[at..]) {
                Some(_) => text += r"\x5C",
                None => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            text += &format!(r"\x{byte:02X}");
        }
    }
    text
}

/// The path whose text this is, parts and all.
#[must_use]
pub fn name_path(text: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        match byte_of(rest) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[4..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    from_bytes(bytes)
}

/// A name as it is shown: a line break, a control character or a mark that turns the direction of writing as Rust writes it,
/// `\n` or `\u{202e}`.
///
/// ```
/// use tenun::names::escaped;
///
/// assert_eq!(escaped("a\nerror: b\u{202e}"), r"a\nerror: b\u{202e}");
/// assert_eq!(escaped("grün [1] ñ 猫 \\"), "grün [1] ñ 猫 \\");
/// ```
#[must_use]
pub fn escaped(name: &str) -> Cow<'_, str> {
    if !name.contains(is_unseen) {
        return name.into();
    }
    let mut text = String::new();
    for c in name.chars() {
        if is_unseen(c) { text.extend(c.escape_default()) } else { text.push(c) }
    }
    text.into()
}

/// A path as it is shown.
#[must_use]
pub fn shown(path: impl AsRef<Path>) -> String {
    escaped(&name_text(path.as_ref().as_os_str())).into_owned()
}

/// A word as a shell takes it for one.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./=:,@%+".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', "'\\''")).into(),
    }
}

/// Whether a character breaks a line, moves a terminal, or turns the direction of writing.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// Paths as text in files and in JSON, for `#[serde(with = …)]`.
pub mod as_text {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes [`name_text`](super::name_text).
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(path: impl AsRef<Path>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::name_text(path.as_ref().as_os_str()))
    }

    /// Reads what [`serialize`] wrote.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
        Ok(super::name_path(&String::deserialize(from)?))
    }
}

/// The byte that `\xHH` at the beginning of `text` stands for.
fn byte_of(text: &[u8]) -> Option<u8> {
    let [b'\\', b'x', high, low, ..] = text else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(unix)]
fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;

    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_are_themselves() {
        for name in ["a b.png", "x\\y.png", "ñ.png", "n\u{303}.png", "[1] ö.png", "\\x", "\\xg0", ""] {
            assert_eq!(name_text(OsStr::new(name)), name);
        }
        assert_eq!(name_text(OsStr::new(r"a\xff")), r"a\x5Cxff");
    }

    proptest! {
        #[test]
        fn every_name_comes_back(bytes in proptest::collection::vec(
            prop_oneof![Just(b'\\'), Just(b'x'), Just(b'4'), Just(b'F'), Just(0xff), Just(0xc3), any::<u8>()], 0..12,
        )) {
            let name = OsStr::from_bytes(&bytes);
            let text = name_text(name);
            let back = name_path(&text);
            prop_assert_eq!(back.as_os_str(), name);
        }
    }
}
