//! Convolutional autoencoders on images.

pub mod data;
pub mod evaluate;
pub mod latent;
pub mod picture;
pub mod report;

pub use tenun_engine as engine;
