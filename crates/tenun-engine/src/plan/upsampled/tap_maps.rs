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

use super::super::Grid;
use super::frame::{Frame, Strip};
use crate::Shape;
use crate::lane::correlate::Correlation;
use crate::lane::{Simd, Vector};

/// Kernel positions.
const TAPS: usize = 9;

/// The operation's forward pass.
pub(super) struct TapMaps {
    frame: Frame,
    x: Shape,
    y: Grid,
    filters: usize,
    /// For each strip, four pixels at a time, so that what they read is still in the cache for the next filters.
    quads: Vec<Vec<Correlation>>,
}

impl TapMaps {
    /// From `x` to `y` in the strips of `frame`.
    #[allow(clippy::cast_possible_wrap, clippy::cast_sign_loss)] // sizes of images
    pub(super) fn new(frame: Frame, filters: usize, x: &Grid, y: &Grid) -> Self {
        let Shape { channels, height, width } = x.shape();
        let offsets: Vec<usize> = (0..channels).map(|c| x.raw(c, 0, 0)).collect();
        let mut this = Self { frame, x: x.shape(), y: *y, filters, quads: Vec::new() };
        let mut done = 0;
        let mut quads = Vec::new();
        for strip in &this.frame.strips {
            // An edge reads the row after it, too.
            let end = (strip.edges.end + 1).clamp(done as isize, height as isize) as usize;
            let pixels = (done..end).flat_map(|r| (0..width).map(move |c| (r, c)));
            let pixels: Vec<_> =
                pixels.map(|(r, c)| (x.at(0, r, c), this.map_row(r as isize) + 1 + c)).collect();
            let four = pixels.chunks(4).map(|some| {
                let mut some = some.to_vec();
                if let [lone] = some[..] {
                    // A single pixel would want its weights in another order than the others.
                    some.push(lone);
                }
                Correlation::new(&some, offsets.clone(), TAPS * filters, this.map_plane())
            });
            quads.push(four.collect());
            done = end;
        }
        this.quads = quads;
        this
    }

    /// Vectors of a map's row: with a zero on each side.
    fn map_width(&self) -> usize {
        self.x.width + 2
    }

    /// Where row `y` of a map begins. The row after those that are computed is never written: it is the zeros above
    /// and below the map.
    #[allow(clippy::cast_sign_loss)] // checked
    fn map_row(&self, y: isize) -> usize {
        let rows = self.frame.height() + 1;
        let inside = usize::try_from(y).ok().filter(|&y| y < self.x.height);
        inside.map_or(rows, |y| y % rows) * self.map_width()
    }

    /// Vectors from one map to the next: odd, against cache-set conflicts.
    fn map_plane(&self) -> usize {
        Self::plane(&self.frame, self.x.width)
    }

    fn plane(frame: &Frame, width: usize) -> usize {
        ((frame.height() + 2) * (width + 2)) | 1
    }

    /// Vectors of scratch for the maps of an input of `width` columns, and for the four sums.
    pub(super) fn scratch(frame: &Frame, filters: usize, width: usize) -> (usize, usize) {
        (TAPS * filters * Self::plane(frame, width), frame.plane() * filters)
    }

    /// What stands for all quads in what concerns weights, if there are any.
    fn weights(&self) -> Option<&Correlation> {
        self.quads.iter().flatten().next()
    }

    /// Floats that [`Self::pack`] writes.
    pub(super) fn packed_len(&self) -> usize {
        self.filters + self.weights().map_or(0, Correlation::packed_len)
    }

    /// Multiply-adds of one image.
    pub(super) fn multiply_adds(&self) -> usize {
        self.quads.iter().flatten().map(Correlation::multiply_adds).sum()
    }

    /// Arranges the weights, after the biases.
    pub(super) fn pack<S: Simd>(&self, weight: &[f32], bias: Option<&[f32]>, packed: &mut [f32]) {
        let (biases, weights) = packed.split_at_mut(self.filters);
        match bias {
            Some(bias) => biases.copy_from_slice(bias),
            None => biases.fill(0.0),
        }
        if let Some(correlation) = self.weights() {
            let channels = self.x.channels;
            correlation.pack::<S>(weights, None, |map, channel| {
                weight[(map / TAPS * channels + channel) * TAPS + map % TAPS]
            });
        }
    }

    /// Computes `y` from `x`.
    #[inline(always)]
    pub(super) fn run<S: Simd>(
        &self,
        s: S,
        x: &[f32],
        packed: &[f32],
        (maps, sums): (&mut [f32], &mut [f32]),
        y: &mut [f32],
    ) {
        let (bias, weights) = packed.split_at(self.filters);
        for (strip, quads) in self.frame.strips.iter().zip(&self.quads) {
            for quad in quads {
                quad.run(s, x, weights, maps);
            }
            for (filter, &bias) in bias.iter().enumerate() {
                let maps = &maps[filter * TAPS * self.map_plane() * S::LANES..];
                let sums = &mut sums[filter * self.frame.plane() * S::LANES..];
                self.four_sums(s, strip, maps, s.splat(bias), sums);
            }
            self.frame.combine(s, strip, 0..self.filters, sums, (&self.y, y));
        }
    }

    /// The edge rows and middle rows of a strip of one filter from its nine maps.
    #[inline(always)]
    fn four_sums<S: Simd>(&self, s: S, strip: &Strip, maps: &[f32], bias: S::V, sums: &mut [f32]) {
        let (edges, middles) = (&self.frame.columns.edges, &self.frame.columns.middles);
        let length = self.frame.row_length() * S::LANES;
        let split = edges.len() * S::LANES;
        // The numbers of the map of kernel position (u, v), in row `y`, from each of `columns`.
        let row = |u: usize, v: usize, y: isize, columns: &Range<isize>| {
            let start = (u * 3 + v) * self.map_plane() + self.map_row(y) + from(columns);
            &maps[start * S::LANES..(start + columns.len()) * S::LANES]
        };
        let next = &(edges.start + 1..edges.end + 1);
        for e in strip.edges.clone() {
            let to = &mut sums[self.frame.edge_row(e) * S::LANES..][..length];
            let (corner, top_bottom) = to.split_at_mut(split);
            let top = (row(0, 0, e, edges), row(0, 2, e, next));
            let bottom = (row(2, 0, e + 1, edges), row(2, 2, e + 1, next));
            for (i, to) in corner.chunks_exact_mut(S::LANES).enumerate() {
                let at = i * S::LANES;
                let top = s.load(&top.0[at..]) + s.load(&top.1[at..]);
                let bottom = s.load(&bottom.0[at..]) + s.load(&bottom.1[at..]);
                (bias + (top + bottom)).store(to);
            }
            add(s, row(0, 1, e, middles), row(2, 1, e + 1, middles), top_bottom);
        }
        for m in strip.middles.clone() {
            let to = &mut sums[self.frame.middle_row(m) * S::LANES..][..length];
            let (left_right, centre) = to.split_at_mut(split);
            add(s, row(1, 0, m, edges), row(1, 2, m, next), left_right);
            centre.copy_from_slice(row(1, 1, m, middles));
        }
    }
}

/// Where the first of `columns` stands in a row of a map, after the zero on its left.
#[allow(clippy::cast_sign_loss)] // columns begin at −1 at the lowest
fn from(columns: &Range<isize>) -> usize {
    (columns.start + 1) as usize
}

/// `to` = `a` + `b`, number by number.
#[inline(always)]
fn add<S: Simd>(s: S, a: &[f32], b: &[f32], to: &mut [f32]) {
    let pairs = a.chunks_exact(S::LANES).zip(b.chunks_exact(S::LANES));
    for (to, (a, b)) in to.chunks_exact_mut(S::LANES).zip(pairs) {
        (s.load(a) + s.load(b)).store(to);
    }
}
