//! The operations of a plan: each is one file, with what it asks of the plan when a layer is lowered to it, and which
//! kernels it calls forwards and backwards.
//!
//! An operation knows grids and lists of positions; the layer that it belongs to it knows only by its settings.

pub(crate) mod activation;
pub(crate) mod blur;
pub(crate) mod convolution;
pub(crate) mod dense;
pub(crate) mod dropout;
pub(crate) mod gather;
mod geometry;
mod gradients;
pub(crate) mod group_norm;
pub(crate) mod noise;
mod pair;
pub(crate) mod patches;
pub(crate) mod penalty;
pub(crate) mod pooled;
pub(crate) mod pooling;
pub(crate) mod quantize;
pub(crate) mod sampling;
pub(crate) mod skip;
pub(crate) mod sparsity;
pub(crate) mod standardise;
mod upsampled;
mod winograd;

pub(crate) use convolution::Convolution;
pub(crate) use dense::Dense;
pub(crate) use gather::Gather;
pub(crate) use geometry::ConvGeometry;
pub(crate) use skip::Skip;
pub(crate) use upsampled::{Enlarged, Upsampled};
pub(crate) use winograd::{Passes, Winograd};

use tenun_kernels::correlate::Correlation;

/// The parts of `packed` that belong to correlations, one after the other.
fn packed_parts<'a>(
    correlations: impl Iterator<Item = &'a Correlation>,
    packed: &'a [f32],
) -> impl Iterator<Item = (&'a Correlation, &'a [f32])> {
    let mut rest = packed;
    correlations.map(move |correlation| {
        let (part, after) = rest.split_at(correlation.packed_len());
        rest = after;
        (correlation, part)
    })
}

/// The same, to write.
fn packed_parts_mut<'a>(
    correlations: impl Iterator<Item = &'a Correlation>,
    packed: &'a mut [f32],
) -> impl Iterator<Item = (&'a Correlation, &'a mut [f32])> {
    let mut rest = packed;
    correlations.map(move |correlation| {
        let (part, after) = std::mem::take(&mut rest).split_at_mut(correlation.packed_len());
        rest = after;
        (correlation, part)
    })
}
