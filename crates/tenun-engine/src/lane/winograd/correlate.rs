//! A 3×3 correlation by blocks of 2×2 outputs: forwards, and for the gradient of the input.
//!
//! A few blocks go through all stages while their numbers are in the first-level cache, one row i of the 4×4
//! transformed positions at a time: the rows i of Bᵀ d B of all channels are written, and for each group of filters
//! the four products of the row are summed over the channels and at once combined along the row in registers. Only
//! that half-transformed sum is written, and read again once its four rows are there. Stores are what such a
//! transform costs, and this order has the fewest.

use super::{INPUT_ROWS, kernel_transform};
use crate::lane::{Simd, Vector};

/// Channels that are transformed at a time. Part of the order of summation, so the same for every register width.
const CHANNELS: usize = 32;

/// A block of 2×2 outputs: where its 4×4 inputs begin, and where its outputs go, row by row, in vectors.
///
/// At the edge of an odd map an output that does not exist has the place of the neighbour before it, which is
/// written after it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) input: usize,
    pub(crate) outputs: [usize; 4],
}

/// The layout of the input: vectors from one row to the next, and from one channel to the next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub(crate) row: usize,
    pub(crate) plane: usize,
    pub(crate) channels: usize,
}

impl Source {
    /// Vectors that a 4×4 patch of every channel reaches from its corner.
    pub(super) fn reach(&self) -> usize {
        self.channels.saturating_sub(1) * self.plane + 3 * self.row + 4
    }
}

/// The geometry of one correlation, worked out once.
#[derive(Clone, Debug)]
pub(crate) struct Correlation {
    blocks: Vec<Block>,
    source: Source,
    filters: usize,
    /// Vectors from one output channel to the next.
    output_plane: usize,
    input_reach: usize,
    output_reach: usize,
}

/// Blocks and filters that are computed together: what the registers hold, with the sums combined along a row.
const fn together<S: Simd>() -> (usize, usize) {
    (8 / S::FILTERS, S::FILTERS)
}

/// Vectors of room that [`Correlation::run`] needs.
pub(crate) fn scratch_len<S: Simd>(channels: usize, filters: usize) -> usize {
    together::<S>().0 * (4 * channels.min(CHANNELS) + 8 * filters)
}

/// `total` in parts of `most`, a power of two, and smaller powers of two for what remains.
pub(super) fn parts(total: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut first = 0;
    std::iter::from_fn(move || {
        let size = most.min(1 << (total - first).checked_ilog2()?);
        first += size;
        Some((first - size, size))
    })
}

/// What the functions of one run share.
#[derive(Clone, Copy)]
struct Run<'a> {
    x: *const f32,
    y: *mut f32,
    bias: &'a [f32],
    /// Transformed inputs `[column of positions][channel][block]`.
    inputs: *mut f32,
    /// Sums combined along the row of positions, `[row of positions][filter][column of the block][block]`.
    sums: *mut f32,
}

/// A row of positions of some channels.
#[derive(Clone, Copy)]
struct Row {
    i: usize,
    channels: usize,
    /// Whether sums over channels before these are there.
    more: bool,
    /// Whether no channels come after these.
    last: bool,
}

impl Correlation {
    /// A correlation over `blocks` of outputs.
    pub(crate) fn new(blocks: Vec<Block>, source: Source, filters: usize, output_plane: usize) -> Self {
        let input_reach =
            blocks.iter().map(|b| b.input).max().map_or(0, |furthest| furthest + source.reach());
        let outputs = blocks.iter().flat_map(|b| b.outputs).max();
        let output_reach =
            outputs.map_or(0, |furthest| furthest + filters.saturating_sub(1) * output_plane + 1);
        Self { blocks, source, filters, output_plane, input_reach, output_reach }
    }

    /// Floats of all biases and transformed weights.
    pub(crate) fn packed_len(&self) -> usize {
        self.filters * (1 + 16 * self.source.channels)
    }

    /// Channels in the groups in which they are transformed: how many each has.
    fn channel_groups(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let channels = self.source.channels;
        (0..channels).step_by(CHANNELS).map(move |first| (first, CHANNELS.min(channels - first)))
    }

    /// Writes biases and transformed weights in the order in which the kernel reads them.
    ///
    /// `weight(f, c)` is the kernel of filter f and channel c, `[row][column]`.
    pub(crate) fn pack<S: Simd>(
        &self,
        packed: &mut [f32],
        bias: Option<&[f32]>,
        weight: impl Fn(usize, usize) -> [[f32; 3]; 3],
    ) {
        let (biases, mut rest) = packed[..self.packed_len()].split_at_mut(self.filters);
        match bias {
            Some(bias) => biases.copy_from_slice(bias),
            None => biases.fill(0.0),
        }
        for (channel, channels) in self.channel_groups() {
            let (group, after) = rest.split_at_mut(16 * channels * self.filters);
            rest = after;
            for (filter, filters) in parts(self.filters, together::<S>().1) {
                for c in 0..channels {
                    for f in 0..filters {
                        let u = kernel_transform(weight(filter + f, channel + c));
                        for (i, row) in u.iter().enumerate() {
                            let part = 4 * channels * (i * self.filters + filter);
                            for (j, &u) in row.iter().enumerate() {
                                group[part + (j * channels + c) * filters + f] = u;
                            }
                        }
                    }
                }
            }
        }
    }

    /// Computes every output of every filter from `x` into `y`.
    ///
    /// # Panics
    /// If a slice is shorter than the geometry needs.
    #[inline(always)]
    pub(crate) fn run<S: Simd>(&self, s: S, x: &[f32], packed: &[f32], scratch: &mut [f32], y: &mut [f32]) {
        assert!(x.len() >= self.input_reach * S::LANES, "input is shorter than the correlation reaches");
        assert!(y.len() >= self.output_reach * S::LANES, "output is shorter than the correlation reaches");
        let scratch = &mut scratch[..scratch_len::<S>(self.source.channels, self.filters) * S::LANES];
        let (bias, weights) = packed[..self.packed_len()].split_at(self.filters);
        let blocks = together::<S>().0;
        let (inputs, sums) = scratch.split_at_mut(4 * blocks * self.source.channels.min(CHANNELS) * S::LANES);
        let run = Run {
            x: x.as_ptr(),
            y: y.as_mut_ptr(),
            bias,
            inputs: inputs.as_mut_ptr(),
            sums: sums.as_mut_ptr(),
        };
        for (first, size) in parts(self.blocks.len(), blocks) {
            let blocks = &self.blocks[first..first + size];
            // SAFETY: the lengths were asserted above, and scratch is as long as `size` blocks need.
            unsafe {
                match size {
                    4 => self.group::<S, 4>(s, run, blocks, weights),
                    2 => self.group::<S, 2>(s, run, blocks, weights),
                    _ => self.group::<S, 1>(s, run, blocks, weights),
                }
            }
        }
    }

    /// All filters of B blocks.
    ///
    /// # Safety
    /// The pointers of `run` reach as far as the geometry says; there are B blocks.
    #[inline(always)]
    unsafe fn group<S: Simd, const B: usize>(&self, s: S, run: Run<'_>, blocks: &[Block], weights: &[f32]) {
        let mut group = [blocks[0]; B];
        group.copy_from_slice(blocks);
        let mut rest = weights;
        for (first, channels) in self.channel_groups() {
            for i in 0..4 {
                let last = first + channels == self.source.channels;
                let row = Row { i, channels, more: first > 0, last };
                // SAFETY: by this function's own contract; the channels exist.
                unsafe {
                    if INPUT_ROWS[i].2 {
                        self.transform::<S, B, true>(s, run, &group, first, row);
                    } else {
                        self.transform::<S, B, false>(s, run, &group, first, row);
                    }
                }
                for (filter, size) in parts(self.filters, together::<S>().1) {
                    let (w, after) = rest.split_at(4 * channels * size);
                    rest = after;
                    // SAFETY: by this function's own contract; `w` has the weights of `size` filters that exist.
                    unsafe {
                        match size {
                            4 => self.filters::<S, B, 4>(s, run, &group, w, filter, row),
                            2 => self.filters::<S, B, 2>(s, run, &group, w, filter, row),
                            _ => self.filters::<S, B, 1>(s, run, &group, w, filter, row),
                        }
                    }
                }
            }
        }
    }

    /// Writes row i of Bᵀ d B of some channels.
    ///
    /// # Safety
    /// As for `group`; channels `first..first + row.channels` exist.
    #[inline(always)]
    unsafe fn transform<S: Simd, const B: usize, const ADD: bool>(
        &self,
        s: S,
        run: Run<'_>,
        group: &[Block; B],
        first: usize,
        row: Row,
    ) {
        let (upper, lower, _) = INPUT_ROWS[row.i];
        for c in 0..row.channels {
            for (b, block) in group.iter().enumerate() {
                // SAFETY: patches of existing channels are within `input_reach`, and scratch holds 4 numbers for
                // each channel and block.
                unsafe {
                    let at = run.x.add((block.input + (first + c) * self.source.plane) * S::LANES);
                    let t = combined::<S, ADD>(s, at, upper * self.source.row, lower * self.source.row);
                    let v = [t[0] - t[2], t[1] + t[2], t[2] - t[1], t[3] - t[1]];
                    for (j, v) in v.iter().enumerate() {
                        v.store_at(run.inputs.add(((j * row.channels + c) * B + b) * S::LANES));
                    }
                }
            }
        }
    }

    /// The products of one row of positions, combined along it, of F filters; after the last row the outputs.
    ///
    /// # Safety
    /// As for `group`; `w` has 4 · channels · F weights and filters `first..first + F` exist.
    #[inline(always)]
    unsafe fn filters<S: Simd, const B: usize, const F: usize>(
        &self,
        s: S,
        run: Run<'_>,
        group: &[Block; B],
        w: &[f32],
        first: usize,
        row: Row,
    ) {
        let Row { i, channels, more, last } = row;
        // SAFETY: by this function's own contract every address below is in its buffer.
        unsafe {
            let v = |j: usize| run.inputs.add(j * channels * B * S::LANES).cast_const();
            let w = |j: usize| w.as_ptr().add(j * channels * F);
            let (mut left, mut right) = ([[s.zero(); B]; F], [[s.zero(); B]; F]);
            let m = products::<S, B, F>(s, v(0), w(0), channels);
            for f in 0..F {
                for b in 0..B {
                    left[f][b] = m[f][b];
                }
            }
            let m = products::<S, B, F>(s, v(1), w(1), channels);
            for f in 0..F {
                for b in 0..B {
                    left[f][b] = left[f][b] + m[f][b];
                    right[f][b] = m[f][b];
                }
            }
            let m = products::<S, B, F>(s, v(2), w(2), channels);
            for f in 0..F {
                for b in 0..B {
                    left[f][b] = left[f][b] + m[f][b];
                    right[f][b] = right[f][b] - m[f][b];
                }
            }
            let m = products::<S, B, F>(s, v(3), w(3), channels);
            for f in 0..F {
                for b in 0..B {
                    right[f][b] = right[f][b] + m[f][b];
                }
            }
            for f in 0..F {
                let at = |i: usize, column: usize, b: usize| {
                    run.sums.add((((i * self.filters + first + f) * 2 + column) * B + b) * S::LANES)
                };
                let bias = s.splat(*run.bias.get_unchecked(first + f));
                for b in 0..B {
                    // The right column and the lower row first: see `Block`.
                    for (column, mut z) in [(1, right[f][b]), (0, left[f][b])] {
                        if more {
                            z = s.load_at(at(i, column, b)) + z;
                        }
                        if i < 3 || !last {
                            z.store_at(at(i, column, b));
                            continue;
                        }
                        let [z0, z1, z2] = [0, 1, 2].map(|i| s.load_at(at(i, column, b)));
                        let upper = ((z0 + z1) + z2) + bias;
                        let lower = ((z1 - z2) + z) + bias;
                        let outputs = &group[b].outputs;
                        let to = |o: usize| run.y.add((o + (first + f) * self.output_plane) * S::LANES);
                        lower.store_at(to(outputs[2 + column]));
                        upper.store_at(to(outputs[column]));
                    }
                }
            }
        }
    }
}

/// Two rows of four, added or subtracted, `upper` and `lower` vectors from `at`.
///
/// # Safety
/// Four vectors can be read there.
#[inline(always)]
pub(super) unsafe fn combined<S: Simd, const ADD: bool>(
    s: S,
    at: *const f32,
    upper: usize,
    lower: usize,
) -> [S::V; 4] {
    let mut t = [s.zero(); 4];
    for (column, t) in t.iter_mut().enumerate() {
        // SAFETY: the caller vouches for both.
        let (a, b) = unsafe {
            (s.load_at(at.add((upper + column) * S::LANES)), s.load_at(at.add((lower + column) * S::LANES)))
        };
        *t = if ADD { a + b } else { a - b };
    }
    t
}

/// Sums over channels of transformed inputs × weights.
///
/// # Safety
/// `v` has channels · B vectors, `w` channels · F floats.
#[inline(always)]
unsafe fn products<S: Simd, const B: usize, const F: usize>(
    s: S,
    v: *const f32,
    w: *const f32,
    channels: usize,
) -> [[S::V; B]; F] {
    let mut sums = [[s.zero(); B]; F];
    for c in 0..channels {
        let mut x = [s.zero(); B];
        for (b, x) in x.iter_mut().enumerate() {
            // SAFETY: the caller vouches for it.
            *x = unsafe { s.load_at(v.add((c * B + b) * S::LANES)) };
        }
        for (f, sums) in sums.iter_mut().enumerate() {
            // SAFETY: the caller vouches for it.
            let w = s.splat(unsafe { *w.add(c * F + f) });
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum = x.mul_add(w, *sum);
            }
        }
    }
    sums
}
