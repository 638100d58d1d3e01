//! [`open`]: from what a user calls a data set to its images.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use super::decode::is_image_name;
use super::fetch::OnDownload;
use super::folder::{FolderOptions, read_folder};
use super::named::{NAMED_SETS, Places, find_named};
use super::numpy::{read_npy, read_npz};
use super::{Collection, DataError, Fit, idx_files};
use crate::suggest;

/// How a source is opened.
#[derive(Clone, Default)]
pub struct OpenOptions<'a> {
    /// How a folder of images is read.
    pub folder: FolderOptions<'a>,
    /// Where named sets are looked for.
    pub places: Places,
    /// Called as a download goes on.
    pub on_download: Option<OnDownload<'a>>,
}

/// Opens a data set: its name (`fashion-mnist`, `mnist`, `kmnist`), or the path of a folder of images, of a folder of
/// IDX files with MNIST's names, of an IDX file of images, or of a `.npy` or `.npz` file.
///
/// A name is never taken for a path: a folder called `mnist` is `./mnist`. What a file is, its content says, not
/// its name.
///
/// # Errors
/// [`DataError::UnknownName`] or [`DataError::NoSuchPath`] if there is nothing of that name;
/// [`DataError::Setting`] if images are to be brought to a size or colour that only folders of images can be; and
/// what the reader of the format says.
pub fn open(source: &str, options: &OpenOptions<'_>) -> Result<Collection, DataError> {
    let copies = options.places.unpacked.as_deref();
    let collection = if let Some(set) = find_named(source) {
        set.open(&options.places, options.on_download)?
    } else {
        let path = Path::new(source);
        match fs::metadata(path) {
            Ok(data) if data.is_dir() => match idx_files::folder(path, copies)? {
                Some(collection) => collection,
                None => return read_folder(path, &options.folder),
            },
            Ok(_) => open_file(path, copies)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(nothing_there(source)),
            Err(error) => return Err(DataError::io(path, "open")(error)),
        }
    };
    refuse_changes(&collection, &options.folder)?;
    Ok(collection)
}

/// Opens a file by what it starts with.
fn open_file(path: &Path, copies: Option<&Path>) -> Result<Collection, DataError> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(DataError::io(path, "open"))?;
    file.take(8).read_to_end(&mut start).map_err(DataError::io(path, "read"))?;
    match &start[..] {
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => read_npy(path),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => read_npz(path),
        [0, 0, ..] | [0x1f, 0x8b, ..] | [] => idx_files::file(path, copies),
        _ => Err(DataError::Malformed {
            path: path.into(),
            place: "byte 0".into(),
            expected: "an IDX (plain or gzip), .npy or .npz file".into(),
            got: format!("`{}`", start.escape_ascii()),
            advice: match is_image_name(path) {
                true => "this is one image: give the folder it is in",
                false => "convert it to one of these, or to a folder of images",
            },
        }),
    }
}

/// Arrays are taken as they are: a size or colour other than theirs cannot be had, and must not be ignored.
fn refuse_changes(collection: &Collection, options: &FolderOptions<'_>) -> Result<(), DataError> {
    use super::Colour;
    let shape = collection.train.images().shape();
    let same_size = options.size.is_none_or(|size| size == (shape.height, shape.width));
    let same_colour = match options.colour {
        Colour::Auto => true,
        Colour::Grey => shape.channels == 1,
        Colour::Rgb => shape.channels == 3,
    };
    if same_size && same_colour && (options.fit == Fit::Error || options.size.is_some()) {
        return Ok(());
    }
    Err(DataError::Setting {
        setting: "--size, --fit and --colour",
        expected: "a folder of images, which alone can be brought to another size or colour".into(),
        got: format!("`{}`, an array of {shape} (height×width×channels)", collection.train.name()),
    })
}

/// Neither a name nor a path: which of the two did the user mean?
fn nothing_there(source: &str) -> DataError {
    let looks_like_path = source.contains(['/', '\\']) || Path::new(source).extension().is_some();
    if looks_like_path {
        return DataError::NoSuchPath { path: source.into() };
    }
    let known: Vec<_> = NAMED_SETS.iter().map(|set| set.name).collect();
    let nearest = suggest::nearest(source, known.iter().copied());
    DataError::UnknownName { given: source.into(), nearest, known }
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
