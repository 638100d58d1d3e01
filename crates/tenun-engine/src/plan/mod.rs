//! A plan: a network turned into operations on buffers, compiled once and run for every tile.
//!
//! [`Builder`] collects the operations that the layers lower to, and settles the layout of every tensor
//! ([`Grid`]). A [`Program`] is the result; it runs one tile at a time, forwards and backwards, in a
//! `Workspace` of its own for each thread. Nothing is allocated while it runs. [`TrainingPlan`] and
//! [`ForwardPlan`] run programs over batches on all cores.

mod builder;
mod forward;
mod grid;
mod layout;
mod lower;
mod program;
mod rewrite;
mod source;
mod threads;
mod tile;
mod training;

pub use forward::{ForwardPlan, Stage};
pub use rewrite::{PlanStep, Rewrite, UnknownRewrite};
pub use source::Images;
pub use threads::{Cpu, CpuError};
pub use training::{Batch, TrainingPlan};

pub(crate) use builder::{Builder, Port};
pub(crate) use grid::{Grid, Grids, Tensor};
pub(crate) use layout::Uses;
pub(crate) use lower::sequence;
pub(crate) use tile::{Op, TensorId, Tensors, TermId, Tile, WinnersId};

/// A plan cannot be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Binary cross-entropy compares probabilities.
    #[error("binary cross-entropy needs a network that ends in a sigmoid; this one ends in {last}")]
    NeedsSigmoid {
        /// The name of the last layer.
        last: String,
    },
    /// A Gaussian likelihood has a variance, which belongs to a layer.
    #[error(
        "the Gaussian likelihood needs a network whose decoder has a layer `variance`; this one has none"
    )]
    NeedsVariance,
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
