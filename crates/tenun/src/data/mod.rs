//! Images from files: reading, finding, checking, splitting.

mod dataset;
mod decode;
mod digest;
mod error;
mod folder;
pub mod idx;
mod images;
mod natural;
mod npy;
pub mod numpy;

pub use dataset::{Collection, Dataset, Labels};
pub use decode::{Colour, Fit};
pub use error::{DataError, Unreadable};
pub use folder::{FolderOptions, read_folder};
pub use images::Images;
