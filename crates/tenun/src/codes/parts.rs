//! Codes that come a part at a time, so that no more than a part need be in memory.

use std::borrow::Cow;
use std::io;

use super::Codes;
use crate::text::counted;

/// The size of a table of codes, and what it holds, before the first code is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// How many images there are.
    pub images: usize,
    /// Numbers in one code.
    pub features: usize,
    /// Whether the images' classes are known.
    pub labels: bool,
    /// SHA-256 of the model that makes them, [`crate::Model::sha256`]; stored where the format has room for it.
    pub model: Option<String>,
}

/// Codes as they come; an error in between ends the writing, and no file is left.
pub(super) type Parts<'p, 'c> = dyn Iterator<Item = io::Result<Cow<'c, Codes>>> + 'p;

/// The same parts, and an error in place of the first that is not what `heading` says, or at the end if there were too
/// few.
pub(super) fn checked<'c>(
    heading: &Heading,
    parts: &mut Parts<'_, 'c>,
) -> impl Iterator<Item = io::Result<Cow<'c, Codes>>> {
    let mut left = Some(heading.images);
    // One more than there are parts: at the end it is known whether all images came.
    std::iter::from_fn(move || {
        let Some(part) = parts.next() else {
            return (left.take()? > 0).then(|| Err(unlike(heading)));
        };
        Some(part.and_then(|part| {
            let alike = part.features() == heading.features && part.labels().is_some() == heading.labels;
            left = left.and_then(|left| left.checked_sub(part.len())).filter(|_| alike);
            if left.is_some() { Ok(part) } else { Err(unlike(heading)) }
        }))
    })
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
