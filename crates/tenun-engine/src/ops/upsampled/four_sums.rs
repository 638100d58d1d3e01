//! [`FourSums`]: nine products for each 2×2 outputs, with four correlations on the small map (see [`super::frame`]).

use std::ops::Range;

use tenun_kernels::correlate::Correlation;
use tenun_kernels::upsampled::Interleave;
use tenun_kernels::{Kernels, Registers};

use super::frame::{Frame, Strip};
use crate::ops::{packed_parts, packed_parts_mut};
use crate::program::Grid;

/// The two parts of the kernel along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taps {
    Edge,
    Middle,
}

impl Taps {
    /// Kernel positions, each with the distance of the small pixel that it reads.
    fn taps(self) -> &'static [(usize, usize)] {
        match self {
            Self::Edge => &[(0, 0), (2, 1)],
            Self::Middle => &[(1, 0)],
        }
    }
}

/// Rows and columns of corner, top-and-bottom, left-and-right and centre sums.
const KINDS: [(Taps, Taps); 4] = [
    (Taps::Edge, Taps::Edge),
    (Taps::Edge, Taps::Middle),
    (Taps::Middle, Taps::Edge),
    (Taps::Middle, Taps::Middle),
];

/// Up to as many filters as the kernel has registers for, at all strips.
struct Group {
    filters: Range<usize>,
    /// Which of the correlations.
    size: usize,
}

/// For groups of one size: the correlations of [`KINDS`] for each strip.
type Correlations = Vec<[Correlation; 4]>;

/// The operation's forward pass.
pub(super) struct FourSums {
    channels: usize,
    groups: Vec<Group>,
    correlations: Vec<Correlations>,
    /// How each strip is put together.
    strips: Vec<Interleave>,
}

impl FourSums {
    /// From `x` to `y` in the strips of `frame`.
    pub(super) fn new(registers: &Registers, frame: &Frame, filters: usize, x: &Grid, y: &Grid) -> Self {
        let (mut groups, mut correlations) = (Vec::new(), Vec::new());
        let mut sizes = Vec::new();
        for first in (0..filters).step_by(registers.filters) {
            let filters = first..(first + registers.filters).min(filters);
            let known = sizes.iter().position(|&size| size == filters.len());
            let size = known.unwrap_or_else(|| {
                sizes.push(filters.len());
                let of = |strip| strip_correlations(registers, frame, strip, filters.len(), x);
                correlations.push(frame.strips.iter().map(of).collect());
                sizes.len() - 1
            });
            groups.push(Group { filters, size });
        }
        let strips = frame.strips.iter().map(|strip| frame.interleave(strip, y)).collect();
        Self { channels: x.shape().channels, groups, correlations, strips }
    }

    /// Vectors of scratch.
    pub(super) fn scratch(registers: &Registers, frame: &Frame, filters: usize) -> usize {
        frame.plane() * filters.min(registers.filters)
    }

    /// The correlations of a group: those of the first strip stand for all in what concerns weights.
    fn of(&self, group: &Group) -> &[Correlation; 4] {
        &self.correlations[group.size][0]
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        let strips = self.groups.iter().flat_map(|group| &self.correlations[group.size]);
        strips.flatten().map(Correlation::multiply_adds).sum()
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        let parts = self.groups.iter().flat_map(|group| self.of(group));
        parts.map(Correlation::packed_len).sum()
    }

    /// Arranges the weights.
    pub(super) fn pack(&self, weight: &[f32], bias: Option<&[f32]>, packed: &mut [f32]) {
        let all = self.groups.iter().flat_map(|group| KINDS.map(|kind| (group, kind)));
        let parts = packed_parts_mut(self.groups.iter().flat_map(|group| self.of(group)), packed);
        for ((correlation, to), (group, (rows, columns))) in parts.zip(all) {
            // Every output has one corner sum, so the bias starts there.
            let is_corner = (rows, columns) == KINDS[0];
            let bias = bias.filter(|_| is_corner).map(|bias| &bias[group.filters.clone()]);
            let (rows, columns) = (rows.taps(), columns.taps());
            let taps = rows.len() * columns.len();
            correlation.pack(to, bias, |f, j| {
                let (channel, tap) = (j / taps, j % taps);
                let (u, v) = (rows[tap / columns.len()].0, columns[tap % columns.len()].0);
                weight[((group.filters.start + f) * self.channels + channel) * 9 + u * 3 + v]
            });
        }
    }

    /// Computes `y` from `x`.
    pub(super) fn run(&self, k: &Kernels, x: &[f32], packed: &[f32], scratch: &mut [f32], y: &mut [f32]) {
        let mut rest = packed;
        for group in &self.groups {
            let length = self.of(group).iter().map(Correlation::packed_len).sum();
            let (own, after) = rest.split_at(length);
            rest = after;
            for (strip, correlations) in self.strips.iter().zip(&self.correlations[group.size]) {
                for (correlation, packed) in packed_parts(correlations.iter(), own) {
                    k.correlate(correlation, x, packed, scratch);
                }
                k.interleave(strip, group.filters.clone(), scratch, y);
            }
        }
    }
}

/// The four correlations of one strip and so many filters.
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // not below zero once the border is added
fn strip_correlations(
    registers: &Registers,
    frame: &Frame,
    strip: &Strip,
    filters: usize,
    x: &Grid,
) -> [Correlation; 4] {
    let inside = |position: isize| (position + x.border() as isize) as usize;
    let channels = x.shape().channels;
    KINDS.map(|(row_part, column_part)| {
        let rows = match row_part {
            Taps::Edge => &strip.edges,
            Taps::Middle => &strip.middles,
        };
        let (columns, start) = match column_part {
            Taps::Edge => (&frame.columns.edges, 0),
            Taps::Middle => (&frame.columns.middles, frame.columns.edges.len()),
        };
        let mut pixels: Vec<_> = rows
            .clone()
            .flat_map(|r| columns.clone().map(move |c| (r, c)))
            .map(|(r, c)| {
                let row = match row_part {
                    Taps::Edge => frame.edge_row(r),
                    Taps::Middle => frame.middle_row(r),
                };
                (x.raw(0, inside(r), inside(c)), row + start + (c - columns.start) as usize)
            })
            .collect();
        if let [lone] = pixels[..] {
            // A single pixel would want its weights in another order than those of other strips.
            pixels.push(lone);
        }
        let taps = row_part.taps().iter().flat_map(|r| column_part.taps().iter().map(move |c| (r.1, c.1)));
        let offsets = (0..channels).flat_map(|channel| taps.clone().map(move |(r, c)| x.raw(channel, r, c)));
        Correlation::new(registers, &pixels, offsets.collect(), filters, frame.plane())
    })
}
