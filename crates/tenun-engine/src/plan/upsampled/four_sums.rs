//! [`FourSums`]: nine products for each 2×2 outputs, with four correlations on the small map (see [`super::frame`]).

use std::ops::Range;

use super::super::Grid;
use super::frame::{Frame, Strip};
use crate::lane::Simd;
use crate::lane::correlate::Correlation;

/// The two parts of the kernel along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Edge,
    Middle,
}

impl Part {
    /// Kernel positions, each with the distance of the small pixel that it reads.
    fn taps(self) -> &'static [(usize, usize)] {
        match self {
            Self::Edge => &[(0, 0), (2, 1)],
            Self::Middle => &[(1, 0)],
        }
    }
}

/// Rows and columns of corner, top-and-bottom, left-and-right and centre sums.
const KINDS: [(Part, Part); 4] = [
    (Part::Edge, Part::Edge),
    (Part::Edge, Part::Middle),
    (Part::Middle, Part::Edge),
    (Part::Middle, Part::Middle),
];

/// Up to as many filters as the kernel has registers for, at all strips.
struct Group {
    filters: Range<usize>,
    /// Which of the kernels.
    kernels: usize,
}

/// For groups of one size: the correlations of [`KINDS`] for each strip.
type Kernels = Vec<[Correlation; 4]>;

/// The operation's forward pass.
pub(super) struct FourSums {
    frame: Frame,
    y: Grid,
    channels: usize,
    groups: Vec<Group>,
    kernels: Vec<Kernels>,
}

impl FourSums {
    /// From `x` to `y` in the strips of `frame`.
    pub(super) fn new<S: Simd>(frame: Frame, filters: usize, x: &Grid, y: &Grid) -> Self {
        let (mut groups, mut kernels) = (Vec::new(), Vec::new());
        let mut sizes = Vec::new();
        for first in (0..filters).step_by(S::FILTERS) {
            let filters = first..(first + S::FILTERS).min(filters);
            let known = sizes.iter().position(|&size| size == filters.len());
            let kernels = known.unwrap_or_else(|| {
                sizes.push(filters.len());
                kernels.push(
                    frame.strips.iter().map(|strip| correlations(&frame, strip, filters.len(), x)).collect(),
                );
                sizes.len() - 1
            });
            groups.push(Group { filters, kernels });
        }
        Self { frame, y: *y, channels: x.shape().channels, groups, kernels }
    }

    /// Vectors of scratch.
    pub(super) fn scratch<S: Simd>(frame: &Frame, filters: usize) -> usize {
        frame.plane() * filters.min(S::FILTERS)
    }

    /// The correlations of a group: those of the first strip stand for all in what concerns weights.
    fn of(&self, group: &Group) -> &[Correlation; 4] {
        &self.kernels[group.kernels][0]
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        let strips = self.groups.iter().flat_map(|group| &self.kernels[group.kernels]);
        strips.flatten().map(Correlation::multiply_adds).sum()
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        let parts = self.groups.iter().flat_map(|group| self.of(group));
        parts.map(Correlation::packed_len).sum()
    }

    /// Arranges the weights.
    pub(super) fn pack<S: Simd>(&self, weight: &[f32], bias: Option<&[f32]>, packed: &mut [f32]) {
        let mut rest = packed;
        for group in &self.groups {
            for (correlation, (rows, columns)) in self.of(group).iter().zip(KINDS) {
                let (to, after) = std::mem::take(&mut rest).split_at_mut(correlation.packed_len());
                rest = after;
                // Every output has one corner sum, so the bias starts there.
                let bias =
                    bias.filter(|_| (rows, columns) == KINDS[0]).map(|bias| &bias[group.filters.clone()]);
                let (rows, columns) = (rows.taps(), columns.taps());
                let taps = rows.len() * columns.len();
                correlation.pack::<S>(to, bias, |f, j| {
                    let (channel, tap) = (j / taps, j % taps);
                    let (u, v) = (rows[tap / columns.len()].0, columns[tap % columns.len()].0);
                    weight[((group.filters.start + f) * self.channels + channel) * 9 + u * 3 + v]
                });
            }
        }
    }

    /// Computes `y` from `x`.
    #[inline(always)]
    pub(super) fn run<S: Simd>(&self, s: S, x: &[f32], packed: &[f32], scratch: &mut [f32], y: &mut [f32]) {
        let mut rest = packed;
        for group in &self.groups {
            let parts = self.of(group).each_ref().map(|part| {
                let (packed, after) = rest.split_at(part.packed_len());
                rest = after;
                packed
            });
            for (strip, kernels) in self.frame.strips.iter().zip(&self.kernels[group.kernels]) {
                for (correlation, packed) in kernels.iter().zip(parts) {
                    correlation.run(s, x, packed, scratch);
                }
                self.frame.combine(s, strip, group.filters.clone(), scratch, (&self.y, y));
            }
        }
    }
}

/// The four correlations of one strip and so many filters.
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // not below zero once the border is added
fn correlations(frame: &Frame, strip: &Strip, filters: usize, x: &Grid) -> [Correlation; 4] {
    let inside = |position: isize| (position + x.border() as isize) as usize;
    let channels = x.shape().channels;
    KINDS.map(|(row_part, column_part)| {
        let rows = match row_part {
            Part::Edge => &strip.edges,
            Part::Middle => &strip.middles,
        };
        let (columns, start) = match column_part {
            Part::Edge => (&frame.columns.edges, 0),
            Part::Middle => (&frame.columns.middles, frame.columns.edges.len()),
        };
        let mut pixels: Vec<_> = rows
            .clone()
            .flat_map(|r| columns.clone().map(move |c| (r, c)))
            .map(|(r, c)| {
                let row = match row_part {
                    Part::Edge => frame.edge_row(r),
                    Part::Middle => frame.middle_row(r),
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
        Correlation::new(&pixels, offsets.collect(), filters, frame.plane())
    })
}
