//! Codes written a part at a time, so that no more than a part need be in memory.

use std::borrow::Cow;
use std::io;
use std::path::Path;

use super::{Codes, CodesError, Format, csv, npy, parquet};
use crate::text::counted;

/// What is known of codes before the first of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// How many images there are.
    pub images: usize,
    /// Numbers in one code.
    pub features: usize,
    /// Whether the images' classes are known.
    pub labels: bool,
    /// The mark of the model that makes them, [`crate::Model::sha256`], which is kept where the format has room for it.
    pub model: Option<String>,
}

/// Codes as they come; an error in between ends the writing, and no file is left.
pub(super) type Parts<'p, 'c> = dyn Iterator<Item = io::Result<Cow<'c, Codes>>> + 'p;

/// Writes codes that come in parts, in the format that the ending of `path` names: the same bytes as [`super::write`]
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
    write(path, heading, &mut parts.into_iter().map(|part| part.map(Cow::Owned)))
}

pub(super) fn write(path: &Path, heading: &Heading, parts: &mut Parts<'_, '_>) -> Result<(), CodesError> {
    let mut left = Some(heading.images);
    // One more than there are parts: at the end it is known whether all images came.
    let mut checked = std::iter::from_fn(|| {
        let Some(part) = parts.next() else {
            return (left.take()? > 0).then(|| Err(unlike(heading)));
        };
        Some(part.and_then(|part| {
            let alike = part.features() == heading.features && part.labels().is_some() == heading.labels;
            left = left.and_then(|left| left.checked_sub(part.len())).filter(|_| alike);
            if left.is_some() { Ok(part) } else { Err(unlike(heading)) }
        }))
    });
    match Format::of(path)? {
        Format::Npy => npy::write(path, heading, &mut checked),
        Format::Csv => csv::write(path, heading, &mut checked),
        Format::Parquet => parquet::write(path, heading, &mut checked),
    }
}

fn unlike(heading: &Heading) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "the parts are not {} of {}",
            counted(heading.images, "code"),
            counted(heading.features, "feature")
        ),
    )
}
