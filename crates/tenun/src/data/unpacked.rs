//! Decompressed copies of gzip files: made once, and mapped into memory from then on.
//!
//! A copy belongs to one file as it was: its path, length and time of change are part of the copy, and when one of them
//! differs, the copy is made again. It is checked by the SHA-256 of all its bytes each time it is used, so a copy that
//! was cut short or damaged is made again too. Without a copy everything works as it does with one, only slower.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | `tenun unpacked 1` |
//! | 64 | SHA-256, in hexadecimal, of what tells the file: path, length, time of change |
//! | 64 | SHA-256, in hexadecimal, of the bytes that follow |
//! | then | the decompressed IDX file |

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::DataError;
use super::digest::Hasher;
use super::idx::{self, IdxArray};
use super::map::map;
use crate::file;

/// What a copy starts with: the 1 is the number of its form.
const MAGIC: &[u8; 16] = b"tenun unpacked 1";

/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// Bytes before the decompressed ones.
const BEFORE: usize = MAGIC.len() + 2 * DIGITS;

/// Sizes of values of which copies are kept: less is decompressed in no time, more may not be welcome on the disk.
const KEPT: std::ops::RangeInclusive<usize> = 1 << 20..=1 << 30;

/// A file younger than this may change again without its time of change telling: clocks of file systems tick slowly.
const SETTLED: Duration = Duration::from_secs(2);

/// Reads an IDX file as [`idx::read_array`] does; if it is compressed, by its copy in the folder `copies`, which is made
/// if there is none. That it cannot be made is no error.
pub(crate) fn read_array(path: &Path, copies: Option<&Path>) -> Result<IdxArray, DataError> {
    let source = copies.and_then(|copies| Source::of(path, copies).ok().flatten());
    let Some(source) = source else { return idx::read_array(path) };
    if let Some(array) = source.recall() {
        return Ok(array);
    }
    let array = idx::read_array(path)?;
    if KEPT.contains(&array.file().1.len()) && source.is_settled(path) {
        // A folder that cannot be written to, or a full disk, leaves all as it was: there is no copy.
        let _ = source.keep(&array);
    }
    Ok(array)
}

/// A compressed file, and its copy.
struct Source {
    /// Digest of what tells the file from others, and from itself at other times.
    identity: String,
    changed: SystemTime,
    copy: PathBuf,
}

impl Source {
    /// The file as it is now; none if it is not compressed.
    fn of(path: &Path, copies: &Path) -> io::Result<Option<Self>> {
        let mut file = file::open(path)?;
        let mut start = [0; 2];
        file.read_exact(&mut start)?;
        if start != [0x1f, 0x8b] {
            return Ok(None);
        }
        let data = file.metadata()?;
        let changed = data.modified()?;
        let path = path.canonicalize()?;
        let path = path.as_os_str().as_encoded_bytes();
        let mut identity = Hasher::new(path);
        let since = changed.duration_since(SystemTime::UNIX_EPOCH).map_err(io::Error::other)?;
        identity.update(&data.len().to_le_bytes());
        identity.update(&since.as_nanos().to_le_bytes());
        // One copy for each path: that of a changed file takes the place of the old one.
        let name = format!("{}.idx", &Hasher::new(path).hex()[..32]);
        Ok(Some(Self { identity: identity.hex(), changed, copy: copies.join(name) }))
    }

    /// Whether the file is still what it was, and will show it if it changes.
    fn is_settled(&self, path: &Path) -> bool {
        let old = self.changed.elapsed().is_ok_and(|age| age >= SETTLED);
        old && fs::metadata(path)
            .and_then(|data| data.modified())
            .is_ok_and(|changed| changed == self.changed)
    }

    /// The copy, if there is one of the file as it is now, and it is whole.
    fn recall(&self) -> Option<IdxArray> {
        let copy = map(&file::open(&self.copy).ok()?).ok()?;
        let identity = copy.strip_prefix(MAGIC)?.get(..DIGITS)?;
        if identity != self.identity.as_bytes() {
            return None;
        }
        let expected = copy.get(MAGIC.len() + DIGITS..BEFORE)?;
        let array = copy.slice(BEFORE..);
        let sha256 = Hasher::new(&array).hex();
        if sha256.as_bytes() != expected {
            return None;
        }
        IdxArray::of_file(&array, sha256)
    }

    fn keep(&self, array: &IdxArray) -> io::Result<()> {
        fs::create_dir_all(self.copy.parent().unwrap_or(Path::new(".")))?;
        let (before, values) = array.file();
        file::write_whole(&self.copy, |to| {
            let header = [MAGIC, self.identity.as_bytes(), array.sha256().as_bytes(), &before].concat();
            to.write_all(&header)?;
            to.write_all(values)
        })
    }
}

#[cfg(test)]
#[path = "unpacked_tests.rs"]
mod tests;
