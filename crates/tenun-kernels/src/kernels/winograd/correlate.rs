//! A 3×3 correlation by blocks of 2×2 outputs: forwards, and for the gradient of the input.
//!
//! A few blocks go through all stages while their numbers are in the first-level cache, one row i of the 4×4
//! transformed positions at a time: the rows i of Bᵀ d B of all channels are written, and for each group of filters
//! the four products of the row are summed over the channels and at once combined along the row in registers. Only
//! that half-transformed sum is written, and read again once its four rows are there. Stores are what such a
//! transform costs, and this order has the fewest.

use std::ops::Range;

use super::{INPUT_ROWS, kernel_transform};
use crate::Registers;
use crate::correlate::Sink;
use crate::pooled::Largest;
use crate::simd::{Simd, Vector};

/// Channels that are transformed at a time. Part of the order of summation, so the same for every register width.
const CHANNELS: usize = 32;

/// A block of 2×2 outputs: where its 4×4 inputs begin, and where its outputs go, row by row, in vectors.
///
/// At the edge of an odd map an output that does not exist has the place of the neighbour before it, which is
/// written after it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Block {
    /// The corner of the inputs.
    pub input: usize,
    /// The outputs.
    pub outputs: [usize; 4],
}

/// The plain sink: every output is a number of the map.
struct Store<'a> {
    y: &'a mut [f32],
    blocks: &'a [Block],
    plane: usize,
}

impl<S: Simd> Sink<S> for Store<'_> {
    #[inline(always)]
    fn take<const F: usize>(&mut self, _: S, block: usize, first: usize, sums: [[S::V; 4]; F]) {
        let outputs = self.blocks[block].outputs;
        for (f, sums) in sums.into_iter().enumerate() {
            // The right column and the lower row first: see `Block`.
            for i in [3, 1, 2, 0] {
                let at = (outputs[i] + (first + f) * self.plane) * S::LANES;
                debug_assert!(at + S::LANES <= self.y.len());
                // SAFETY: [`run`] checked that `y` reaches every output of every filter.
                unsafe { sums[i].store_at(self.y.as_mut_ptr().add(at)) };
            }
        }
    }
}

/// The layout of the input: vectors from one row to the next, and from one channel to the next.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Vectors from one row to the next.
    pub row: usize,
    /// Vectors from one channel to the next.
    pub plane: usize,
    /// Channels.
    pub channels: usize,
}

impl Source {
    /// Vectors that a 4×4 patch of every channel reaches from its corner.
    pub(crate) fn reach(&self) -> usize {
        self.channels.saturating_sub(1) * self.plane + 3 * self.row + 4
    }
}

/// The geometry of one correlation, worked out once.
#[derive(Clone, Debug)]
pub struct Correlation {
    blocks: Vec<Block>,
    source: Source,
    filters: usize,
    /// Filters that are computed together: what the registers hold that this is made for.
    together: usize,
    /// Vectors from one output channel to the next.
    output_plane: usize,
    input_reach: usize,
    output_reach: usize,
}

/// Blocks and filters that are computed together: what the registers hold, with the sums combined along a row.
pub(crate) const fn together<S: Simd>() -> (usize, usize) {
    match S::FILTERS {
        0 | 1 => (1, 1),
        2 | 3 => (4, 2),
        _ => (2, 4),
    }
}

/// Whether inputs are transformed between products: where there are registers for both.
const fn ahead<S: Simd>() -> bool {
    S::FILTERS >= 4
}

/// Vectors of room that the kernel needs.
#[must_use]
pub fn scratch_len(registers: &Registers, channels: usize, filters: usize) -> usize {
    registers.winograd_blocks * (2 * 4 * channels.min(CHANNELS) + 8 * filters)
}

/// `total` in parts of `most`, a power of two, and smaller powers of two for what remains.
pub(crate) fn parts(total: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
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
    bias: &'a [f32],
    weights: &'a [f32],
    /// Transformed inputs `[column of positions][channel][block]`, those in use and the next.
    inputs: [*mut f32; 2],
    /// Sums combined along the row of positions, `[row of positions][filter][column of the block][block]`.
    sums: *mut f32,
}

/// A row of positions of some channels.
#[derive(Clone, Copy, Default)]
struct Row {
    i: usize,
    /// The first channel, and how many.
    first: usize,
    channels: usize,
    /// Which of the two buffers has the transformed inputs.
    buffer: usize,
    /// Whether no channels come after these.
    last: bool,
}

/// The transform of the inputs of B blocks, and how many pairs of channel and block are done.
///
/// It is bound by stores, and by loads that miss the first-level cache; products are bound by multiply-adds. So it
/// goes piece by piece between the products of the inputs before, and the processor overlaps the two; with few registers,
/// where that lost time, all at once after them.
#[derive(Clone, Copy)]
struct Transform<const B: usize> {
    /// The number of the first block.
    block: usize,
    group: [Block; B],
    row: Row,
    done: usize,
}

impl Correlation {
    /// A correlation over `blocks` of outputs, for these registers.
    #[must_use]
    pub fn new(
        registers: &Registers,
        blocks: Vec<Block>,
        source: Source,
        filters: usize,
        output_plane: usize,
    ) -> Self {
        let input_reach =
            blocks.iter().map(|b| b.input).max().map_or(0, |furthest| furthest + source.reach());
        let outputs = blocks.iter().flat_map(|b| b.outputs).max();
        let output_reach =
            outputs.map_or(0, |furthest| furthest + filters.saturating_sub(1) * output_plane + 1);
        let together = registers.winograd_filters;
        Self { blocks, source, filters, together, output_plane, input_reach, output_reach }
    }

    /// Multiply-adds of one image, without the transforms' additions.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        self.blocks.len() * 16 * self.source.channels * self.filters
    }

    /// Channels of the input.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.source.channels
    }

    /// Floats of all biases and transformed weights.
    #[must_use]
    pub fn packed_len(&self) -> usize {
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
    ///
    /// # Panics
    /// If `packed` is shorter than [`Self::packed_len`], or there are fewer biases than filters.
    pub fn pack(
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
            for (filter, filters) in parts(self.filters, self.together) {
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

    /// Computes the outputs of every filter, and hands them to `sink`, a block at a time.
    ///
    /// # Panics
    /// If `x`, `packed` or `scratch` is shorter than the geometry needs, or this is made for other registers.
    #[inline(always)]
    fn run_into<S: Simd>(
        &self,
        s: S,
        x: &[f32],
        packed: &[f32],
        scratch: &mut [f32],
        sink: &mut impl Sink<S>,
    ) {
        assert!(x.len() >= self.input_reach * S::LANES, "input is shorter than the correlation reaches");
        let (blocks, filters) = const { together::<S>() };
        assert_eq!(self.together, filters, "a correlation made for other registers");
        let channels = self.source.channels.min(CHANNELS);
        let scratch = &mut scratch[..blocks * (2 * 4 * channels + 8 * self.filters) * S::LANES];
        let (bias, weights) = packed[..self.packed_len()].split_at(self.filters);
        let inputs = 4 * blocks * channels * S::LANES;
        let (inputs_now, rest) = scratch.split_at_mut(inputs);
        let (inputs_next, sums) = rest.split_at_mut(inputs);
        let run = Run {
            x: x.as_ptr(),
            bias,
            weights,
            inputs: [inputs_now.as_mut_ptr(), inputs_next.as_mut_ptr()],
            sums: sums.as_mut_ptr(),
        };
        let mut first = 0;
        for size in [4, 2, 1].into_iter().filter(|&size| size <= blocks) {
            let some = first..first + (self.blocks.len() - first) / size * size;
            first = some.end;
            // SAFETY: the lengths were asserted above, and scratch is as long as `size` blocks need.
            unsafe {
                match size {
                    4 if const { together::<S>().0 >= 4 } => self.groups::<S, 4>(s, run, some, sink),
                    2 if const { together::<S>().0 >= 2 } => self.groups::<S, 2>(s, run, some, sink),
                    _ => self.groups::<S, 1>(s, run, some, sink),
                }
            }
        }
    }

    /// All filters of blocks, B at a time.
    ///
    /// # Safety
    /// The pointers of `run` reach as far as the geometry says; the blocks are a multiple of B.
    #[inline(always)]
    unsafe fn groups<S: Simd, const B: usize>(
        &self,
        s: S,
        run: Run<'_>,
        blocks: Range<usize>,
        sink: &mut impl Sink<S>,
    ) {
        let channels = self.source.channels;
        let rows = 4 * channels.div_ceil(CHANNELS);
        let stages = blocks.len() / B * rows;
        let stage = |k: usize| {
            let first = k % rows / 4 * CHANNELS;
            let mut row = Row {
                i: k % 4,
                first,
                channels: CHANNELS.min(channels - first),
                buffer: if ahead::<S>() { k % 2 } else { 0 },
                ..Row::default()
            };
            row.last = first + row.channels == channels;
            row
        };
        let mut now = Transform { block: 0, group: [Block::default(); B], row: Row::default(), done: 0 };
        for k in 0..=stages {
            // While the products of this stage are summed, the inputs of the next are transformed.
            let mut next = Transform { block: now.block, group: now.group, row: Row::default(), done: 0 };
            if k < stages {
                next.block = blocks.start + k / rows * B;
                next.group.copy_from_slice(&self.blocks[next.block..][..B]);
                next.row = stage(k);
            }
            let row = now.row;
            // SAFETY: by this function's own contract; the channels exist.
            unsafe {
                if row.channels > 0 {
                    let count = parts(self.filters, together::<S>().1).count();
                    let share = (next.row.channels * B).div_ceil(4 * count);
                    let start = self.filters * (16 * row.first + 4 * row.channels * row.i);
                    let mut rest = &run.weights[start..][..4 * row.channels * self.filters];
                    for (filter, size) in parts(self.filters, together::<S>().1) {
                        let (w, after) = rest.split_at(4 * row.channels * size);
                        rest = after;
                        // `w` has the weights of `size` filters that exist.
                        match size {
                            4 if const { together::<S>().1 >= 4 } => {
                                self.filters::<S, B, 4>(s, run, &now, w, filter, &mut next, share, sink)
                            }
                            2 if const { together::<S>().1 >= 2 } => {
                                self.filters::<S, B, 2>(s, run, &now, w, filter, &mut next, share, sink)
                            }
                            _ => self.filters::<S, B, 1>(s, run, &now, w, filter, &mut next, share, sink),
                        }
                    }
                }
                self.transform(s, run, &mut next, usize::MAX);
            }
            now = next;
        }
    }

    /// Writes row i of Bᵀ d B of some channels: up to `most` more pairs of channel and block.
    ///
    /// # Safety
    /// As for `groups`; the channels exist.
    #[inline(always)]
    unsafe fn transform<S: Simd, const B: usize>(
        &self,
        s: S,
        run: Run<'_>,
        transform: &mut Transform<B>,
        most: usize,
    ) {
        let Transform { group, row, done, .. } = transform;
        let end = done.saturating_add(most).min(row.channels * B);
        let (upper, lower, add) = INPUT_ROWS[row.i];
        let (upper, lower) = (upper * self.source.row, lower * self.source.row);
        for pair in *done..end {
            let (c, b) = (pair / B, pair % B);
            // SAFETY: patches of existing channels are within `input_reach`, and scratch holds 4 numbers for
            // each channel and block.
            unsafe {
                let at = run.x.add((group[b].input + (row.first + c) * self.source.plane) * S::LANES);
                let t = if add {
                    combined::<S, true>(s, at, upper, lower)
                } else {
                    combined::<S, false>(s, at, upper, lower)
                };
                let v = [t[0] - t[2], t[1] + t[2], t[2] - t[1], t[3] - t[1]];
                for (j, v) in v.iter().enumerate() {
                    v.store_at(run.inputs[row.buffer].add((j * row.channels * B + pair) * S::LANES));
                }
            }
        }
        *done = end;
    }

    /// The products of one row of positions, combined along it, of F filters; after the last row the outputs.
    ///
    /// # Safety
    /// As for `group`; `w` has 4 · channels · F weights and filters `first..first + F` exist.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // one call, and none of them belong together
    unsafe fn filters<S: Simd, const B: usize, const F: usize>(
        &self,
        s: S,
        run: Run<'_>,
        now: &Transform<B>,
        w: &[f32],
        first: usize,
        next: &mut Transform<B>,
        share: usize,
        sink: &mut impl Sink<S>,
    ) {
        let Transform { block, row: Row { i, first: channel, channels, buffer, last }, .. } = *now;
        // SAFETY: by this function's own contract every address below is in its buffer.
        unsafe {
            let v = run.inputs[buffer].cast_const();
            let [left, right] = self.along_row::<S, B, F>(s, run, v, w.as_ptr(), channels, next, share);
            for f in 0..F {
                let at = |i: usize, column: usize, b: usize| {
                    run.sums.add((((i * self.filters + first + f) * 2 + column) * B + b) * S::LANES)
                };
                let bias = s.splat(*run.bias.get_unchecked(first + f));
                for b in 0..B {
                    let mut outputs = [s.zero(); 4];
                    for (column, mut z) in [(1, right[f][b]), (0, left[f][b])] {
                        if channel > 0 {
                            z = s.load_at(at(i, column, b)) + z;
                        }
                        if i < 3 || !last {
                            z.store_at(at(i, column, b));
                            continue;
                        }
                        let [z0, z1, z2] = [0, 1, 2].map(|i| s.load_at(at(i, column, b)));
                        outputs[column] = ((z0 + z1) + z2) + bias;
                        outputs[2 + column] = ((z1 - z2) + z) + bias;
                    }
                    if i == 3 && last {
                        sink.take(s, block + b, first + f, [outputs]);
                    }
                }
            }
        }
    }

    /// The products of one row of positions, combined along it: what becomes the left outputs, and the right ones.
    ///
    /// # Safety
    /// As for `filters`; `v` has 4 · channels · B vectors, `w` 4 · channels · F floats.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)] // as of `filters`
    unsafe fn along_row<S: Simd, const B: usize, const F: usize>(
        &self,
        s: S,
        run: Run<'_>,
        v: *const f32,
        w: *const f32,
        channels: usize,
        next: &mut Transform<B>,
        share: usize,
    ) -> [[[S::V; B]; F]; 2] {
        let (mut left, mut right) = ([[s.zero(); B]; F], [[s.zero(); B]; F]);
        // SAFETY: by this function's own contract every address below is in its buffer.
        unsafe {
            if B == 1 {
                let m = products_of_row::<S, F>(s, v, w, channels);
                for f in 0..F {
                    left[f][0] = (m[0][f] + m[1][f]) + m[2][f];
                    right[f][0] = (m[1][f] - m[2][f]) + m[3][f];
                }
                if ahead::<S>() {
                    self.transform(s, run, next, 4 * share);
                }
                return [left, right];
            }
            // Each is combined as soon as it is there: registers hold no more. Written out, since in a loop over the
            // positions the compiler keeps the sums in memory, which takes a fifth longer.
            let v = |j: usize| v.add(j * channels * B * S::LANES);
            let w = |j: usize| w.add(j * channels * F);
            let m = products::<S, B, F>(s, v(0), w(0), channels);
            for f in 0..F {
                for b in 0..B {
                    left[f][b] = m[f][b];
                }
            }
            if ahead::<S>() {
                self.transform(s, run, next, share);
            }
            let m = products::<S, B, F>(s, v(1), w(1), channels);
            for f in 0..F {
                for b in 0..B {
                    left[f][b] = left[f][b] + m[f][b];
                    right[f][b] = m[f][b];
                }
            }
            if ahead::<S>() {
                self.transform(s, run, next, share);
            }
            let m = products::<S, B, F>(s, v(2), w(2), channels);
            for f in 0..F {
                for b in 0..B {
                    left[f][b] = left[f][b] + m[f][b];
                    right[f][b] = right[f][b] - m[f][b];
                }
            }
            if ahead::<S>() {
                self.transform(s, run, next, share);
            }
            let m = products::<S, B, F>(s, v(3), w(3), channels);
            for f in 0..F {
                for b in 0..B {
                    right[f][b] = right[f][b] + m[f][b];
                }
            }
            if ahead::<S>() {
                self.transform(s, run, next, share);
            }
        }
        [left, right]
    }
}

/// Two rows of four, added or subtracted, `upper` and `lower` vectors from `at`.
///
/// # Safety
/// Four vectors can be read there.
#[inline(always)]
pub(crate) unsafe fn combined<S: Simd, const ADD: bool>(
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

/// [`products`] of one block at the four positions of a row, side by side: each alone would wait for its own sums.
///
/// # Safety
/// `v` has 4 · channels vectors, `w` 4 · channels · F floats.
#[inline(always)]
unsafe fn products_of_row<S: Simd, const F: usize>(
    s: S,
    v: *const f32,
    w: *const f32,
    channels: usize,
) -> [[S::V; F]; 4] {
    let mut sums = [[s.zero(); F]; 4];
    for c in 0..channels {
        for (j, sums) in sums.iter_mut().enumerate() {
            let at = j * channels + c;
            // SAFETY: the caller vouches for it.
            let x = unsafe { s.load_at(v.add(at * S::LANES)) };
            for (f, sum) in sums.iter_mut().enumerate() {
                // SAFETY: the caller vouches for it.
                *sum = x.mul_add(s.splat(unsafe { *w.add(at * F + f) }), *sum);
            }
        }
    }
    sums
}

/// Computes every output of every filter from `x` into `y`.
///
/// # Panics
/// If a slice is shorter than the geometry needs.
#[inline(always)]
pub(crate) fn run<S: Simd>(
    s: S,
    of: &Correlation,
    x: &[f32],
    packed: &[f32],
    scratch: &mut [f32],
    y: &mut [f32],
) {
    assert!(y.len() >= of.output_reach * S::LANES, "output is shorter than the correlation reaches");
    let mut store = Store { y, blocks: &of.blocks, plane: of.output_plane };
    of.run_into(s, x, packed, scratch, &mut store);
}

/// Computes the outputs of every filter, and keeps the largest of each block.
#[inline(always)]
pub(crate) fn run_largest<S: Simd>(
    s: S,
    of: &Correlation,
    x: &[f32],
    packed: &[f32],
    scratch: &mut [f32],
    largest: &mut Largest<'_>,
) {
    of.run_into(s, x, packed, scratch, largest);
}
