//! Networks as data, and the plans that run and train them with the kernels of [`tenun_kernels`].
#![forbid(unsafe_code)]

#[cfg(test)]
mod fingerprint;
pub mod layer;
mod loss;
mod network;
mod ops;
pub mod optimizer;
mod place;
mod plan;
mod program;
pub mod reference;
mod shape;
mod tagged;
#[cfg(test)]
mod testing;

use tenun_kernels::random;

pub use layer::{Layer, Placed};
pub use loss::{Loss, UnknownLoss};
pub use network::{BufferUpdate, Chain, Network, Spec, SpecError};
pub use optimizer::{Horizon, Method, Optimizer, Schedule};
pub use place::{Parameter, Part, Place};
pub use plan::{Batch, ForwardPlan, Images, PlanError, PlanMemory, Stage, TrainingPlan};
pub use program::{Cpu, CpuError, PlanStep, Rewrite, UnknownRewrite};
pub use shape::Shape;
pub use tenun_kernels::{Philox, Purpose, TILE, UnknownWidth, Width, normal};
