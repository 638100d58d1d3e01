//! [`Presummed`]: the general way forwards, for any kernel and factor.
//!
//! An output at distance ρ past a multiple of the factor reads, under its kernel, only ⌊(ρ + kernel − 1) / factor⌋ + 1
//! small pixels along an axis. The weights that fall on the same pixel are summed beforehand: factor² correlations,
//! one for each pair of residues.

use std::ops::Range;

use tenun_kernels::Kernels;
use tenun_kernels::correlate::Correlation;

use crate::Shape;
use crate::ops::{ConvGeometry, packed_parts, packed_parts_mut};
use crate::program::{Grids, TensorId};
use crate::shape::positions;

/// Along one axis, the outputs of one residue of the factor, and what they read.
pub(super) struct Residue {
    /// Outputs, each with the first small position that it reads, counted from the map's edge.
    positions: Vec<(usize, isize)>,
    /// For each small position that is read, the kernel positions that fall on it.
    taps: Vec<Range<usize>>,
}

/// The residues along an axis with `outputs` outputs.
///
/// Output r reads the large positions r − pad + u, which are the small positions ⌊(r − pad + u) / factor⌋.
#[allow(clippy::cast_possible_wrap)] // sizes of images
pub(super) fn residues(kernel: usize, pad: usize, factor: usize, outputs: usize) -> Vec<Residue> {
    (0..factor)
        .map(|residue| {
            let taps = (0..=(residue + kernel - 1) / factor)
                .map(|t| {
                    let from = (t * factor).saturating_sub(residue);
                    from..((t + 1) * factor - residue).min(kernel)
                })
                .collect();
            let positions = (0..outputs)
                .map(|r| (r, r as isize - pad as isize))
                .filter(|(_, start)| start.rem_euclid(factor as isize) as usize == residue)
                .map(|(r, start)| (r, start.div_euclid(factor as isize)))
                .collect();
            Residue { positions, taps }
        })
        .collect()
}

/// Zeros that the small map needs around it along an axis, whichever way is taken.
#[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // sizes of images
pub(super) fn border(residues: &[Residue], size: usize) -> usize {
    let reads = residues.iter().flat_map(|residue| {
        residue.positions.iter().map(|&(_, first)| (first, first + residue.taps.len() as isize - 1))
    });
    reads.map(|(first, last)| (-first).max(last - (size as isize - 1))).fold(0, isize::max) as usize
}

/// Small pixels that all outputs together read along an axis.
pub(super) fn reads(residues: &[Residue]) -> usize {
    residues.iter().map(|residue| residue.positions.len() * residue.taps.len()).sum()
}

/// One pair of residues.
struct Class {
    correlation: Correlation,
    /// Kernel rows and columns whose weights are summed, for each tap of one channel.
    sums: Vec<(Range<usize>, Range<usize>)>,
}

/// One correlation for each pair of residues that has outputs.
pub(super) struct Presummed {
    kernel: usize,
    channels: usize,
    classes: Vec<Class>,
}

impl Presummed {
    /// From `x` to `y`, with the residues of rows and columns.
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // not below zero once the border is added
    pub(super) fn new(
        geometry: &ConvGeometry,
        [rows, columns]: [&[Residue]; 2],
        x: TensorId,
        y: TensorId,
        grids: &Grids,
    ) -> Self {
        let (x, y) = (&grids[x], &grids[y]);
        let inside = |position: isize| (position + x.border() as isize) as usize;
        let channels = x.shape().channels;
        let pairs = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
        let classes = pairs
            .map(|(row, column)| {
                let pixels: Vec<_> = row
                    .positions
                    .iter()
                    .flat_map(|r| column.positions.iter().map(move |c| (r, c)))
                    .map(|(&(r, from_row), &(c, from_column))| {
                        (x.raw(0, inside(from_row), inside(from_column)), y.at(0, r, c))
                    })
                    .collect();
                let (height, width) = (row.taps.len(), column.taps.len());
                let offsets = positions(Shape::new(channels, height, width)).map(|(c, r, l)| x.raw(c, r, l));
                let (offsets, filters) = (offsets.collect(), geometry.filters);
                let correlation =
                    Correlation::new(&grids.kernels.registers, &pixels, offsets, filters, y.plane());
                let sums = row
                    .taps
                    .iter()
                    .flat_map(|r| column.taps.iter().map(move |c| (r.clone(), c.clone())))
                    .collect();
                Class { correlation, sums }
            })
            .collect();
        Self { kernel: geometry.kernel, channels, classes }
    }

    fn correlations(&self) -> impl Iterator<Item = &Correlation> {
        self.classes.iter().map(|class| &class.correlation)
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        self.correlations().map(Correlation::multiply_adds).sum()
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.correlations().map(Correlation::packed_len).sum()
    }

    /// Sums and arranges the weights.
    pub(super) fn pack(&self, weight: &[f32], bias: Option<&[f32]>, packed: &mut [f32]) {
        let (kernel, taps) = (self.kernel, self.kernel * self.kernel);
        let parts = packed_parts_mut(self.correlations(), packed);
        for ((correlation, to), Class { sums, .. }) in parts.zip(&self.classes) {
            correlation.pack(to, bias, |f, j| {
                let (channel, (rows, columns)) = (j / sums.len(), &sums[j % sums.len()]);
                let start = (f * self.channels + channel) * taps;
                let at = |u: usize, v: usize| weight[start + u * kernel + v];
                rows.clone().flat_map(|u| columns.clone().map(move |v| at(u, v))).sum()
            });
        }
    }

    /// Computes `y` from `x`.
    pub(super) fn run(&self, k: &Kernels, x: &[f32], packed: &[f32], y: &mut [f32]) {
        for (correlation, packed) in packed_parts(self.correlations(), packed) {
            k.correlate(correlation, x, packed, y);
        }
    }
}
