//! A list of sources in a file, `@list.txt`, or on standard input, `@-`: a line for each picture or data set.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::DataError;
use super::classes::{self, Label};
use crate::file;
use crate::names::name_text;

/// The most bytes that a list may have.
const MOST: u64 = 256 << 20;

/// What a source is that begins like this.
const SIGN: char = '@';

/// One line of a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) path: PathBuf,
    /// The class that stands behind it.
    pub(crate) label: Option<Label>,
}

/// The file of a list, if a source is one; a file or folder that is called like this is no list.
pub(crate) fn of_source(source: &str) -> Option<&str> {
    source.strip_prefix(SIGN).filter(|list| !list.is_empty() && !Path::new(source).exists())
}

/// Reads the list, of which `-` is standard input. Paths are relative to the folder that the program runs in, or else to
/// that of the list.
pub(crate) fn read(list: &str) -> Result<Vec<Line>, DataError> {
    let path = Path::new(list);
    let bytes = match list {
        "-" => standard_input(),
        _ if !path.exists() => return Err(DataError::NoSuchPath { path: path.into() }),
        _ => file::open(path).and_then(whole),
    };
    let bytes = bytes.map_err(DataError::io(path, "read"))?;
    // `find -print0` has zeros between.
    let end = if bytes.contains(&0) { 0 } else { b'\n' };
    let folder = path.parent().unwrap_or(Path::new(""));
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let lines: Vec<Line> = text
        .split(|&byte| byte == end)
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
        .map(|line| line_of(line, folder))
        .collect();
    if lines.is_empty() {
        return Err(DataError::Malformed {
            path: path.into(),
            place: "list".into(),
            expected: "a path in each line".into(),
            got: "nothing".into(),
            advice: "for example: find photos -name '*.jpg' > list.txt".into(),
        });
    }
    Ok(lines)
}

/// What stands on standard input, which can be read once only: who asks again is given the same.
fn standard_input() -> io::Result<Vec<u8>> {
    static READ: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(bytes) = READ.get() {
        return Ok(bytes.clone());
    }
    let bytes = whole(io::stdin().lock())?;
    Ok(READ.get_or_init(|| bytes).clone())
}

fn whole(list: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    list.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("a list has at most {MOST} bytes")));
    }
    Ok(bytes)
}

fn line_of(line: &[u8], folder: &Path) -> Line {
    let there = |bytes: &[u8]| {
        let path = path_of(bytes);
        [path.clone(), folder.join(path)].into_iter().find(|path| path.exists())
    };
    if let Some(path) = there(line) {
        return Line { path, label: None };
    }
    // `cats/1.jpg 0`, `cats/1.jpg,cat`: the class behind the path.
    let split = line.iter().rposition(|byte| b" \t,;".contains(byte));
    if let Some(at) = split
        && let Some(path) = there(line[..at].trim_ascii())
    {
        return Line { path, label: Some(classes::of_text(&String::from_utf8_lossy(&line[at + 1..]))) };
    }
    Line { path: path_of(line), label: None }
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// What each picture is called: its path within the folder that all lie in.
pub(crate) fn names(paths: &[PathBuf]) -> Vec<String> {
    let mut common = paths.first().and_then(|path| path.parent()).map(Path::to_path_buf).unwrap_or_default();
    while !paths.iter().all(|path| path.starts_with(&common)) {
        if !common.pop() {
            break;
        }
    }
    let within = |path: &PathBuf| {
        let rest = path.strip_prefix(&common).unwrap_or(path);
        rest.components().map(|part| name_text(part.as_os_str())).collect::<Vec<_>>().join("/")
    };
    paths.iter().map(within).collect()
}
