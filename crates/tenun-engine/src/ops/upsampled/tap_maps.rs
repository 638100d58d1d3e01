//! [`TapMaps`]: nine products for each 2×2 outputs, for a few filters.
//!
//! With one filter the four correlations of [`super::four_sums`] would load a number for each product. Here every
//! number of the small map is loaded once and multiplied with all nine weights of each filter, which is a 1×1
//! convolution to 9 · filters maps
//!
//! ```text
//! n[f][u][v][y][x] = Σ_c  w[f][c][u][v] · x[c][y][x]
//! ```
//!
//! Shifted against each other and added, they are the four sums of [`super::frame`].

use std::ops::Range;

use tenun_kernels::correlate::Correlation;
use tenun_kernels::upsampled::{Interleave, ShiftedSum};
use tenun_kernels::{Kernels, Registers};

use super::frame::{Frame, Strip as Rows};
use crate::Shape;
use crate::program::Grid;

/// Kernel positions.
const TAPS: usize = 9;

/// The operation's forward pass.
pub(super) struct TapMaps {
    channels: usize,
    filters: usize,
    /// Vectors from the maps of one filter, and from its four sums, to those of the next.
    maps_plane: usize,
    sums_plane: usize,
    strips: Vec<Strip>,
}

/// What is done for some rows of outputs.
struct Strip {
    /// Four pixels at a time, so that what they read is still in the cache for the next filters.
    quads: Vec<Correlation>,
    /// The edge rows and middle rows of one filter from its nine maps.
    sums: Vec<ShiftedSum>,
    outputs: Interleave,
}

/// Where the nine maps of a filter stand.
struct Maps<'a> {
    frame: &'a Frame,
    /// The shape of the small map.
    x: Shape,
}

impl Maps<'_> {
    /// Vectors of a map's row: with a zero on each side.
    fn width(&self) -> usize {
        self.x.width + 2
    }

    /// Where row `y` of a map begins. The row after those that are computed is never written: it is the zeros above
    /// and below the map.
    fn row(&self, y: isize) -> usize {
        let rows = self.frame.height() + 1;
        let inside = usize::try_from(y).ok().filter(|&y| y < self.x.height);
        inside.map_or(rows, |y| y % rows) * self.width()
    }

    /// Vectors from one map to the next: odd, against cache-set conflicts.
    fn plane(&self) -> usize {
        ((self.frame.height() + 2) * self.width()) | 1
    }

    /// Where the numbers of the map of kernel position (u, v), in row `y`, begin for `columns`.
    #[allow(clippy::cast_sign_loss)] // columns begin at −1 at the lowest, where the zero on the left is
    fn at(&self, (u, v): (usize, usize), y: isize, columns: &Range<isize>) -> usize {
        (u * 3 + v) * self.plane() + self.row(y) + (columns.start + 1) as usize
    }

    /// The edge rows and middle rows of a strip.
    fn sums(&self, strip: &Rows) -> Vec<ShiftedSum> {
        let (edges, middles) = (&self.frame.columns.edges, &self.frame.columns.middles);
        let next = &(edges.start + 1..edges.end + 1);
        let mut sums = Vec::new();
        let split = edges.len();
        for e in strip.edges.clone() {
            let to = self.frame.edge_row(e);
            let top = [self.at((0, 0), e, edges), self.at((0, 2), e, next)];
            let bottom = [self.at((2, 0), e + 1, edges), self.at((2, 2), e + 1, next)];
            let from = [top[0], top[1], bottom[0], bottom[1]];
            sums.push(ShiftedSum { from, terms: 4, to, length: split });
            let (a, b) = (self.at((0, 1), e, middles), self.at((2, 1), e + 1, middles));
            sums.push(ShiftedSum { from: [a, b, a, a], terms: 2, to: to + split, length: middles.len() });
        }
        for m in strip.middles.clone() {
            let to = self.frame.middle_row(m);
            let (a, b) = (self.at((1, 0), m, edges), self.at((1, 2), m, next));
            sums.push(ShiftedSum { from: [a, b, a, a], terms: 2, to, length: split });
            let centre = self.at((1, 1), m, middles);
            sums.push(ShiftedSum { from: [centre; 4], terms: 1, to: to + split, length: middles.len() });
        }
        sums
    }
}

impl TapMaps {
    /// From `x` to `y` in the strips of `frame`.
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // sizes of images
    pub(super) fn new(registers: &Registers, frame: &Frame, filters: usize, x: &Grid, y: &Grid) -> Self {
        let Shape { channels, height, width } = x.shape();
        let offsets: Vec<usize> = (0..channels).map(|c| x.raw(c, 0, 0)).collect();
        let maps = Maps { frame, x: x.shape() };
        let mut done = 0;
        let mut strips = Vec::new();
        for strip in &frame.strips {
            // An edge reads the row after it, too.
            let end = (strip.edges.end + 1).clamp(done as isize, height as isize) as usize;
            let pixels = (done..end).flat_map(|r| (0..width).map(move |c| (r, c)));
            let pixels: Vec<_> = pixels.map(|(r, c)| (x.at(0, r, c), maps.row(r as isize) + 1 + c)).collect();
            let four = pixels.chunks(4).map(|some| {
                let mut some = some.to_vec();
                if let [lone] = some[..] {
                    // A single pixel would want its weights in another order than the others.
                    some.push(lone);
                }
                Correlation::new(registers, &some, offsets.clone(), TAPS * filters, maps.plane())
            });
            let quads = four.collect();
            strips.push(Strip { quads, sums: maps.sums(strip), outputs: frame.interleave(strip, y) });
            done = end;
        }
        Self { channels, filters, maps_plane: TAPS * maps.plane(), sums_plane: frame.plane(), strips }
    }

    /// Vectors of scratch for the maps of an `input`, and for the four sums.
    pub(super) fn scratch(frame: &Frame, filters: usize, input: Shape) -> (usize, usize) {
        (TAPS * filters * Maps { frame, x: input }.plane(), frame.plane() * filters)
    }

    fn quads(&self) -> impl Iterator<Item = &Correlation> {
        self.strips.iter().flat_map(|strip| &strip.quads)
    }

    /// What stands for all quads in what concerns weights, if there are any.
    fn weights(&self) -> Option<&Correlation> {
        self.quads().next()
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.filters + self.weights().map_or(0, Correlation::packed_len)
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        self.quads().map(Correlation::multiply_adds).sum()
    }

    /// Arranges the weights, after the biases.
    pub(super) fn pack(&self, weight: &[f32], bias: Option<&[f32]>, packed: &mut [f32]) {
        let (biases, weights) = packed.split_at_mut(self.filters);
        match bias {
            Some(bias) => biases.copy_from_slice(bias),
            None => biases.fill(0.0),
        }
        if let Some(correlation) = self.weights() {
            let channels = self.channels;
            correlation.pack(weights, None, |map, channel| {
                weight[(map / TAPS * channels + channel) * TAPS + map % TAPS]
            });
        }
    }

    /// Computes `y` from `x`.
    pub(super) fn run(
        &self,
        k: &Kernels,
        x: &[f32],
        packed: &[f32],
        maps: &mut [f32],
        sums: &mut [f32],
        y: &mut [f32],
    ) {
        let (bias, weights) = packed.split_at(self.filters);
        for strip in &self.strips {
            for quad in &strip.quads {
                k.correlate(quad, x, weights, maps);
            }
            for (filter, &bias) in bias.iter().enumerate() {
                let maps = &maps[filter * self.maps_plane * k.registers.lanes..];
                let sums = &mut sums[filter * self.sums_plane * k.registers.lanes..];
                k.shifted_sums(&strip.sums, bias, maps, sums);
            }
            k.interleave(&strip.outputs, 0..self.filters, sums, y);
        }
    }
}
