//! Vectors of lanes, one image a lane, and the kernels that carry nearly all arithmetic.
#![allow(unsafe_code)]
#![allow(missing_docs, unreachable_pub, clippy::missing_panics_doc)]

mod buffer;
mod kernels;
pub mod math;
mod peak;
pub mod random;
mod simd;
mod width;

pub use buffer::Buffer;
pub use kernels::{correlate, linear, outer, pooled, product, winograd};
pub use random::{Philox, Purpose, normal};
pub use simd::{Simd, Vector};
pub use width::{UnknownWidth, Width, WithSimd, dispatch};

/// Images in a tile: the unit of work that a thread takes, and the leaf of the gradient's tree.
///
/// A tile is one register of sixteen lanes, or two passes with registers of eight.
pub const TILE: usize = 16;

#[cfg(test)]
mod tests;
