//! Networks as data, and the lane kernels that run and train them.

mod lane;
mod shape;

pub use lane::{TILE, UnknownWidth, Width};
pub use shape::Shape;
