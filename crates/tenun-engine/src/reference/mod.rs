//! The specification: every layer as a plain loop over one image in double precision, kept for ever.
//!
//! Nothing here is fast. The kernels are tested against it, and it against finite differences. A layer writes its
//! equation once, over any [`Real`] number; evaluated on [`Tracked`] numbers the same equation gives its exact
//! gradient, by reverse accumulation.

mod real;
mod tape;

pub use real::Real;
pub use tape::{Tape, Tracked};
