//! Images from files: reading, finding, checking, splitting.

mod dataset;
mod digest;
mod error;
pub mod idx;
mod images;
mod natural;

pub use dataset::{Collection, Dataset, Labels};
pub use error::{DataError, Unreadable};
pub use images::Images;
