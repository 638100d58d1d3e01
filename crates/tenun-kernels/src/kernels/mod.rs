//! The kernels: loops over vectors, each written once and generic over [`crate::Simd`].

pub mod correlate;
pub mod linear;
pub mod outer;
pub mod pooled;
pub mod product;
pub mod winograd;
