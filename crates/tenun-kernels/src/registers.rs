//! [`Registers`]: what those who prepare work for the kernels of a width have to know of it.

use crate::Width;

/// The registers of a width: how many numbers they hold, and how many results a kernel keeps in them at a time.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    /// The width.
    pub width: Width,
    /// Lanes in a vector: 8 or 16.
    pub lanes: usize,
    /// Output channels that a correlation computes at a time for four pixels.
    pub filters: usize,
    /// The same for a lone pixel.
    pub(crate) lone_filters: usize,
    /// Blocks that a correlation by Winograd's blocks computes together.
    pub(crate) winograd_blocks: usize,
    /// Filters that it computes together.
    pub(crate) winograd_filters: usize,
}
