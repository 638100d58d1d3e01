//! [`open`]: from what a user calls a data set to its images. Every command and every run opens its images here.

use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tenun_engine::Shape;

use super::archives::Contents;
use super::decode::{contents, is_image_name};
use super::encoded::{Container, Entry};
use super::folder::{self, FolderOptions};
use super::foreign::{self, Foreign};
use super::join::{Piece, join};
use super::lists::{self, Line};
use super::named::{NAMED_SETS, SearchPaths, find_named};
use super::npz_keys::Part;
use super::numpy::{is_npz, labels_beside, read_npy, read_npz};
use super::progress::Progress;
use super::{
    Collection, DataError, Ignored, archives, batches, depth, idx_files, matlab, nested, parquet_images,
    records, shards, tables,
};
use crate::file;
use crate::names::{name_text, shown};
use crate::settings::{COLOUR, Colour, DataSettings, FIT, Fit, LAYOUT, SIZE, TEST, TRAIN};
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
        let DataSettings { size, fit, colour, skip_bad, layout, limit_train, limit_test, .. } = *settings;
        let (train, test) = (settings.train.clone(), settings.test.clone());
        let folder = FolderOptions { size, fit, colour, skip_bad, layout, train, test };
        Self { folder, limit_train, limit_test, progress, ..Self::default() }
    }
}

/// Opens a data set: its name (`fashion-mnist`, `mnist`, `kmnist`), or the path of a folder of images, of IDX files with
/// the names of MNIST's kin, of CIFAR's batches, or of the parts of a set; of an IDX, `.npy` or `.npz` file, a zip or tar
/// archive of images, a table of pixels (CSV) or of encoded pictures (Parquet); or `@` and the path of a list of such.
///
/// A name is never taken for a path: a folder called `mnist` is `./mnist`. What a file is, its content says, not
/// its name.
///
/// # Errors
/// [`DataError::UnknownName`] or [`DataError::NoSuchPath`] if there is nothing of that name;
/// [`DataError::Setting`] if images are to be brought to a size or colour that only folders of images can be;
/// [`DataError::Limit`] or [`DataError::NoTest`] for limits that cannot be met; and what the reader of the format says.
pub fn open(source: &str, options: &OpenOptions<'_>) -> Result<Collection, DataError> {
    let collection = match lists::of_source(source) {
        Some(list) => {
            let lists::List { lines, notes } = lists::read(list)?;
            if let Some(line) = lines.iter().find(|line| !is_there(&line.path)) {
                return Err(lists::missing(list, line));
            }
            let mut collection =
                as_the_model_takes_them(options, |folder| open_each(source, &lines, true, folder, options))?;
            collection.notes.splice(..0, notes);
            collection
        }
        None => as_the_model_takes_them(options, |folder| open_as(Path::new(source), folder, options))?,
    };
    let collection = told_if_dark(collection);
    collection.limit(options.limit_train, options.limit_test)
}

/// Opens several inputs as one data set: what [`open`] opens if it is one; single image files in the order given; or data
/// sets, whose images have to be of one size.
///
/// # Errors
/// As [`open`] and [`super::read_files`].
pub fn open_inputs(inputs: &[String], options: &OpenOptions<'_>) -> Result<Collection, DataError> {
    match inputs {
        [source] if !is_image_file(Path::new(source)) => open(source, options),
        several => {
            let lines: Vec<Line> =
                several.iter().map(|input| Line { path: input.into(), label: None, number: 0 }).collect();
            let collection = as_the_model_takes_them(options, |folder| {
                open_each("files", &lines, false, folder, options)
            })?;
            told_if_dark(collection).limit(options.limit_train, options.limit_test)
        }
    }
}

/// The files and folders that are read for such inputs: each that is named, by a list too, and labels that lie beside. What
/// cannot be read is told of when it is opened.
#[must_use]
pub fn paths_read(inputs: &[String], options: &FolderOptions) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    for input in inputs {
        match lists::of_source(input) {
            None => paths.push(PathBuf::from(input)),
            Some(list) => {
                paths.push(list.into());
                paths.extend(lists::read(list).unwrap_or_default().lines.into_iter().map(|line| line.path));
            }
        }
        for split in [&options.train, &options.test].into_iter().flatten() {
            paths.extend([Path::new(input).join(split), split.clone()]);
        }
    }
    let labels: Vec<PathBuf> = paths.iter().filter_map(|path| labels_beside(path)).collect();
    paths.extend(labels);
    paths
}

/// Images of no larger value than this, of 255, are nearly black.
const DARK: u8 = 16;

/// Adds a note where no pixel is brighter than nearly black: their scale is another then, most likely.
fn told_if_dark(mut collection: Collection) -> Collection {
    if depth::is_told(&collection.notes) {
        return collection;
    }
    let pixels = collection.train.images().pixels();
    if pixels.iter().all(|&value| value <= DARK)
        && let Some(most) = pixels.iter().max().filter(|&&most| most > 0)
    {
        collection.notes.push(format!(
            "the largest value is {most} of 255, nearly black: if the scale ends there (values from 0 to {most}), scale the \
             pixels up first"
        ));
    }
    collection
}

/// Whether a path is one of something, or the name of a set.
fn is_there(path: &Path) -> bool {
    path.exists() || path.to_str().is_some_and(|name| find_named(name).is_some())
}

/// Opens what stands in a list. `named` has pictures called by their paths, not by their names alone.
fn open_each(
    name: &str,
    lines: &[Line],
    named: bool,
    folder: &FolderOptions,
    options: &OpenOptions<'_>,
) -> Result<Collection, DataError> {
    let paths: Vec<PathBuf> = lines.iter().map(|line| line.path.clone()).collect();
    if let Some(missing) = paths.iter().find(|path| !is_there(path)) {
        return Err(DataError::NoSuchPath { path: missing.clone() });
    }
    if paths.iter().any(|path| is_image_file(path)) {
        refuse_layout(folder, "pictures that are named one by one")?;
    }
    if paths.iter().all(|path| is_image_file(path)) && !named {
        return folder::read_each(name, &paths, folder, options.progress.on_image);
    }
    let ids = lists::names(&paths);
    if paths.iter().all(|path| is_image_file(path)) {
        let entry = |(line, id): (&Line, String)| Entry {
            id,
            key: line.path.clone(),
            part: Part::Train,
            label: line.label.clone(),
        };
        let entries = lines.iter().zip(ids).map(entry).collect();
        let path = Path::new(name);
        let on_image = options.progress.on_image;
        let container = Container {
            path,
            ignored: Ignored::default(),
            names: None,
            notes: Vec::new(),
            options: folder,
            on_image,
        };
        return container.read(entries, |path| contents(path));
    }
    let mut pieces = Vec::new();
    for (path, called) in paths.into_iter().zip(ids) {
        let collection = match is_image_file(&path) {
            true => {
                folder::read_each(&called, std::slice::from_ref(&path), folder, options.progress.on_image)?
            }
            false => open_as(&path, folder, options)?,
        };
        pieces.push(Piece { part: Part::Train, called, path, collection });
    }
    join(name, Path::new(name), pieces)
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
    let folder = options.folder.clone().sized_for(model);
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

fn open_as(path: &Path, folder: &FolderOptions, options: &OpenOptions<'_>) -> Result<Collection, DataError> {
    if let Some(set) = path.to_str().and_then(find_named) {
        return Opened::Array(set.open(&options.paths, options.progress.on_download)?).checked(folder);
    }
    match fs::metadata(path) {
        Ok(data) if data.is_dir() => open_folder(path, folder, options)?.checked(folder),
        Ok(_) => open_file(path, folder, options)?.checked(folder),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(nothing_there(&name_text(path.as_os_str())))
        }
        Err(error) => Err(DataError::io(path, "open")(error)),
    }
}

/// What was opened: an array of pixels, which are taken as they are, or pictures, which are as they were asked for.
enum Opened {
    Array(Collection),
    Pictures(Collection),
}

impl Opened {
    /// The images, unless they were asked for in another way than arrays can be had.
    fn checked(self, options: &FolderOptions) -> Result<Collection, DataError> {
        match self {
            Self::Array(collection) => {
                refuse_changes(&collection, options)?;
                Ok(collection)
            }
            Self::Pictures(collection) => Ok(collection),
        }
    }

    /// With its collection changed.
    fn map(self, change: impl FnOnce(Collection) -> Collection) -> Self {
        match self {
            Self::Array(collection) => Self::Array(change(collection)),
            Self::Pictures(collection) => Self::Pictures(change(collection)),
        }
    }
}

/// Opens a folder by the files in it.
fn open_folder(path: &Path, folder: &FolderOptions, options: &OpenOptions<'_>) -> Result<Opened, DataError> {
    if let Some(collection) = idx_files::folder(path, options.paths.unpacked.as_deref())? {
        return Ok(Opened::Array(collection));
    }
    if let Some((train, test)) = records::in_folder(path) {
        return records::read(path, &train, &test).map(Opened::Array);
    }
    if let Some(files) = batches::in_folder(path) {
        return batches::read_folder(path, &files).map(Opened::Array);
    }
    if let Some(shards) = shards::in_folder(path) {
        let within = FolderOptions { layout: shards.layout_within(folder.layout), ..folder.clone() };
        let read = |part: &Path| open_file(part, &within, options)?.checked(&within);
        return shards.read(path, folder.layout, read).map(Opened::Pictures);
    }
    if let Some(nested) = nested::within(path)? {
        return Ok(open_folder(&nested.folder, folder, options)?.map(|mut collection| {
            collection.notes.insert(0, nested.note);
            collection.ignored.extend(&nested.ignored);
            collection
        }));
    }
    folder::read(path, folder, options.progress.on_image).map(Opened::Pictures)
}

/// Bytes by which a file is known.
const START: u64 = 512;

/// Opens a file by what it starts with.
fn open_file(path: &Path, folder: &FolderOptions, options: &OpenOptions<'_>) -> Result<Opened, DataError> {
    let file = file::open(path).map_err(DataError::io(path, "open"))?;
    let start = start_of(file).map_err(DataError::io(path, "read"))?;
    let on_image = options.progress.on_image;
    let copies = options.paths.unpacked.as_deref();
    match &start[..] {
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => read_npy(path).map(Opened::Array),
        [b'P', b'K', 3 | 5, 4 | 6, ..] if is_npz(path) => read_npz(path).map(Opened::Array),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => archives::read_zip(path, folder, on_image)
            .and_then(|found| of_archive(path, found, folder, options)),
        [b'P', b'A', b'R', b'1', ..] => {
            refuse_layout(folder, &format!("{}, a table", shown(path)))?;
            parquet_images::read(path, folder, on_image).map(Opened::Pictures)
        }
        [0x1f, 0x8b, ..] => open_gzip(path, folder, options),
        start if archives::is_tar(start) => archives::read_tar(path, false, folder, on_image)
            .and_then(|found| of_archive(path, found, folder, options)),
        _ if records::is_one(path) => records::read(path, &[path.into()], &[]).map(Opened::Array),
        start if matlab::is_matlab(start) => matlab::read(path).map(Opened::Array),
        start if batches::is_pickle(start) => batches::read(path).map(Opened::Array),
        [0, 0, 8..=14, _, ..] | [] => idx_files::file(path, copies).map(Opened::Array),
        start => {
            if let Some(Foreign { name, advice }) = foreign::by_content(start) {
                let format = (*name).to_owned();
                return Err(DataError::Foreign { path: path.into(), format, advice: (*advice).into() });
            }
            if image::guess_format(start).is_ok() {
                return Err(not_read(path, "one picture", "give the folder it is in"));
            }
            if tables::is_table(path, start) {
                return tables::read(path).map(Opened::Array);
            }
            if let Some(Foreign { name, advice }) = foreign::by_name(path) {
                return Err(not_read(path, &format!("by its name {name}"), advice));
            }
            if start.starts_with(&[0, 0]) {
                return idx_files::file(path, copies).map(Opened::Array);
            }
            Err(DataError::Malformed {
                path: path.into(),
                place: "byte 0".into(),
                expected: "an IDX, .npy, .npz, CSV or Parquet file, or an archive of images".into(),
                got: format!("`{}`", start[..start.len().min(8)].escape_ascii()),
                advice: match is_image_name(path) {
                    true => "this is called as an image is, and is none; images are given as a folder",
                    false => "convert it to one of these, or to a folder of images",
                }
                .into(),
            })
        }
    }
}

fn not_read(path: &Path, format: &str, advice: &'static str) -> DataError {
    DataError::Foreign { path: path.into(), format: format.into(), advice: advice.into() }
}

fn start_of(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    file.take(START).read_to_end(&mut start)?;
    Ok(start)
}

/// Opens a file that is compressed by gzip, by what is in it.
fn open_gzip(path: &Path, folder: &FolderOptions, options: &OpenOptions<'_>) -> Result<Opened, DataError> {
    let start = file::open(path).and_then(|file| start_of(MultiGzDecoder::new(BufReader::new(file))));
    let start = start.unwrap_or_default();
    match &start[..] {
        start if archives::is_tar(start) => archives::read_tar(path, true, folder, options.progress.on_image)
            .and_then(|found| of_archive(path, found, folder, options)),
        // What is damaged is said by who reads it.
        [] | [0, 0, 8..=14, _, ..] => {
            idx_files::file(path, options.paths.unpacked.as_deref()).map(Opened::Array)
        }
        start => {
            if let Some(Foreign { name, advice }) = foreign::by_content(start) {
                return Err(not_read(path, &format!("{name}, compressed by gzip"), advice));
            }
            if start.starts_with(b"\x93NUMPY") || image::guess_format(start).is_ok() {
                let advice = "decompress it first: `gzip -dk NAME`";
                return Err(not_read(path, "an array or a picture, compressed by gzip", advice));
            }
            if tables::is_table(Path::new(path.file_stem().unwrap_or_default()), start) {
                return tables::read(path).map(Opened::Array);
            }
            Err(DataError::malformed(
                path,
                "what is compressed in it, byte 0",
                "an IDX file, a CSV of pixels or a tar archive",
                format!("`{}`", start[..start.len().min(8)].escape_ascii()),
                "decompress it (`gzip -dk NAME`), and convert it to one of these, or to a folder of images",
            ))
        }
    }
}

/// The images of an archive: of the pictures in it, or of the files of a data set.
fn of_archive(
    path: &Path,
    found: Contents,
    folder: &FolderOptions,
    options: &OpenOptions<'_>,
) -> Result<Opened, DataError> {
    let packed = match found {
        Contents::Pictures(collection) => return Ok(Opened::Pictures(*collection)),
        Contents::Files(packed) => packed,
    };
    // What is unpacked aside is not kept a second time.
    let paths = SearchPaths { unpacked: None, ..options.paths.clone() };
    let options = OpenOptions { paths, ..options.clone() };
    let opened = match packed.only_file() {
        Some(file) => open_file(&file, folder, &options),
        None => open_folder(&packed.folder, folder, &options),
    };
    let opened = opened.map_err(|error| packed.told(path, error))?;
    Ok(opened.map(|mut collection| {
        collection.origin = path.into();
        collection.ignored.extend(&packed.ignored);
        collection
    }))
}

/// Arrays are taken as they are: a size or colour other than theirs cannot be had, and must not be ignored.
fn refuse_changes(collection: &Collection, options: &FolderOptions) -> Result<(), DataError> {
    let shape = collection.train.images().shape();
    let array = format!("`{}`, an array of {shape} (height×width×channels)", collection.train.name());
    refuse_layout(options, &array)?;
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
        got: array,
    })
}

/// An error if something is said of the folders in what has none.
fn refuse_layout(options: &FolderOptions, got: &str) -> Result<(), DataError> {
    if !options.say_layout() {
        return Ok(());
    }
    Err(DataError::Setting {
        setting: format!("{}, {} and {}", LAYOUT.argument(), TRAIN.argument(), TEST.argument()),
        expected: "a folder or an archive of images, which alone have sub-folders".into(),
        got: got.into(),
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
