//! Images from files: reading, finding, checking, splitting.
//!
//! [`open`] takes what a user calls a data set and gives a [`Collection`]: a training [`Dataset`], a test one where
//! the source has an official split, and a word on everything that was left out. A dataset is [`Images`], one byte
//! a value, with an identifier for each and optional [`Labels`]. Nothing here panics on a file, whatever is in it:
//! what is wrong comes back as a [`DataError`], which says where, and what to do.

mod animated;
mod archives;
mod array;
mod axes;
mod batches;
mod claims;
mod classes;
mod dataset;
mod decode;
mod depth;
pub(crate) mod digest;
mod encoded;
mod ending;
mod error;
mod fetch;
mod fit;
mod folder;
mod folder_sizes;
mod folder_stream;
mod folder_tree;
mod foreign;
mod gif;
mod huffman;
pub mod idx;
mod idx_files;
mod idx_split;
mod ignored;
pub(crate) mod images;
mod join;
mod jpeg;
mod layout;
mod lists;
mod map;
mod masks;
mod matlab;
mod mixture;
pub mod named;
mod natural;
mod nested;
mod not_classes;
pub(crate) mod npy;
mod npz_keys;
pub mod numpy;
mod open;
mod packed;
mod parquet_images;
mod pickle;
mod pixels;
mod progress;
mod reader;
mod record;
mod records;
mod shards;
mod sniff;
#[cfg(test)]
mod sources_tests;
mod split;
mod split_names;
mod stack;
pub mod summary;
mod tables;
mod tiff;
mod unpacked;
mod usual_size;

pub use crate::settings::{Colour, Fit, Layout};
pub use dataset::{Collection, Dataset, Labels};
pub use decode::is_image_name;
pub use digest::ImageDigest;
pub use error::{DataError, Unreadable, UsualSize};
pub use folder::{FolderOptions, read_files, read_folder};
pub use folder_sizes::{FolderSizes, SizeCount};
pub use folder_stream::{FolderStream, StreamFound};
pub use idx_files::{is_idx_folder, read_idx, read_idx_folder};
pub use ignored::Ignored;
pub use images::Images;
pub use masks::Masks;
pub use named::{NAMED_SETS, NamedSet, SearchPaths, find_named};
pub use open::{OpenOptions, is_image_file, open, open_inputs, paths_read, taken_as};
pub use progress::{OnDownload, OnImage, Progress};
pub use record::{ImageRecord, Restored, Whose};
pub use split::hold_out;
pub use summary::Summary;
