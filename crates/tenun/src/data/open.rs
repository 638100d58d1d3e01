//! [`open`]: from what a user calls a data set to its images. Every command and every run opens its images here.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use tenun_engine::Shape;

use super::decode::is_image_name;
use super::folder::{self, FolderOptions};
use super::named::{NAMED_SETS, SearchPaths, find_named};
use super::numpy::{read_npy, read_npz};
use super::progress::Progress;
use super::{Collection, DataError, idx_files};
use crate::settings::{COLOUR, Colour, DataSettings, FIT, Fit, SIZE};
use crate::suggest;

/// How a source is opened.
#[derive(Clone, Default)]
pub struct OpenOptions<'a> {
    /// How a folder of images is read.
    pub folder: FolderOptions,
    /// The shape of the images that a model takes. Where `folder` leaves size and colour open, they are the model's, as
    /// far as the source can be brought to them.
    pub model: Option<Shape>,
    /// Only so many training images, the first ones.
    pub limit_train: Option<usize>,
    /// Only so many test images, the first ones.
    pub limit_test: Option<usize>,
    /// Where named sets are looked for.
    pub paths: SearchPaths,
    /// Who is told how far it has come.
    pub progress: Progress<'a>,
}

impl<'a> OpenOptions<'a> {
    /// How the source of a run is opened.
    #[must_use]
    pub fn of(settings: &DataSettings, progress: Progress<'a>) -> Self {
        let DataSettings { size, fit, colour, skip_bad, limit_train, limit_test, .. } = *settings;
        let folder = FolderOptions { size, fit, colour, skip_bad };
        Self { folder, limit_train, limit_test, progress, ..Self::default() }
    }
}

/// Opens a data set: its name (`fashion-mnist`, `mnist`, `kmnist`), or the path of a folder of images, of a folder of
/// IDX files with MNIST's names, of an IDX file of images, or of a `.npy` or `.npz` file.
///
/// A name is never taken for a path: a folder called `mnist` is `./mnist`. What a file is, its content says, not
/// its name.
///
/// # Errors
/// [`DataError::UnknownName`] or [`DataError::NoSuchPath`] if there is nothing of that name;
/// [`DataError::Setting`] if images are to be brought to a size or colour that only folders of images can be;
/// [`DataError::Limit`] or [`DataError::NoTest`] for limits that cannot be met; and what the reader of the format says.
pub fn open(source: &str, options: &OpenOptions<'_>) -> Result<Collection, DataError> {
    let collection = as_the_model_takes_them(options, |folder| open_as(source, folder, options))?;
    collection.limit(options.limit_train, options.limit_test)
}

/// Opens several inputs as one data set: what [`open`] opens if it is one, else single image files in the order given.
///
/// # Errors
/// As [`open`] and [`super::read_files`]; [`DataError::FolderAmongFiles`] for a folder that is not the only input.
pub fn open_inputs(inputs: &[String], options: &OpenOptions<'_>) -> Result<Collection, DataError> {
    match inputs {
        [source] if !is_image_file(Path::new(source)) => open(source, options),
        files => {
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            if let Some(missing) = files.iter().find(|path| !path.exists()) {
                return Err(DataError::NoSuchPath { path: missing.clone() });
            }
            if let Some(folder) = files.iter().find(|path| path.is_dir()) {
                return Err(DataError::FolderAmongFiles { path: folder.clone() });
            }
            let collection = as_the_model_takes_them(options, |folder| {
                folder::read_each("files", &files, folder, options.progress.on_image)
            })?;
            collection.limit(options.limit_train, options.limit_test)
        }
    }
}

/// Whether a path is one picture by its name, and no folder of them.
#[must_use]
pub fn is_image_file(path: &Path) -> bool {
    is_image_name(path) && !path.is_dir()
}

/// Said of images that are of another colour than the model takes.
#[must_use]
pub fn taken_as(model: Shape) -> String {
    let colour = if model.channels == 1 { "greyscale" } else { "RGB" };
    format!("the images are converted to {colour}, as the model expects")
}

/// Reads images in the size and colour of the model where the options leave them open.
fn as_the_model_takes_them(
    options: &OpenOptions<'_>,
    read: impl Fn(&FolderOptions) -> Result<Collection, DataError>,
) -> Result<Collection, DataError> {
    let Some(model) = options.model else { return read(&options.folder) };
    let folder = options.folder.sized_for(model);
    let collection = read(&folder)?;
    let shape = collection.train.images().shape();
    let is_of_its_size = (shape.height, shape.width) == (model.height, model.width);
    if shape.channels == model.channels || folder.colour != Colour::Auto || !is_of_its_size {
        return Ok(collection);
    }
    let colour = if model.channels == 1 { Colour::Grey } else { Colour::Rgb };
    match read(&FolderOptions { colour, ..folder }) {
        Ok(mut converted) => {
            converted.notes.insert(0, taken_as(model));
            Ok(converted)
        }
        // An array has the channels it has: that the model takes others is the error to give.
        Err(_) => Ok(collection),
    }
}

fn open_as(source: &str, folder: &FolderOptions, options: &OpenOptions<'_>) -> Result<Collection, DataError> {
    let copies = options.paths.unpacked.as_deref();
    let collection = if let Some(set) = find_named(source) {
        set.open(&options.paths, options.progress.on_download)?
    } else {
        let path = Path::new(source);
        match fs::metadata(path) {
            Ok(data) if data.is_dir() => match idx_files::folder(path, copies)? {
                Some(collection) => collection,
                None => return folder::read(path, folder, options.progress.on_image),
            },
            Ok(_) => open_file(path, copies)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(nothing_there(source)),
            Err(error) => return Err(DataError::io(path, "open")(error)),
        }
    };
    refuse_changes(&collection, folder)?;
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
fn refuse_changes(collection: &Collection, options: &FolderOptions) -> Result<(), DataError> {
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
        setting: format!("{}, {} and {}", SIZE.argument(), FIT.argument(), COLOUR.argument()),
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
