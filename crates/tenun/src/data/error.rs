//! [`DataError`]: what can be wrong with data, and what to do about it.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use tenun_engine::Shape;

use super::Ignored;
use crate::names::{escaped, shown};
use crate::settings::{COLOUR, FIT, SIZE, SKIP_BAD, VAL_FRACTION};
use crate::suggest;
use crate::text::{are, counted};

/// Why images could not be read, found, checked or split.
///
/// The message says what is wrong, where, what was expected and what came; [`DataError::hint`]
/// says what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused to read or write.
    #[error("cannot {doing} {}: {source}", shown(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done to it: `open`, `read`, `create`…
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },

    /// A path was given that leads nowhere.
    #[error("there is no file or folder {}", shown(path))]
    NoSuchPath {
        /// The path as the user gave it.
        path: PathBuf,
    },

    /// The source is neither a path nor a data set's name.
    #[error("`{}` is no known data set, and there is no file or folder of that name", escaped(given))]
    UnknownName {
        /// What the user gave.
        given: String,
        /// The known name that looks most like it.
        nearest: Option<&'static str>,
        /// Every known name.
        known: Vec<&'static str>,
    },

    /// A file does not hold what its format promises.
    #[error("{}: {}: expected {}, got {}", shown(path), escaped(place), escaped(expected), escaped(got))]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in the file: a byte offset, a field, an array's key or an element's index.
        place: String,
        /// What should be there.
        expected: String,
        /// What is there.
        got: String,
        /// What to do about it.
        advice: Cow<'static, str>,
    },

    /// A folder has several data sets.
    #[error("{} has several data sets: {}", shown(path), escaped(&sets.join(", ")))]
    SeveralSets {
        /// The folder.
        path: PathBuf,
        /// What they are called.
        sets: Vec<String>,
    },

    /// A file is of a format that is not read.
    #[error("{} is {format}, which is not read", shown(path))]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        format: String,
        /// What makes it something that is read.
        advice: Cow<'static, str>,
    },

    /// Latent codes were given where images are wanted.
    #[error("{} is a file of latent codes, not of images", shown(path))]
    Codes {
        /// The file.
        path: PathBuf,
    },

    /// There are more or fewer labels than images.
    #[error("{place}: expected {}, one for each image, got {labels}", counted(*images, "label"))]
    LabelCount {
        /// The labels' file or array.
        place: String,
        /// Images there are.
        images: usize,
        /// Labels there are.
        labels: usize,
    },

    /// A label names a class that does not exist.
    #[error("label {index} is class {class}: expected a class below {classes}, the number of class names")]
    LabelRange {
        /// Index of the label.
        index: usize,
        /// The class it gives.
        class: usize,
        /// How many classes have names.
        classes: usize,
    },

    /// There are more or fewer identifiers than images.
    #[error("{} for {}: expected one for each image", counted(*ids, "identifier"), counted(*images, "image"))]
    IdCount {
        /// Images there are.
        images: usize,
        /// Identifiers there are.
        ids: usize,
    },

    /// Two images of a folder differ in size, and nothing was said about what to do.
    #[error(
        "images of different sizes: {} is {}x{} (height x width), {} is {}x{}",
        shown(first), first_size.0, first_size.1, shown(second), second_size.0, second_size.1
    )]
    SizesDiffer {
        /// The first image of the folder.
        first: PathBuf,
        /// Its height and width.
        first_size: (usize, usize),
        /// The first image that differs from it.
        second: PathBuf,
        /// Its height and width.
        second_size: (usize, usize),
        /// The size that most have, if it is known.
        usual: Option<UsualSize>,
    },

    /// An image does not have the size that was asked for, and it was not said how to fit it.
    #[error(
        "{} is {}x{} (height x width), expected {}x{}",
        shown(path), got.0, got.1, expected.0, expected.1
    )]
    WrongSize {
        /// The image.
        path: PathBuf,
        /// The height and width asked for.
        expected: (usize, usize),
        /// Its height and width.
        got: (usize, usize),
    },

    /// One image of a folder cannot be decoded.
    #[error("{} cannot be read as an image: {reason}", shown(path))]
    Unreadable {
        /// The image.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },

    /// A folder has no image that can be used.
    #[error(
        "no image in {}: {} ignored{}, {} unreadable{}",
        shown(path), counted(ignored.count(), "other file"), in_brackets(ignored), counted(*unreadable, "image"), first_unreadable(*unreadable, example)
    )]
    NoImages {
        /// The folder.
        path: PathBuf,
        /// Files that are not images, by their names.
        ignored: Ignored,
        /// Images that could not be decoded.
        unreadable: usize,
        /// The first of those, and why.
        example: Option<Box<Unreadable>>,
    },

    /// What the sub-folders of a folder are is not clear.
    #[error("{}: {what}", shown(path))]
    Layout {
        /// The folder.
        path: PathBuf,
        /// What was found, and why it is not clear.
        what: String,
        /// What the user can say, each with its option.
        answers: Vec<String>,
    },

    /// The images that a run was trained or measured on are not in its data any more.
    #[error("none of the run's {} {} in its data any more", counted(*count, what), are(*count))]
    Gone {
        /// Which of them: `held-out image`.
        what: &'static str,
        /// How many there were.
        count: usize,
    },

    /// A run's record of its images cannot be used.
    #[error("{}: {reason}", shown(path))]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// Training and test images are not of one shape.
    #[error(
        "training images are {train} (height×width×channels), test images are {test}: expected one shape"
    )]
    SplitShapes {
        /// Shape of the training images.
        train: Shape,
        /// Shape of the test images.
        test: Shape,
    },

    /// A limit cannot be met.
    #[error(
        "a limit of {asked} was asked for on `{}`, which has {}: expected 1 to {available}",
        escaped(name), counted(*available, "image")
    )]
    Limit {
        /// The data set.
        name: String,
        /// The limit.
        asked: usize,
        /// How many images there are.
        available: usize,
    },

    /// The set has no test images, and a number of them was asked for.
    #[error("a limit of {} was asked for, but `{}` has no test images", counted(*asked, "test image"), escaped(name))]
    NoTest {
        /// The data set.
        name: String,
        /// The limit.
        asked: usize,
    },

    /// The fraction of images to hold out cannot be met.
    #[error(
        "validation fraction {fraction} of {}: expected more than 0 and less than 1, \
         with at least one image on either side",
        counted(*count, "image")
    )]
    Fraction {
        /// The fraction asked for.
        fraction: f64,
        /// How many images there are.
        count: usize,
    },

    /// A setting makes no sense, or none for this kind of data.
    #[error("{setting}: expected {expected}, got {}", escaped(got))]
    Setting {
        /// The setting, as the program spells it.
        setting: String,
        /// What it takes.
        expected: String,
        /// What it was given.
        got: String,
    },

    /// A named data set was found nowhere.
    #[error("data set `{name}` was not found; looked in {}", list(searched))]
    NotFound {
        /// Its name.
        name: &'static str,
        /// Where it was looked for, and what was missing there.
        searched: Vec<String>,
        /// The Debian package that has it.
        package: Option<&'static str>,
    },

    /// A named data set was found nowhere, and could not be downloaded.
    #[error("data set `{name}` was not found, and could not be downloaded: {source}")]
    NotFetched {
        /// Its name.
        name: &'static str,
        /// Where it was looked for, and what was missing there.
        searched: Vec<String>,
        /// The Debian package that has it.
        package: Option<&'static str>,
        /// Why the download failed.
        source: Box<DataError>,
    },

    /// A download failed.
    #[error("download of {url} failed: {reason}")]
    Download {
        /// The address.
        url: String,
        /// What happened.
        reason: String,
    },

    /// Bytes are not those of the data set.
    #[error("{place}: expected SHA-256 {expected}, got {got}")]
    Checksum {
        /// The file or address.
        place: String,
        /// The digest of the true bytes.
        expected: String,
        /// The digest of these.
        got: String,
    },
}

/// An image that was left out, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unreadable {
    /// The image.
    #[serde(with = "crate::names::as_text")]
    pub path: PathBuf,
    /// What the decoder said.
    pub reason: String,
}

/// The size that most of some images have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsualSize {
    /// Height and width.
    pub size: (usize, usize),
    /// How many have it.
    pub images: usize,
    /// Of so many that were looked at.
    pub of: usize,
}

impl DataError {
    /// With the size that most images have, which `find` gives, where they differ in size.
    pub(crate) fn with_usual_size(self, find: impl FnOnce() -> Option<UsualSize>) -> Self {
        match self {
            Self::SizesDiffer { first, first_size, second, second_size, usual: None } => {
                Self::SizesDiffer { first, first_size, second, second_size, usual: find() }
            }
            other => other,
        }
    }

    /// A [`DataError::Malformed`].
    pub(crate) fn malformed(
        path: &Path,
        place: impl Into<String>,
        expected: impl Into<String>,
        got: impl Into<String>,
        advice: impl Into<Cow<'static, str>>,
    ) -> Self {
        let (place, expected, got, advice) = (place.into(), expected.into(), got.into(), advice.into());
        Self::Malformed { path: path.into(), place, expected, got, advice }
    }

    /// What the user can do about it, if there is something more to say than the message does.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some("check the permissions of the file and of the folders above it".into())
            }
            Self::Io { .. } => None,
            Self::SeveralSets { .. } => {
                Some("put the files of one of them into a folder of its own, and give that".into())
            }
            Self::NoSuchPath { path } => {
                Some(suggest::path_hint(path, "check the spelling, and the folder it is relative to"))
            }
            Self::UnknownName { given, nearest, known } => {
                let sets = known.join(", ");
                // A folder that is called as a set is not what the set's name gives.
                let path =
                    suggest::path(Path::new(given)).map(shown).filter(|path| !known.contains(&path.as_str()));
                let meant: Vec<String> = nearest
                    .iter()
                    .map(|name| (*name).to_owned())
                    .chain(path)
                    .map(|name| format!("`{name}`"))
                    .collect();
                Some(match meant.is_empty() {
                    false => format!("did you mean {}? Known data sets: {sets}", meant.join(" or ")),
                    true => format!("known data sets: {sets}; or give a folder, an IDX, .npy or .npz file"),
                })
            }
            Self::Codes { .. } => Some("latent codes become images with `tenun decode MODEL CODES`".into()),
            Self::Malformed { advice, .. } | Self::Foreign { advice, .. } => {
                Some(advice.clone().into_owned())
            }
            Self::LabelCount { .. } => {
                Some("the labels belong to other images; replace or remove them".into())
            }
            Self::LabelRange { .. } => Some("give a name for every class".into()),
            Self::IdCount { .. } | Self::Setting { .. } => None,
            Self::SizesDiffer { first_size, usual, .. } => {
                let (size, fit) = (SIZE.argument(), FIT.argument());
                let (height, width) = usual.map_or(*first_size, |usual| usual.size);
                let most = usual.map_or_else(String::new, |UsualSize { images, of, .. }| {
                    format!("{images} of {} are {height}x{width}; ", counted(of, "image"))
                });
                Some(format!(
                    "{most}bring them to one size with `{size} {height}x{width} {fit} resize` (stretches) or `{fit} crop` \
                     (keeps proportions, cuts the edges)"
                ))
            }
            Self::WrongSize { .. } => {
                let fit = FIT.argument();
                Some(format!(
                    "say how to fit it: `{fit} resize` (stretches) or `{fit} crop` (cuts the edges)"
                ))
            }
            Self::Unreadable { .. } => Some(format!(
                "repair, convert or remove it, or leave such images out with `{}`",
                SKIP_BAD.argument()
            )),
            Self::NoImages { unreadable: 0, ignored, .. } if ignored.advice().next().is_some() => {
                Some(ignored.advice().collect::<Vec<_>>().join("; "))
            }
            Self::NoImages { unreadable: 0, .. } => {
                Some("the folder or its sub-folders must hold PNG, JPEG, BMP, WebP, TIFF or GIF files".into())
            }
            Self::NoImages { .. } => Some("every image in it is damaged or of another format".into()),
            Self::Layout { answers, .. } => Some(answers.join("; ")),
            Self::Gone { .. } => Some(
                "put the data back as they were, or name the images to measure on: `tenun eval RUN DATA`"
                    .into(),
            ),
            Self::Record { .. } => Some("train the run again to have it written anew".into()),
            Self::SplitShapes { .. } => {
                let [size, fit, colour] = [&SIZE, &FIT, &COLOUR].map(|setting| setting.argument());
                Some(format!("bring both to one size and colour: `{size} HxW {fit} resize {colour} grey`"))
            }
            Self::Limit { available, .. } => Some(format!("leave the limit out to use all {available}")),
            Self::NoTest { .. } => {
                Some(format!("leave the limit out, or hold images out with `{}`", VAL_FRACTION.argument()))
            }
            Self::Fraction { .. } => Some("0.1 holds a tenth of the images out".into()),
            Self::NotFound { name, package, .. } => Some(other_places(name, *package)),
            Self::NotFetched { name, package, searched, .. } => {
                Some(format!("looked in {}; {}", list(searched), other_places(name, *package)))
            }
            Self::Download { .. } => {
                Some("check the network, or put the files into a folder yourself".into())
            }
            Self::Checksum { .. } => {
                Some("the file is damaged or another version: remove it, and fetch it again".into())
            }
        }
    }

    /// With other paths, where `other` gives one for the file that it is about.
    pub(crate) fn with_paths(mut self, other: impl Fn(&Path) -> Option<PathBuf>) -> Self {
        let change = |path: &mut PathBuf| {
            if let Some(other) = other(path) {
                *path = other;
            }
        };
        match &mut self {
            Self::Io { path, .. }
            | Self::NoSuchPath { path }
            | Self::Malformed { path, .. }
            | Self::SeveralSets { path, .. }
            | Self::Foreign { path, .. }
            | Self::Codes { path }
            | Self::WrongSize { path, .. }
            | Self::Unreadable { path, .. }
            | Self::NoImages { path, .. }
            | Self::Layout { path, .. }
            | Self::Record { path, .. } => change(path),
            Self::SizesDiffer { first, second, .. } => {
                change(first);
                change(second);
            }
            _ => {}
        }
        self
    }

    /// An [`Self::Io`] for `path`; for use in `map_err`.
    pub(crate) fn io(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, doing, source }
    }
}

/// Where else a named data set can come from.
fn other_places(name: &str, package: Option<&str>) -> String {
    let package =
        package.map_or(String::new(), |package| format!("install the Debian package `{package}`, or "));
    format!(
        "{package}put its four IDX files into a folder, and give that folder's path instead of `{name}` \
         or set TENUN_DATA to it"
    )
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "no place".into() } else { items.join("; ") }
}

fn in_brackets(ignored: &Ignored) -> String {
    if ignored.is_empty() { String::new() } else { format!(" ({ignored})") }
}

fn first_unreadable(unreadable: usize, example: &Option<Box<Unreadable>>) -> String {
    match example {
        Some(first) if unreadable > 0 => format!(" (first: {}: {})", shown(&first.path), first.reason),
        _ => String::new(),
    }
}
