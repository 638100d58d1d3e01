//! The kernels: loops over vectors, each written once and generic over the registers, and what they are told of shapes.
//!
//! A kernel is a function `f(s, …)` that is always inlined: into one function of `table.rs` for each width.

pub mod arithmetic;
pub mod correlate;
pub mod gather;
pub mod group_norm;
pub mod images;
pub mod linear;
pub mod loss;
pub mod map;
pub(crate) mod multiply_add;
pub mod noise;
pub mod norm;
pub mod outer;
pub mod pooled;
pub mod product;
pub mod quantize;
pub mod upsampled;
pub mod windows;
pub mod winograd;
