//! [`Rows`]: where the rows of a tensor stand; [`View`] and [`ViewMut`]: a tensor that a kernel goes through row by row.

use std::ops::Range;

use crate::simd::{Simd, Vector};

/// The rows of a tensor as ranges of floats, channel by channel.
#[derive(Clone, Debug)]
pub struct Rows {
    starts: Vec<usize>,
    length: usize,
    height: usize,
}

impl Rows {
    /// Rows of `length` floats that begin at `starts`, `height` of them in a channel.
    #[must_use]
    pub fn new(starts: Vec<usize>, length: usize, height: usize) -> Self {
        Self { starts, length, height }
    }

    /// All rows in order.
    #[inline(always)]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        self.starts.iter().map(|&start| start..start + self.length)
    }

    /// The rows of one channel.
    #[inline(always)]
    pub fn channel(&self, channel: usize) -> impl ExactSizeIterator<Item = Range<usize>> {
        let starts = &self.starts[channel * self.height..(channel + 1) * self.height];
        starts.iter().map(|&start| start..start + self.length)
    }

    /// Where a row of a channel begins.
    #[inline(always)]
    #[must_use]
    pub fn start(&self, channel: usize, row: usize) -> usize {
        self.starts[channel * self.height + row]
    }

    /// Where a row begins, counted over all channels.
    #[inline(always)]
    #[must_use]
    pub fn nth_start(&self, row: usize) -> usize {
        self.starts[row]
    }

    /// All rows of all channels.
    #[must_use]
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// Rows of a channel.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Floats in a row: columns × lanes.
    #[must_use]
    pub fn row_length(&self) -> usize {
        self.length
    }
}

/// A tensor to read.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// Its floats, with whatever stands between the rows.
    pub floats: &'a [f32],
    /// Where its rows are.
    pub rows: &'a Rows,
}

/// A tensor to write.
#[derive(Debug)]
pub struct ViewMut<'a> {
    /// Its floats, with whatever stands between the rows.
    pub floats: &'a mut [f32],
    /// Where its rows are.
    pub rows: &'a Rows,
}

impl<'a> View<'a> {
    /// The rows, one slice each.
    #[inline(always)]
    pub(crate) fn slices(self) -> impl Iterator<Item = &'a [f32]> {
        self.rows.iter().map(move |row| &self.floats[row])
    }
}

impl ViewMut<'_> {
    /// Replaces every vector x by `f(x)`.
    #[inline(always)]
    pub(crate) fn update<S: Simd>(self, s: S, f: impl Fn(S::V) -> S::V) {
        for row in self.rows.iter() {
            for y in self.floats[row].chunks_exact_mut(S::LANES) {
                f(s.load(y)).store(y);
            }
        }
    }

    /// Writes `f(x)` for every vector of `x`.
    #[inline(always)]
    pub(crate) fn map<S: Simd>(self, s: S, x: View<'_>, f: impl Fn(S::V) -> S::V) {
        for (x, to) in x.slices().zip(self.rows.iter()) {
            for (x, y) in x.chunks_exact(S::LANES).zip(self.floats[to].chunks_exact_mut(S::LANES)) {
                f(s.load(x)).store(y);
            }
        }
    }

    /// Replaces every vector y by `f(x, y)`.
    #[inline(always)]
    pub(crate) fn update_with<S: Simd>(self, s: S, x: View<'_>, f: impl Fn(S::V, S::V) -> S::V) {
        for (x, to) in x.slices().zip(self.rows.iter()) {
            for (x, y) in x.chunks_exact(S::LANES).zip(self.floats[to].chunks_exact_mut(S::LANES)) {
                f(s.load(x), s.load(y)).store(y);
            }
        }
    }

    /// Writes `f(a, b)` for every pair of vectors.
    #[inline(always)]
    pub(crate) fn map_pairs<S: Simd>(self, s: S, a: View<'_>, b: View<'_>, f: impl Fn(S::V, S::V) -> S::V) {
        for ((a, b), to) in a.slices().zip(b.slices()).zip(self.rows.iter()) {
            let pairs = a.chunks_exact(S::LANES).zip(b.chunks_exact(S::LANES));
            for ((a, b), y) in pairs.zip(self.floats[to].chunks_exact_mut(S::LANES)) {
                f(s.load(a), s.load(b)).store(y);
            }
        }
    }
}
