//! The gradient of a 3×3 kernel by blocks of 2×2 outputs.
//!
//! ```text
//! dU[i][j][f][c] = Σ_lanes Σ_blocks  (A dY Aᵀ)[i][j][f][block] · (Bᵀ d B)[i][j][c][block]        dW = Gᵀ dU G
//! ```
//!
//! One row i of the 4×4 positions at a time: A dY Aᵀ of all filters is written; then, for a few channels, row i of
//! Bᵀ d, which is combined along the row only as it is multiplied. The accumulators of some filters × channels
//! stay in registers for all blocks of the map, or of as many of its rows as keep what is written in the cache.
//!
//! The transform by G comes after the sum over lanes, and rounds; so it is applied to the sum of the lower eight
//! lanes and to that of the upper eight, and then these are added, as they are where a register has eight.

use super::correlate::{Source, parts};
use super::{INPUT_ROWS, gather};
use crate::Registers;
use crate::simd::{Simd, Vector};

/// Channels of a block of accumulators.
const CHANNELS: usize = 3;

/// Blocks of outputs that are summed in registers before lanes meet, if more than one row of them. Part of the order of
/// summation, so the same for every register width.
const BLOCKS: usize = 64;

/// The layout of the output's gradient: the first pixel, vectors from one row to the next, and from one filter to the
/// next.
#[derive(Clone, Copy, Debug)]
pub struct Gradient {
    /// The first pixel.
    pub first: usize,
    /// Vectors from one row to the next.
    pub row: usize,
    /// Vectors from one filter to the next.
    pub plane: usize,
    /// Filters.
    pub filters: usize,
}

/// The geometry of one weight gradient, worked out once.
#[derive(Clone, Debug)]
pub struct Outer {
    /// Where the 4×4 inputs of the first block begin.
    first: usize,
    source: Source,
    gradient: Gradient,
    /// Rows and columns of blocks.
    rows: usize,
    columns: usize,
}

/// Some rows of blocks, and one row of positions.
#[derive(Clone, Copy)]
struct Band {
    i: usize,
    from: usize,
    rows: usize,
}

/// What the functions of one run share.
#[derive(Clone, Copy)]
struct Run {
    x: *const f32,
    dy: *const f32,
    /// Row i of A dY Aᵀ: `[column of positions][group of filters][block][filter of the group]`, one stream for each
    /// block of accumulators.
    gradients: *mut f32,
    /// Row i of Bᵀ d of some channels: `[channel][row of blocks][column]`.
    inputs: *mut f32,
    /// dU: `[half of the lanes][position][channel][filter]`, each position `stride` long.
    sums: *mut f32,
    stride: usize,
}

/// What is written between the stages.
struct Rooms {
    /// Rows of blocks that are summed before lanes meet.
    rows: usize,
    /// Vectors of A dY Aᵀ.
    gradients: usize,
    /// Vectors of Bᵀ d.
    inputs: usize,
    /// Floats of one position of dU.
    stride: usize,
}

impl Rooms {
    fn new(channels: usize, filters: usize, (rows, columns): (usize, usize)) -> Self {
        let rows = (BLOCKS / columns.max(1)).clamp(1, rows.max(1));
        Self {
            rows,
            gradients: 4 * filters * rows * columns,
            inputs: CHANNELS * rows * (2 * columns + 2),
            stride: (channels * filters).next_multiple_of(16),
        }
    }

    fn vectors(&self, lanes: usize) -> usize {
        self.gradients + self.inputs + 2 * 16 * self.stride / lanes
    }
}

/// Vectors of room that the kernel needs for so many rows and columns of blocks.
#[must_use]
pub fn scratch_len(registers: &Registers, channels: usize, filters: usize, blocks: (usize, usize)) -> usize {
    Rooms::new(channels, filters, blocks).vectors(registers.lanes)
}

impl Outer {
    /// Over `rows` × `columns` blocks; `first` is where the inputs of the first begin.
    ///
    /// Where the map is odd, the last blocks read one row, or column, of zeros beyond the output's gradient.
    #[must_use]
    pub fn new(first: usize, source: Source, gradient: Gradient, rows: usize, columns: usize) -> Self {
        Self { first, source, gradient, rows, columns }
    }

    fn pairs(&self) -> usize {
        self.source.channels * self.gradient.filters
    }

    /// Multiply-adds of one image, without the transforms' additions.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        self.rows * self.columns * 16 * self.pairs()
    }

    fn rooms(&self) -> Rooms {
        Rooms::new(self.source.channels, self.gradient.filters, (self.rows, self.columns))
    }

    /// Adds some rows of blocks to a row of positions of dU.
    ///
    /// # Safety
    /// The pointers of `run` reach as far as the geometry says, and the rows exist.
    #[inline(always)]
    unsafe fn positions<S: Simd>(&self, s: S, run: Run, band: Band) {
        let channels = self.source.channels;
        // SAFETY: by this function's own contract; channels and filters exist.
        unsafe {
            match band.i {
                0 => self.spread::<S, 0>(s, run, band),
                1 => self.spread::<S, 1>(s, run, band),
                2 => self.spread::<S, 2>(s, run, band),
                _ => self.spread::<S, 3>(s, run, band),
            }
            let mut c = 0;
            while c < channels {
                if S::BLOCKS && channels - c >= CHANNELS {
                    self.channels::<S, CHANNELS>(s, run, band, c);
                    c += CHANNELS;
                } else {
                    self.channels::<S, 1>(s, run, band, c);
                    c += 1;
                }
            }
        }
    }

    /// Writes row I of A dY Aᵀ of all filters.
    ///
    /// # Safety
    /// As for `positions`.
    #[inline(always)]
    unsafe fn spread<S: Simd, const I: usize>(&self, s: S, run: Run, Band { from, rows, .. }: Band) {
        let Gradient { first, row, plane, filters } = self.gradient;
        let blocks = rows * self.columns;
        for (filter, size) in parts(filters, S::ROWS) {
            for (f, r) in (0..size).flat_map(|f| (0..rows).map(move |r| (f, r))) {
                // SAFETY: the caller vouches for the pixels; there is room for 4 · filters · blocks vectors.
                unsafe {
                    let from = run.dy.add((first + (filter + f) * plane + 2 * (from + r) * row) * S::LANES);
                    let to = run.gradients.add((filter * blocks + r * self.columns * size + f) * S::LANES);
                    for b in 0..self.columns {
                        let mut e = [s.zero(); 2];
                        for (column, e) in e.iter_mut().enumerate() {
                            let upper = from.add((2 * b + column) * S::LANES);
                            let lower = upper.add(row * S::LANES);
                            *e = match I {
                                0 => s.load_at(upper),
                                1 => s.load_at(upper) + s.load_at(lower),
                                2 => s.load_at(upper) - s.load_at(lower),
                                _ => s.load_at(lower),
                            };
                        }
                        let [left, right] = e;
                        for (j, m) in [left, left + right, left - right, right].into_iter().enumerate() {
                            m.store_at(to.add((j * filters * blocks + b * size) * S::LANES));
                        }
                    }
                }
            }
        }
    }

    /// Adds the products of T channels with all filters.
    ///
    /// # Safety
    /// As for `positions`; channels `first..first + T` exist.
    #[inline(always)]
    unsafe fn channels<S: Simd, const T: usize>(&self, s: S, run: Run, band: Band, first: usize) {
        // SAFETY: by this function's own contract.
        unsafe {
            if INPUT_ROWS[band.i].2 {
                self.transform::<S, T, true>(s, run, band, first);
            } else {
                self.transform::<S, T, false>(s, run, band, first);
            }
            for (j, &(_, _, add)) in INPUT_ROWS.iter().enumerate() {
                if add {
                    self.filters::<S, T, true>(s, run, band, first, j);
                } else {
                    self.filters::<S, T, false>(s, run, band, first, j);
                }
            }
        }
    }

    /// Writes row i of Bᵀ d of T channels.
    ///
    /// # Safety
    /// As for `channels`.
    #[inline(always)]
    unsafe fn transform<S: Simd, const T: usize, const ADD: bool>(
        &self,
        s: S,
        run: Run,
        Band { i, from, rows }: Band,
        first: usize,
    ) {
        let Source { row, plane, .. } = self.source;
        let (upper, lower, _) = INPUT_ROWS[i];
        let width = 2 * self.columns + 2;
        for c in 0..T {
            for r in 0..rows {
                // SAFETY: the caller vouches for the inputs; there is room for T · rows · width vectors.
                unsafe {
                    let from =
                        run.x.add((self.first + (first + c) * plane + 2 * (from + r) * row) * S::LANES);
                    let to = run.inputs.add((c * rows + r) * width * S::LANES);
                    for column in 0..width {
                        let a = s.load_at(from.add((upper * row + column) * S::LANES));
                        let b = s.load_at(from.add((lower * row + column) * S::LANES));
                        let t = if ADD { a + b } else { a - b };
                        t.store_at(to.add(column * S::LANES));
                    }
                }
            }
        }
    }

    /// Adds position (i, j) of T channels with all filters.
    ///
    /// # Safety
    /// As for `channels`.
    #[inline(always)]
    unsafe fn filters<S: Simd, const T: usize, const ADD: bool>(
        &self,
        s: S,
        run: Run,
        band: Band,
        first: usize,
        j: usize,
    ) {
        for (f, size) in parts(self.gradient.filters, S::ROWS) {
            // SAFETY: by this function's own contract; so many filters exist.
            unsafe {
                match size {
                    8 if const { S::ROWS >= 8 } => self.block::<S, 8, T, ADD>(s, run, band, (f, first), j),
                    4 if const { S::ROWS >= 4 } => self.block::<S, 4, T, ADD>(s, run, band, (f, first), j),
                    2 if const { S::ROWS >= 2 } => self.block::<S, 2, T, ADD>(s, run, band, (f, first), j),
                    _ => self.block::<S, 1, T, ADD>(s, run, band, (f, first), j),
                }
            }
        }
    }

    /// Adds position (i, j) of R filters × T channels.
    ///
    /// # Safety
    /// As for `channels`; filters `filter..filter + R` exist.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const T: usize, const ADD: bool>(
        &self,
        s: S,
        run: Run,
        Band { i, rows, .. }: Band,
        (filter, channel): (usize, usize),
        j: usize,
    ) {
        let filters = self.gradient.filters;
        let (blocks, width) = (rows * self.columns, 2 * self.columns + 2);
        let (left, right, _) = INPUT_ROWS[j];
        let mut sums = [[s.zero(); R]; T];
        // SAFETY: by this function's own contract every address below is inside the buffers of `run`.
        unsafe {
            let mut m = run.gradients.add((j * filters + filter) * blocks * S::LANES).cast_const();
            for r in 0..rows {
                let t = run.inputs.add(r * width * S::LANES);
                for b in 0..self.columns {
                    let mut v = [s.zero(); T];
                    for (c, v) in v.iter_mut().enumerate() {
                        let t = t.add((c * rows * width + 2 * b) * S::LANES);
                        let (x, y) = (s.load_at(t.add(left * S::LANES)), s.load_at(t.add(right * S::LANES)));
                        *v = if ADD { x + y } else { x - y };
                    }
                    for f in 0..R {
                        let m = s.load_at(m.add(f * S::LANES));
                        for (sums, v) in sums.iter_mut().zip(v) {
                            sums[f] = v.mul_add(m, sums[f]);
                        }
                    }
                    m = m.add(R * S::LANES);
                }
            }
            // Lanes meet, eight sums at a time.
            let position = run.sums.add((4 * i + j) * run.stride + channel * filters + filter);
            let mut n = 0;
            while n < R * T {
                let mut eight = [s.zero(); 8];
                for (k, to) in eight.iter_mut().enumerate() {
                    if n + k < R * T {
                        *to = sums[(n + k) / R][(n + k) % R];
                    }
                }
                let halves = S::V::half_sums(eight);
                for (half, halves) in halves.iter().enumerate().take(S::LANES / 8) {
                    for (k, sum) in halves.iter().enumerate() {
                        if n + k < R * T {
                            let (c, f) = ((n + k) / R, (n + k) % R);
                            *position.add(half * 16 * run.stride + c * filters + f) += sum;
                        }
                    }
                }
                n += 8;
            }
        }
    }

    /// dW = Gᵀ dU G, for either half of the lanes.
    #[inline(always)]
    fn finish<S: Simd>(&self, s: S, sums: &[f32], dw: &mut [f32]) {
        let Gradient { filters, .. } = self.gradient;
        let (channels, stride) = (self.source.channels, self.rooms().stride);
        for start in (0..self.pairs()).step_by(S::LANES) {
            let mut total = [s.zero(); 9];
            for half in 0..S::LANES / 8 {
                let sums = &sums[half * 16 * stride + start..];
                let mut rows = [[s.zero(); 4]; 3];
                for j in 0..4 {
                    let mut u = [s.zero(); 4];
                    for (i, u) in u.iter_mut().enumerate() {
                        *u = s.load(&sums[(4 * i + j) * stride..]);
                    }
                    for (row, along) in rows.iter_mut().zip(gather(s, u)) {
                        row[j] = along;
                    }
                }
                for (row, total) in rows.into_iter().zip(total.chunks_exact_mut(3)) {
                    for (w, total) in gather(s, row).into_iter().zip(total) {
                        *total = if half == 0 { w } else { *total + w };
                    }
                }
            }
            let mut lanes = [[0.0; 16]; 9];
            for (total, lanes) in total.iter().zip(&mut lanes) {
                total.store(lanes);
            }
            for pair in start..(start + S::LANES).min(self.pairs()) {
                let (c, f) = (pair / filters, pair % filters);
                let to = &mut dw[9 * (f * channels + c)..][..9];
                for (to, lanes) in to.iter_mut().zip(&lanes) {
                    *to = lanes[pair - start];
                }
            }
        }
    }
}

/// Writes the gradient of all weights, `dw[filter][channel][row][column]`.
///
/// # Panics
/// If `dw` is not filters × channels × 9 long, or another slice is shorter than the geometry needs.
#[inline(always)]
pub(crate) fn run<S: Simd>(s: S, of: &Outer, x: &[f32], dy: &[f32], scratch: &mut [f32], dw: &mut [f32]) {
    assert_eq!(dw.len(), 9 * of.pairs(), "weight gradient has another size");
    let rooms = of.rooms();
    let scratch = &mut scratch[..rooms.vectors(S::LANES) * S::LANES];
    let last = (of.rows.saturating_sub(1), of.columns.saturating_sub(1));
    let reach = of.first + 2 * last.0 * of.source.row + 2 * last.1 + of.source.reach();
    assert!(x.len() >= reach * S::LANES, "input is shorter than the gradient reaches");
    let Gradient { first, row, plane, filters } = of.gradient;
    let reach = first + (2 * last.0 + 1) * row + 2 * last.1 + 2 + filters.saturating_sub(1) * plane;
    assert!(dy.len() >= reach * S::LANES, "output gradient is shorter than its geometry");
    let (gradients, rest) = scratch.split_at_mut(rooms.gradients * S::LANES);
    let (inputs, sums) = rest.split_at_mut(rooms.inputs * S::LANES);
    sums.fill(0.0);
    let run = Run {
        x: x.as_ptr(),
        dy: dy.as_ptr(),
        gradients: gradients.as_mut_ptr(),
        inputs: inputs.as_mut_ptr(),
        sums: sums.as_mut_ptr(),
        stride: rooms.stride,
    };
    for from in (0..of.rows).step_by(rooms.rows) {
        let rows = rooms.rows.min(of.rows - from);
        for i in 0..4 {
            // SAFETY: the lengths of `x` and `dy` were asserted above; scratch was cut as it is used.
            unsafe { of.positions(s, run, Band { i, from, rows }) };
        }
    }
    of.finish(s, sums, dw);
}
