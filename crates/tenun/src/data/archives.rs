//! Zip and tar archives of pictures, read without unpacking them; tar also in the way of WebDataset.

use std::collections::HashMap;
use std::fs;
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::EntryType;
use zip::ZipArchive;

use super::claims::most_inflated;
use super::classes::{self, Label};
use super::encoded::{Container, Paths, is_hidden};
use super::folder::FolderOptions;
use super::foreign;
use super::packed::{Packed, is_data};
use super::progress::OnImage;
use super::{Collection, DataError};
use crate::file;
use crate::names::bytes_text;

/// The most bytes of one file in an archive.
const MOST: u64 = 256 << 20;

/// Files of an archive with nothing that is read are named, at most so many.
const NAMED: usize = 3;

const DAMAGED: &str = "the archive is damaged or cut short: fetch it again";

/// What is in an archive.
pub(crate) enum Contents {
    Pictures(Box<Collection>),
    /// Other files of a data set, unpacked.
    Files(Packed),
}

/// Reads a zip archive of pictures: folders in it are classes, or the splits, as those on disk are.
pub(crate) fn read_zip(
    path: &Path,
    options: &FolderOptions,
    on_image: Option<OnImage<'_>>,
) -> Result<Contents, DataError> {
    let broken = |error: zip::result::ZipError| malformed(path, &error.to_string());
    let file = file::open(path).map_err(DataError::io(path, "open"))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    let mut files = Vec::new();
    for (index, name) in archive.file_names_raw().enumerate() {
        if !name.ends_with(b"/") {
            // Some programs write folders as Windows does.
            let name: Vec<u8> = name.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }).collect();
            files.push((bytes_text(&name), index));
        }
    }
    let (names, numbers): (Vec<String>, Vec<usize>) = files.iter().cloned().unzip();
    let Paths { entries, ignored, notes, masks } = Paths::of(path, files, options)?;
    if entries.is_empty() && !names.iter().any(|name| is_data(name)) {
        return Err(nothing(path, "a zip archive", &names));
    }
    if entries.is_empty() {
        let mut packed = packed(path)?;
        for (index, name) in names.iter().enumerate().filter(|(_, name)| !is_hidden(name)) {
            let entry = archive.by_index(numbers[index]).map_err(broken)?;
            packed.add(name, entry).map_err(|error| unpacking(path, error))?;
        }
        return Ok(Contents::Files(packed));
    }
    let container = Container { path, ignored, names: None, notes, options, on_image };
    let read = container.read(entries, |&index| {
        let entry = archive.by_index(index).map_err(|error| error.to_string())?;
        whole(entry)
    });
    read.map(|collection| Contents::Pictures(Box::new(Collection { masks, ..collection })))
}

/// A place for the files of an archive.
fn packed(path: &Path) -> Result<Packed, DataError> {
    let length = fs::metadata(path).map_err(DataError::io(path, "look at"))?.len();
    Packed::new(path, most_inflated(length)).map_err(DataError::io(path, "unpack"))
}

fn unpacking(path: &Path, error: std::io::Error) -> DataError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DataError::io(path, "unpack")(error),
        _ => malformed(path, &error.to_string()),
    }
}

/// The bytes of one file, if they are not too many.
fn whole(entry: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = entry.take(MOST).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if read as u64 == MOST {
        return Err(format!("it has more than {MOST} bytes"));
    }
    Ok(bytes)
}

/// Whether a file begins as a tar archive does.
pub(crate) fn is_tar(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

/// Reads a tar archive of pictures, plain or gzip. Of files called alike up to the first dot, as WebDataset has them, one
/// that ends in `.cls` is the class of the others.
pub(crate) fn read_tar(
    path: &Path,
    gzip: bool,
    options: &FolderOptions,
    on_image: Option<OnImage<'_>>,
) -> Result<Contents, DataError> {
    let mut file = file::open(path).map_err(DataError::io(path, "open"))?;
    if gzip {
        // Its files are not found again without the ones before; on disk, under no name, they are.
        let mut plain = tempfile::tempfile().map_err(DataError::io(path, "decompress"))?;
        let length = file.metadata().map_err(DataError::io(path, "look at"))?.len();
        let most = most_inflated(length);
        let mut unpacking = MultiGzDecoder::new(BufReader::new(file)).take(most + 1);
        let unpacked = std::io::copy(&mut unpacking, &mut plain).map_err(|error| match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => DataError::io(path, "decompress")(error),
            _ => malformed(path, &error.to_string()),
        })?;
        if unpacked > most {
            let got =
                format!("more than {most} bytes, compressed to {length}: no pictures compress like that");
            return Err(malformed(path, &got));
        }
        file = plain;
    }
    let length = file.seek(SeekFrom::End(0)).map_err(DataError::io(path, "read"))?;
    let mut files = Vec::new();
    let mut labels: HashMap<String, Label> = HashMap::new();
    file.rewind().map_err(DataError::io(path, "read"))?;
    let mut archive = tar::Archive::new(&file);
    let broken = |error: std::io::Error| malformed(path, &error.to_string());
    for entry in archive.entries_with_seek().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !matches!(entry.header().entry_type(), EntryType::Regular | EntryType::Continuous) {
            continue;
        }
        let name = bytes_text(&entry.path_bytes());
        if entry.raw_file_position().saturating_add(entry.size()) > length {
            return Err(malformed(path, &format!("the end of the file within `{}`", name.escape_debug())));
        }
        let (key, ending) = web_key(&name);
        if ending == "cls" && entry.size() < 64 && !is_hidden(&name) {
            let mut text = String::new();
            if entry.read_to_string(&mut text).is_ok() {
                labels.insert(key, classes::of_text(&text));
            }
            continue;
        }
        files.push((name.clone(), (entry.raw_file_position(), entry.size())));
    }
    let names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
    let keys: HashMap<(u64, u64), Label> = files
        .iter()
        .filter_map(|(name, place)| Some((*place, labels.get(&web_key(name).0)?.clone())))
        .collect();
    let places: Vec<(u64, u64)> = files.iter().map(|(_, place)| *place).collect();
    let Paths { mut entries, ignored, mut notes, masks } = Paths::of(path, files, options)?;
    if entries.is_empty() && !names.iter().any(|name| is_data(name)) {
        return Err(nothing(path, "a tar archive", &names));
    }
    if entries.is_empty() {
        let mut packed = packed(path)?;
        for (name, &(at, size)) in names.iter().zip(&places).filter(|(name, _)| !is_hidden(name)) {
            let mut file = &file;
            file.seek(SeekFrom::Start(at)).map_err(DataError::io(path, "read"))?;
            packed.add(name, file.take(size)).map_err(|error| unpacking(path, error))?;
        }
        return Ok(Contents::Files(packed));
    }
    if !labels.is_empty() {
        let without = entries.iter().filter(|entry| !keys.contains_key(&entry.key)).count();
        for entry in &mut entries {
            entry.label = Some(keys.get(&entry.key).cloned().unwrap_or(Label::None));
        }
        if without > 0 {
            notes.push(format!("{without} images have no .cls beside them: they are of class `none`"));
        }
    }
    let container = Container { path, ignored, names: None, notes, options, on_image };
    let read = container.read(entries, |&(at, size)| {
        let mut file = &file;
        file.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
        whole(file.take(size))
    });
    read.map(|collection| Contents::Pictures(Box::new(Collection { masks, ..collection })))
}

/// The key that WebDataset gives files that belong together, and the ending without it.
fn web_key(path: &str) -> (String, &str) {
    let name = path.rfind('/').map_or(0, |at| at + 1);
    match path[name..].find('.') {
        Some(dot) => (path[..name + dot].to_owned(), &path[name + dot + 1..]),
        None => (path.to_owned(), ""),
    }
}

fn malformed(path: &Path, got: &str) -> DataError {
    DataError::malformed(path, "archive", "an intact archive", got, DAMAGED)
}

/// An archive in which there is no picture.
fn nothing(path: &Path, format: &str, names: &[String]) -> DataError {
    if let Some(foreign) = foreign::zip_by_entries(names.iter().map(String::as_str)) {
        let format = foreign.name.into();
        return DataError::Foreign { path: path.into(), format, advice: foreign.advice.into() };
    }
    let listed: Vec<String> =
        names.iter().take(NAMED).map(|name| format!("`{}`", name.escape_debug())).collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    DataError::Malformed {
        path: path.into(),
        place: "names of its files".into(),
        expected: format!("pictures or arrays in {format}"),
        got: if names.is_empty() { "none".into() } else { format!("{}{more}", listed.join(", ")) },
        advice: "give an archive of PNG or JPEG files, or of .npy arrays".into(),
    }
}
