//! The vector kernels of tenun: every loop that takes time, once for each width of registers.
//!
//! Activations are stored `[channel][row][column][lane]`, and each lane is one image. A kernel knows positions,
//! distances and lists of rows; it knows no layer and no plan.
//!
//! Each kernel is one function, generic over `Simd`, in a file of `kernels/`. [`Kernels`] is the table of them all
//! for one width: [`Kernels::of`] gives it, and asks the CPU before it does. That is why its methods are safe
//! to call, and the only place where a width is chosen. Adding a kernel is a function and a line in `table.rs`.
//!
//! This crate and `tenun/src/data/map.rs` have all `unsafe` code of the project: CPU intrinsics, and unchecked loads
//! in the kernels that carry nearly all arithmetic. What these read and write is checked before their loops.
//! It is compiled with full optimisation in every profile, so what is not hot should not be here.
#![allow(unsafe_code)]

mod buffer;
mod kernels;
mod math;
mod peak;
pub mod random;
mod registers;
mod rows;
mod simd;
mod table;
mod width;

pub use buffer::Buffer;
pub use kernels::*;
pub use random::{Philox, Purpose, RandomKey, normal};
pub use registers::Registers;
pub use rows::{Rows, View, ViewMut};
pub use table::Kernels;
pub use width::{UnknownWidth, Width};

/// Images in a tile: the unit of work that a thread takes, and the leaf of the gradient's tree.
///
/// A tile is one register of sixteen lanes, or two passes with registers of eight.
pub const TILE: usize = 16;

/// A number for each lane of a tile; those beyond the lanes of a register stay as they are.
pub type Lanes = [f32; TILE];

#[cfg(test)]
mod tests;
