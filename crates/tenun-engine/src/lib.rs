//! Networks as data, and the lane kernels that run and train them.

#[cfg(test)]
mod fingerprint;
mod lane;
pub mod layer;
mod loss;
mod network;
pub mod optimizer;
mod plan;
mod random;
pub mod reference;
mod shape;
#[cfg(test)]
mod testing;

pub use lane::{TILE, UnknownWidth, Width};
pub use layer::Layer;
pub use loss::{Loss, UnknownLoss};
pub use network::{Chain, Fresh, Network, Parameter, Part, Placed, Spec, SpecError};
pub use optimizer::{Horizon, Method, Optimizer, Schedule};
pub use plan::{
    Batch, Cpu, CpuError, ForwardPlan, Images, PlanError, Rewrite, Scaling, Stage, Step, TrainingPlan,
    UnknownRewrite,
};
pub use random::{Philox, Purpose, normal};
pub use shape::Shape;
