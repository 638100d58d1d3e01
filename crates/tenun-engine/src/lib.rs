//! Networks as data, and the lane kernels that run and train them.

mod shape;

pub use shape::Shape;
