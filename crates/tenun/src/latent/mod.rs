//! A look into the codes: principal components and what each unit does.

mod pca;
mod summary;

pub use pca::{LatentError, Pca};
pub use summary::{LatentSummary, UnitSummary};
