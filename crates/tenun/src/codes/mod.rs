//! Codes as files: what an encoder gives for each image, with the images' identifiers and, where known, classes.
//!
//! | ending | holds | opens in |
//! |---|---|---|
//! | `.npy` | an array `[image][feature]` of float32; identifiers and classes stand in `<name>.ids.csv` beside it | NumPy |
//! | `.csv` | columns `id`, `label` (if there are classes), `z0`, `z1`, … | anything |
//! | `.parquet` | the same columns, typed, compressed with Snappy; in its metadata, under `tenun.model`, which model made them | pandas, Polars, DuckDB, Arrow |
//!
//! All three store the numbers bit for bit. A file that was made or changed elsewhere is read by the same
//! rules: features are the columns `z0` to `z<n − 1>` in any order, other columns are passed over, and without an
//! `id` column images are called by their position.

mod csv;
mod error;
mod npy;
mod parquet;
mod parts;
mod table;

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use error::CodesError;
pub use parts::Heading;

use crate::file;
use parts::Parts;

/// The codes of a number of images.
#[derive(Clone, Debug, PartialEq)]
pub struct Codes {
    ids: Vec<String>,
    labels: Option<Vec<String>>,
    features: usize,
    values: Vec<f32>,
    model: Option<String>,
}

impl Codes {
    /// Codes from the images' identifiers, the names of their classes if they have any, the number of features,
    /// and the values `[image][feature]`.
    ///
    /// # Errors
    /// [`CodesError::Lengths`] unless there is at least one feature, and there are as many classes as
    /// identifiers, and that many times `features` values.
    pub fn new(
        ids: Vec<String>,
        labels: Option<Vec<String>>,
        features: usize,
        values: Vec<f32>,
    ) -> Result<Self, CodesError> {
        let labels_fit = labels.as_ref().is_none_or(|labels| labels.len() == ids.len());
        if features > 0 && labels_fit && ids.len().checked_mul(features) == Some(values.len()) {
            return Ok(Self { ids, labels, features, values, model: None });
        }
        Err(CodesError::Lengths {
            ids: ids.len(),
            labels: labels.map(|labels| labels.len()),
            features,
            values: values.len(),
        })
    }

    /// The same codes, with the SHA-256 of the model that made them, [`crate::Model::sha256`].
    #[must_use]
    pub fn made_by(self, model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..self }
    }

    /// SHA-256 of the model that made them, if it is known. Only Parquet files store it.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// What each image is called.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The name of each image's class, if known.
    #[must_use]
    pub fn labels(&self) -> Option<&[String]> {
        self.labels.as_deref()
    }

    /// Numbers in one code.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// All numbers, `[image][feature]`.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no image.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The formats, each known by the ending of the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A NumPy array, and a table of identifiers beside it.
    Npy,
    /// Comma-separated values.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// The format that the ending of `path` names, in capitals or not.
    ///
    /// # Errors
    /// [`CodesError::Ending`] if it names none.
    pub fn of(path: &Path) -> Result<Self, CodesError> {
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        match ending.as_deref() {
            Some("npy") => Ok(Self::Npy),
            Some("csv") => Ok(Self::Csv),
            Some("parquet") => Ok(Self::Parquet),
            _ => Err(CodesError::Ending { path: path.into() }),
        }
    }

    /// Whether such a file stores the SHA-256 of the model that made the codes.
    #[must_use]
    pub fn keeps_model(self) -> bool {
        self == Self::Parquet
    }
}

/// Writes `codes` in the format that the ending of `path` names. The file appears whole or not at all, and replaces
/// one of its name.
///
/// ```
/// use tenun::codes::{self, Codes};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("codes.parquet");
/// let two = Codes::new(vec!["a.png".into(), "b.png".into()], None, 3, vec![0.5, 1.0, 1.5, -1.0, 0.0, 1e-9])?;
/// codes::write(&path, &two)?;
/// assert_eq!(codes::read(&path)?, two);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CodesError::Ending`], and [`CodesError::Io`] if the file cannot be written.
pub fn write(path: &Path, codes: &Codes) -> Result<(), CodesError> {
    let heading = Heading {
        images: codes.len(),
        features: codes.features(),
        labels: codes.labels().is_some(),
        model: codes.model.clone(),
    };
    write_all(path, &heading, &mut std::iter::once(Ok(Cow::Borrowed(codes))))
}

/// Writes codes that come in parts, in the format that the ending of `path` names: the same bytes as [`write()`]
/// gives for all of them at once. The file appears whole or not at all, and replaces one of its name; if a part is an
/// error, it does not appear.
///
/// # Errors
/// [`CodesError::Ending`]; [`CodesError::Io`] if the file cannot be written, a part is an error, or the parts are not what
/// `heading` says.
pub fn write_parts(
    path: &Path,
    heading: &Heading,
    parts: impl IntoIterator<Item = io::Result<Codes>>,
) -> Result<(), CodesError> {
    write_all(path, heading, &mut parts.into_iter().map(|part| part.map(Cow::Owned)))
}

fn write_all(path: &Path, heading: &Heading, parts: &mut Parts<'_, '_>) -> Result<(), CodesError> {
    let mut parts = parts::checked(heading, parts);
    match Format::of(path)? {
        Format::Npy => npy::write(path, heading, &mut parts),
        Format::Csv => csv::write(path, heading, &mut parts),
        Format::Parquet => parquet::write(path, heading, &mut parts),
    }
}

/// Reads codes in the format that the ending of `path` names.
///
/// # Errors
/// [`CodesError::Ending`], [`CodesError::Io`], and [`CodesError::Malformed`] or [`CodesError::Array`] if the file
/// is anything else than finite numbers in the form that [this module](self) describes.
pub fn read(path: &Path) -> Result<Codes, CodesError> {
    match Format::of(path)? {
        Format::Npy => npy::read(path),
        Format::Csv => csv::read(path),
        Format::Parquet => parquet::read(path),
    }
}

/// Where the identifiers of a `.npy` file stand: `codes.ids.csv` for `codes.npy`.
#[must_use]
pub fn ids_beside(path: &Path) -> PathBuf {
    path.with_extension("ids.csv")
}

/// Writes a file whole or not at all, in a folder that is made if there is none.
fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> Result<(), CodesError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(CodesError::io(folder, "create"))?;
    }
    file::write_whole(path, fill).map_err(CodesError::io(path, "write"))
}

/// Opens a file. A folder is refused here, since libraries report it in many ways.
fn open(path: &Path) -> Result<fs::File, CodesError> {
    if path.is_dir() {
        return Err(CodesError::malformed(
            path,
            "path",
            "a file",
            "a folder",
            "give the file of codes in it",
        ));
    }
    file::open(path).map_err(CodesError::io(path, "open"))
}

#[cfg(test)]
mod tests;
