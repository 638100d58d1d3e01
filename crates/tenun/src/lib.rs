//! Convolutional autoencoders on images.

pub mod codes;
pub mod data;
mod error;
pub mod evaluate;
mod file;
pub mod job;
pub mod latent;
pub mod model;
pub mod picture;
pub mod preset;
pub mod report;
pub mod run;
pub mod settings;
mod suggest;
pub mod train;

pub use error::Error;
pub use model::Model;
pub use tenun_engine as engine;
