//! Networks as data, and the plans that run and train them with the kernels of [`tenun_kernels`].
#![forbid(unsafe_code)]

#[cfg(test)]
mod fingerprint;
pub mod layer;
mod loss;
mod network;
mod ops;
pub mod optimizer;
mod plan;
pub mod reference;
mod shape;
mod tagged;
#[cfg(test)]
mod testing;

use tenun_kernels::random;

pub use layer::Layer;
pub use loss::{Loss, UnknownLoss};
pub use network::{BufferUpdate, Chain, Network, Parameter, Part, Placed, Spec, SpecError};
pub use optimizer::{Horizon, Method, Optimizer, Schedule};
pub use plan::{
    Batch, Cpu, CpuError, ForwardPlan, Images, PlanError, PlanStep, Rewrite, Stage, TrainingPlan,
    UnknownRewrite,
};
pub use shape::Shape;
pub use tenun_kernels::{Philox, Purpose, TILE, UnknownWidth, Width, normal};
