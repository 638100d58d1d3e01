//! [`PictureError`]: what cannot be drawn.

use thiserror::Error;

/// Why a picture cannot be drawn.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PictureError {
    /// There is nothing to show.
    #[error("nothing to draw: {what} are empty")]
    Empty {
        /// What is empty.
        what: &'static str,
    },
    /// Two inputs do not belong together.
    #[error("cannot draw {what}: expected {expected} values, got {got}")]
    Length {
        /// What has the wrong length.
        what: &'static str,
        /// The length asked for.
        expected: usize,
        /// The length that came.
        got: usize,
    },
    /// An index points outside.
    #[error("cannot draw {what} {index}: there are only {count}")]
    Index {
        /// What is pointed at.
        what: &'static str,
        /// The index.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A value is NaN or infinite.
    #[error("cannot draw {what}: value {index} is {value}")]
    NotFinite {
        /// What holds the value.
        what: &'static str,
        /// Its place.
        index: usize,
        /// The value.
        value: f64,
    },
    /// The picture would be larger than can be handled.
    #[error(
        "a picture of {width}×{height} pixels is too large (at most {most} a side); show fewer images or a smaller zoom"
    )]
    TooLarge {
        /// Width asked for.
        width: u64,
        /// Height asked for.
        height: u64,
        /// Most pixels a side.
        most: u32,
    },
    /// The PNG encoder failed.
    #[error("cannot encode the PNG: {0}")]
    Encode(String),
}

/// Checks that `values` has the length that `what` must have.
pub(super) fn length(what: &'static str, expected: usize, got: usize) -> Result<(), PictureError> {
    if expected == got { Ok(()) } else { Err(PictureError::Length { what, expected, got }) }
}

/// Checks that all `values` are finite.
pub(super) fn finite(what: &'static str, values: impl IntoIterator<Item = f64>) -> Result<(), PictureError> {
    match values.into_iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, value)) => Err(PictureError::NotFinite { what, index, value }),
        None => Ok(()),
    }
}
