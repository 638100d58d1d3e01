//! Plans: a network compiled to a program, and run over batches on all cores. [`TrainingPlan`] gives the gradient of a
//! batch, [`ForwardPlan`] codes, reconstructions and losses.

mod forward;
mod head;
mod source;
mod training;

pub use forward::{ForwardPlan, Stage};
pub use source::Images;
pub use training::{Batch, PlanMemory, TrainingPlan};

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
