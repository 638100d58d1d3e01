//! Images from files: reading, finding, checking, splitting.

mod images;

pub use images::Images;
