//! A convolution seen through max-pooling in windows of 2×2: the largest of four sums and which it was, and the
//! gradient of the weights through that choice.
//!
//! ```text
//! y[f][w]  = max(floor, max_i s[f][w][i])                 s: the sums of a correlation at the window's four pixels
//! dw[f][j] = Σ_lanes Σ_w Σ_i [i won] · dy[f][w] · x[input(w, i) + offset(j)]
//! ```
//!
//! with filters f, windows w, pixels i of a window in row-major order, and taps j. The full-size map and its gradient,
//! four times as large as what is kept of them, are never written. What is remembered of a window is which pixel
//! was the first maximum, as one bit for each lane; no bit is set where the floor (zero, for a rectifier)
//! was larger.

use super::correlate::Sink;
use crate::simd::{Simd, Vector};

/// For each pixel of a window, the lanes in which it is the first maximum and above the floor.
pub type Winners = [u16; 4];

/// Keeps of every four sums the largest.
#[derive(Debug)]
pub struct Largest<'a> {
    /// The pooled map.
    pub y: &'a mut [f32],
    /// For each window its position in `y`, in vectors.
    pub outputs: &'a [usize],
    /// Vectors from one output channel to the next.
    pub plane: usize,
    /// What is smaller becomes this: 0 for a rectifier, −∞ for none.
    pub floor: f32,
    /// `[filter][window]`; empty where no gradient will be asked for.
    pub winners: &'a mut [Winners],
}

impl<S: Simd> Sink<S> for Largest<'_> {
    #[inline(always)]
    fn take<const F: usize>(&mut self, s: S, window: usize, first: usize, sums: [[S::V; 4]; F]) {
        let floor = s.splat(self.floor);
        for (f, [a, b, c, d]) in sums.into_iter().enumerate() {
            // The later one wins only if it is larger: of equals the first does.
            let (top, bottom) = (b.max(a), d.max(c));
            let largest = floor.max(bottom.max(top));
            // A NaN loses every comparison above, but has to be seen.
            let all = (a + b) + (c + d);
            let y = S::V::select(all.equal(all), largest, all);
            y.store(&mut self.y[(self.outputs[window] + (first + f) * self.plane) * S::LANES..]);
            if !self.winners.is_empty() {
                let [second, fourth, below] = [a.less(b), c.less(d), top.less(bottom)].map(S::V::bits);
                let above = S::V::bits(floor.less(largest));
                let (top, bottom) = (above & !below, above & below);
                self.winners[(first + f) * self.outputs.len() + window] =
                    [top & !second, top & second, bottom & !fourth, bottom & fourth];
            }
        }
    }
}

/// A pixel of a window: where the convolution reads, and where the window's gradient stands, in vectors.
#[derive(Clone, Copy, Debug)]
struct Pixel {
    input: usize,
    gradient: usize,
}

/// The geometry of a weight gradient through the winners, worked out once.
#[derive(Clone, Debug)]
pub struct WinnersOuter {
    /// Those of all windows, four of each.
    pixels: Vec<Pixel>,
    offsets: Vec<usize>,
    filters: usize,
    /// Vectors from one channel of the gradient to the next.
    plane: usize,
    input_reach: usize,
    gradient_reach: usize,
}

/// Taps of a block: a whole 3×3 kernel of one channel.
const TAPS: usize = 9;

impl WinnersOuter {
    /// Over `windows`, each the input positions of its pixels and the position of its gradient.
    #[must_use]
    pub fn new(windows: Vec<([usize; 4], usize)>, offsets: Vec<usize>, filters: usize, plane: usize) -> Self {
        let offset = offsets.iter().max().copied().unwrap_or(0);
        let input_reach = windows.iter().flat_map(|w| w.0).max().map_or(0, |input| input + offset + 1);
        let last = filters.saturating_sub(1) * plane;
        let gradient_reach = windows.iter().map(|w| w.1).max().map_or(0, |at| at + last + 1);
        let pixels = windows
            .into_iter()
            .flat_map(|(inputs, gradient)| inputs.map(|input| Pixel { input, gradient }))
            .collect();
        Self { pixels, offsets, filters, plane, input_reach, gradient_reach }
    }

    /// Multiply-adds of one image.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        self.pixels.len() * self.offsets.len() * self.filters
    }

    /// All taps of the filters `first..first + R`.
    ///
    /// # Safety
    /// The slices are as long as [`run`] asserts, and `first + R <= filters`.
    #[inline(always)]
    unsafe fn rows<S: Simd, const R: usize>(
        &self,
        s: S,
        x: &[f32],
        dy: &[f32],
        winners: &[Winners],
        dw: &mut [f32],
        first: usize,
    ) {
        let taps = self.offsets.len();
        let mut j = 0;
        while j < taps {
            let dw = &mut dw[first * taps + j..];
            if S::BLOCKS && taps - j >= TAPS {
                // SAFETY: so many taps are left; the rest is this function's own contract.
                unsafe { self.block::<S, R, TAPS>(s, x, dy, winners, dw, first, j) };
                j += TAPS;
            } else {
                // SAFETY: tap j exists; the rest is this function's own contract.
                unsafe { self.block::<S, R, 1>(s, x, dy, winners, dw, first, j) };
                j += 1;
            }
        }
    }

    /// Filters `first..first + R` × taps `tap..tap + T`, summed over pixels and lanes.
    ///
    /// # Safety
    /// As for `rows`, and `tap + T` taps exist.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    unsafe fn block<S: Simd, const R: usize, const T: usize>(
        &self,
        s: S,
        x: &[f32],
        dy: &[f32],
        winners: &[Winners],
        dw: &mut [f32],
        first: usize,
        tap: usize,
    ) {
        let mut sums = [[s.zero(); T]; R];
        let mut offsets = [0; T];
        offsets.copy_from_slice(&self.offsets[tap..tap + T]);
        let x = offsets.map(|offset| x[offset * S::LANES..].as_ptr());
        let zero = s.zero();
        let pixels = self.pixels.len();
        let winners = winners.as_flattened()[first * pixels..].as_ptr();
        let dy = dy[first * self.plane * S::LANES..].as_ptr();
        // One flat loop: with the four pixels of a window unrolled, the sums no longer stay in registers.
        for (p, pixel) in self.pixels.iter().enumerate() {
            // SAFETY: by this function's contract every address below is inside `x`, `dy` or `winners`.
            unsafe {
                let dy = dy.add(pixel.gradient * S::LANES);
                let mut g = [zero; R];
                for (r, g) in g.iter_mut().enumerate() {
                    let won = s.mask(*winners.add(r * pixels + p));
                    *g = S::V::keep(won, s.load_at(dy.add(r * self.plane * S::LANES)));
                }
                for (t, x) in x.into_iter().enumerate() {
                    let x = s.load_at(x.add(pixel.input * S::LANES));
                    for (sums, g) in sums.iter_mut().zip(g) {
                        sums[t] = x.mul_add(g, sums[t]);
                    }
                }
            }
        }
        for (sums, dw) in sums.into_iter().zip(dw.chunks_mut(self.offsets.len())) {
            for (sum, to) in sums.into_iter().zip(dw) {
                *to = sum.sum();
            }
        }
    }
}

/// Writes the gradient of all weights, `dw[filter][tap]`, given that of the pooled output.
///
/// # Panics
/// If a slice is shorter than the geometry needs.
#[inline(always)]
pub(crate) fn run<S: Simd>(
    s: S,
    of: &WinnersOuter,
    x: &[f32],
    dy: &[f32],
    winners: &[Winners],
    dw: &mut [f32],
) {
    assert!(x.len() >= of.input_reach * S::LANES, "input is shorter than the gradient reaches");
    assert!(dy.len() >= of.gradient_reach * S::LANES, "output gradient is shorter than its geometry");
    assert_eq!(4 * winners.len(), of.filters * of.pixels.len(), "winners of other windows");
    assert_eq!(dw.len(), of.filters * of.offsets.len(), "weight gradient has another size");
    let mut first = 0;
    while first < of.filters {
        let rows = (of.filters - first).min(S::WINNER_ROWS);
        // SAFETY: the reaches were asserted above, and so many filters are left.
        unsafe {
            match rows {
                3 if const { S::WINNER_ROWS >= 3 } => of.rows::<S, 3>(s, x, dy, winners, dw, first),
                2 if const { S::WINNER_ROWS >= 2 } => of.rows::<S, 2>(s, x, dy, winners, dw, first),
                _ => of.rows::<S, 1>(s, x, dy, winners, dw, first),
            }
        }
        first += rows;
    }
}

/// Where the gradient of each window stands in one channel, and of the next channel, in vectors.
#[derive(Clone, Debug)]
pub struct PooledGradient {
    /// The windows.
    pub windows: Vec<usize>,
    /// Vectors from one channel to the next.
    pub plane: usize,
}

/// Writes the gradient of each channel's bias: the sum of its windows' gradients where any pixel won.
#[inline(always)]
pub(crate) fn sums<S: Simd>(s: S, of: &PooledGradient, dy: &[f32], winners: &[Winners], to: &mut [f32]) {
    for ((f, to), winners) in to.iter_mut().enumerate().zip(winners.chunks_exact(of.windows.len())) {
        let mut sum = s.zero();
        for (&window, [a, b, c, d]) in of.windows.iter().zip(winners) {
            let dy = s.load(&dy[(window + f * of.plane) * S::LANES..]);
            sum = sum + S::V::keep(s.mask(a | b | c | d), dy);
        }
        *to = sum.sum();
    }
}

/// Where the pixels of each window stand in one channel of a whole map, and of the next channel, in vectors.
///
/// A window of fewer than four pixels has its last pixel more than once.
#[derive(Clone, Debug)]
pub struct WindowPixels {
    /// Those of each window, in row-major order.
    pub pixels: Vec<[usize; 4]>,
    /// Vectors from one channel to the next.
    pub plane: usize,
}

/// Writes the gradient of the whole map: that of each window where its winner is, zero elsewhere.
#[inline(always)]
pub(crate) fn unpool<S: Simd>(
    s: S,
    from: &PooledGradient,
    to: &WindowPixels,
    dy: &[f32],
    winners: &[Winners],
    map: &mut [f32],
) {
    for (f, winners) in winners.chunks_exact(to.pixels.len()).enumerate() {
        for ((&window, won), pixels) in from.windows.iter().zip(winners).zip(&to.pixels) {
            let dy = s.load(&dy[(window + f * from.plane) * S::LANES..]);
            // Backwards, because of pixels that stand more than once the first is the one that counts.
            for (&won, pixel) in won.iter().zip(pixels).rev() {
                let to = &mut map[(pixel + f * to.plane) * S::LANES..];
                S::V::keep(s.mask(won), dy).store(to);
            }
        }
    }
}
