//! Programs: operations on buffers, settled once and run for every tile.
//!
//! [`Builder`] collects the operations that the layers lower to, and settles the layout of every tensor ([`Grid`]). A
//! [`Program`] is the result; it runs one tile at a time, forwards and backwards, in a [`Workspace`] of its own for each
//! thread. Nothing is allocated while it runs. What an operation computes is not known here: each is an [`Op`] of `ops/`.

mod batched;
mod builder;
mod compiled;
mod cpu;
mod grid;
mod ids;
mod layout;
mod rewrite;
mod tile;

pub use cpu::{Cpu, CpuError};
pub use rewrite::{PlanStep, Rewrite, UnknownRewrite};

pub(crate) use batched::Batched;
pub(crate) use builder::{Builder, Port};
pub(crate) use compiled::{Program, Workspace};
pub(crate) use cpu::PerThread;
pub(crate) use grid::{Grid, Grids, Tensor};
pub(crate) use ids::{TensorId, TermId, Uses, WinnersId};
pub(crate) use tile::{Op, Tensors, Tile};
