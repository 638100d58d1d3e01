//! Convolutional autoencoders on images.

pub mod data;

pub use tenun_engine as engine;
