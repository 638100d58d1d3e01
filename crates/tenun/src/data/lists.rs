//! A list of sources in a file, `@list.txt`, or on standard input, `@-`: a line for each picture or data set.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::DataError;
use super::classes::{self, Label};
use crate::file;
use crate::names::{name_text, shown};
use crate::suggest;

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
    /// Its number in the list, from 1.
    pub(crate) number: usize,
}

/// What stands in a list.
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) lines: Vec<Line>,
    pub(crate) notes: Vec<String>,
}

/// What the columns of a list are called, in its first line.
const HEADER: &[&str] = &[
    "path",
    "paths",
    "filepath",
    "file_path",
    "file",
    "files",
    "filename",
    "file_name",
    "image",
    "images",
    "image_path",
    "img",
    "img_path",
    "name",
    "id",
    "image_id",
    "label",
    "labels",
    "class",
    "category",
    "target",
    "species",
    "split",
];

/// The file of a list, if a source is one; a file or folder that is called like this is no list.
pub(crate) fn of_source(source: &str) -> Option<&str> {
    source.strip_prefix(SIGN).filter(|list| !list.is_empty() && !Path::new(source).exists())
}

/// Reads the list, of which `-` is standard input. Paths are relative to the folder that the program runs in, or else to
/// that of the list.
pub(crate) fn read(list: &str) -> Result<List, DataError> {
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
    let mut lines: Vec<Line> = text
        .split(|&byte| byte == end)
        .zip(1..)
        .map(|(line, number)| (line.strip_suffix(b"\r").unwrap_or(line), number))
        .filter(|(line, _)| !line.is_empty())
        .map(|(line, number)| line_of(line, number, folder))
        .collect();
    let mut notes = Vec::new();
    if let [first, _, ..] = &lines[..]
        && is_header(first)
    {
        notes.push(format!(
            "line 1 of the list, `{}`, names its columns and is passed over",
            shown(&first.path)
        ));
        lines.remove(0);
    }
    if lines.is_empty() {
        return Err(DataError::Malformed {
            path: path.into(),
            place: "list".into(),
            expected: "a path in each line".into(),
            got: "nothing".into(),
            advice: "for example: find photos -name '*.jpg' > list.txt".into(),
        });
    }
    Ok(List { lines, notes })
}

/// Whether a line, which is no path, says what the columns are called.
fn is_header(line: &Line) -> bool {
    let text = name_text(line.path.as_os_str()).to_lowercase();
    let cells = text.split([',', ';', '\t', ' ']).map(|cell| cell.trim_matches(['"', '\'', ' ']));
    line.label.is_none() && !line.path.exists() && cells.into_iter().all(|cell| HEADER.contains(&cell))
}

/// What is wrong with a line that names nothing.
pub(crate) fn missing(list: &str, line: &Line) -> DataError {
    let place = format!("line {}", line.number);
    let got = format!("`{}`, which is not there", name_text(line.path.as_os_str()));
    let advice = suggest::path_hint(
        &line.path,
        "paths are relative to where tenun runs or to the list; a class may stand behind a path, after a comma or a tab",
    );
    DataError::malformed(Path::new(list), place, "the path of a file or folder", got, advice)
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

fn line_of(line: &[u8], number: usize, folder: &Path) -> Line {
    let there = |bytes: &[u8]| {
        let path = path_of(bytes);
        [path.clone(), folder.join(path)].into_iter().find(|path| path.exists())
    };
    let label = |bytes: &[u8]| Some(classes::of_text(&String::from_utf8_lossy(unquoted(bytes.trim_ascii()))));
    if let Some(path) = there(line) {
        return Line { path, label: None, number };
    }
    // `cats/1.jpg 0`, `cats/1.jpg,cat`: the class behind the path; a table has either in quotes.
    let split = line.iter().rposition(|byte| b" \t,;".contains(byte));
    let (before, behind) = match split {
        Some(at) => (line[..at].trim_ascii(), Some(&line[at + 1..])),
        None => (line, None),
    };
    for (path, behind) in [(before, behind), (unquoted(before), behind), (unquoted(line.trim_ascii()), None)]
    {
        if let Some(path) = there(path) {
            return Line { path, label: behind.and_then(label), number };
        }
    }
    Line { path: path_of(line), label: None, number }
}

/// A text without the quotes around it.
fn unquoted(text: &[u8]) -> &[u8] {
    match text {
        [b'"', within @ .., b'"'] | [b'\'', within @ .., b'\''] => within,
        _ => text,
    }
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
