//! Convolutional autoencoders on images: from a set of pictures to a trained, measured and usable model.
//!
//! | room | what it does |
//! |---|---|
//! | [`data`] | reads images from files, finds data sets by name, splits, summarises |
//! | [`settings`], [`preset`] | everything that decides a run; networks with a name |
//! | [`job`] | a whole run: a folder with model, figures and report |
//! | [`sweep`] | many runs with other settings and seeds, and the best of them |
//! | [`train`] | the loop inside it: epochs, validation, early stopping, checkpoints |
//! | [`model`] | a trained model as one file: `transform`, `inverse_transform`, `reconstruct`, `score` |
//! | [`codes`] | codes as `.npy`, `.csv` and `.parquet` |
//! | [`measure`], [`latent`] | how good reconstructions are, and what the codes hold |
//! | [`doctor`] | warnings that name the cause and the setting to change |
//! | [`overlap`] | reading, computing and writing at the same time |
//! | [`picture`], [`report`] | pictures, and the page that holds them |
//! | [`text`] | numbers in sentences |
//! | [`engine`] | networks as data and the kernels that train them |
//!
//! The README's example is a test of this crate.

pub mod augment;
pub mod codes;
pub mod data;
pub mod doctor;
mod error;
mod file;
mod finding;
pub mod folder;
pub mod job;
pub mod latent;
pub mod layers;
pub mod machine;
pub mod measure;
pub mod model;
pub mod names;
pub mod overlap;
pub mod picture;
pub mod preset;
mod quiet;
pub mod report;
pub mod run;
pub mod settings;
mod suggest;
pub mod sweep;
pub mod text;
pub mod train;

/// The version of what tenun writes as JSON: it grows when a field goes, or changes its name, type or unit.
pub const SCHEMA_VERSION: u32 = 2;

pub use error::Error;
pub use model::Model;
pub use tenun_engine as engine;

/// The README's example has to compile.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
