//! The kernel of every weight gradient.
//!
//! ```text
//! dw[f][j] = Σ_lanes Σ_p  dy[f][p] · x[input(p) + offset(j)]
//! ```
//!
//! with filters f, taps j and pixels p as in [`super::correlate`]. Each lane sums its own image over the pixels
//! in their order; then the lanes meet in the fixed tree of `Vector::sum`. A block of `ROWS` filters × three
//! taps is kept in registers, so a pixel costs `ROWS` + 3 loads for 3 · `ROWS` multiply-adds.

use crate::simd::{Simd, Vector};

/// Taps of a block: the row of a 3×3 kernel, the most common by far.
const TAPS: usize = 3;

/// Taps of a block of one filter, which has registers for more: a whole 3×3 kernel.
const LONE_TAPS: usize = 9;

/// A run of pixels in one row of the output.
#[derive(Clone, Copy, Debug)]
struct Run {
    input: usize,
    gradient: usize,
    pixels: usize,
}

/// The geometry of one weight gradient, worked out once.
#[derive(Clone, Debug)]
pub struct Outer {
    runs: Vec<Run>,
    /// Vectors from the input position of one pixel to that of the next in its row.
    step: usize,
    offsets: Vec<usize>,
    filters: usize,
    gradient_plane: usize,
    input_reach: usize,
    gradient_reach: usize,
}

impl Outer {
    /// Over `rows` of output pixels, each given by the input and gradient position of its first pixel, with
    /// `pixels` in a row; the next pixel of a row reads `step` vectors further in the input.
    #[must_use]
    pub fn new(
        rows: &[(usize, usize)],
        pixels: usize,
        step: usize,
        offsets: Vec<usize>,
        filters: usize,
        gradient_plane: usize,
    ) -> Self {
        let runs: Vec<Run> = rows.iter().map(|&(input, gradient)| Run { input, gradient, pixels }).collect();
        let last = pixels.saturating_sub(1);
        let furthest = |f: fn(&Run) -> usize| runs.iter().map(f).max().map_or(0, |x| x + 1);
        let input_reach = furthest(|r| r.input) + last * step + offsets.iter().max().copied().unwrap_or(0);
        let gradient_reach = furthest(|r| r.gradient) + last + filters.saturating_sub(1) * gradient_plane;
        Self { runs, step, offsets, filters, gradient_plane, input_reach, gradient_reach }
    }

    /// Multiply-adds of one image.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        self.runs.iter().map(|run| run.pixels).sum::<usize>() * self.offsets.len() * self.filters
    }

    /// All taps of the filters `first..first + R`.
    ///
    /// # Safety
    /// `x` and `dy` reach as far as `input_reach` and `gradient_reach` say, and `first + R <= filters`.
    #[inline(always)]
    unsafe fn rows<S: Simd, const R: usize>(
        &self,
        s: S,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
        first: usize,
    ) {
        let taps = self.offsets.len();
        let mut j = 0;
        while j < taps {
            if const { R == 1 && S::BLOCKS } && taps - j >= LONE_TAPS {
                // SAFETY: so many taps are left; the rest is this function's own contract.
                let sums = unsafe { self.block::<S, R, LONE_TAPS>(s, x, dy, first, j) };
                reduce(&sums, &mut dw[first * taps + j..], taps);
                j += LONE_TAPS;
            } else if S::BLOCKS && taps - j >= TAPS {
                // SAFETY: three taps are left; the rest is this function's own contract.
                let sums = unsafe { self.block::<S, R, TAPS>(s, x, dy, first, j) };
                reduce(&sums, &mut dw[first * taps + j..], taps);
                j += TAPS;
            } else {
                // SAFETY: tap j exists; the rest is this function's own contract.
                let sums = unsafe { self.block::<S, R, 1>(s, x, dy, first, j) };
                reduce(&sums, &mut dw[first * taps + j..], taps);
                j += 1;
            }
        }
    }

    /// Filters `first..first + R` × taps `tap..tap + T`, lane by lane.
    ///
    /// # Safety
    /// As for `rows`, and `tap + T` taps exist.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const T: usize>(
        &self,
        s: S,
        x: &[f32],
        dy: &[f32],
        first: usize,
        tap: usize,
    ) -> [[S::V; T]; R] {
        let mut sums = [[s.zero(); T]; R];
        let mut offsets = [0; T];
        offsets.copy_from_slice(&self.offsets[tap..tap + T]);
        let plane = self.gradient_plane * S::LANES;
        for run in &self.runs {
            // SAFETY: by this function's contract every address below is inside `x` or `dy`.
            unsafe {
                let inputs = offsets.map(|offset| x.as_ptr().add((run.input + offset) * S::LANES));
                let gradients = dy.as_ptr().add((run.gradient + first * self.gradient_plane) * S::LANES);
                for p in 0..run.pixels {
                    let x = inputs.map(|input| s.load_at(input.add(p * self.step * S::LANES)));
                    for (r, sums) in sums.iter_mut().enumerate() {
                        let g = s.load_at(gradients.add(r * plane + p * S::LANES));
                        for (sum, x) in sums.iter_mut().zip(x) {
                            *sum = x.mul_add(g, *sum);
                        }
                    }
                }
            }
        }
        sums
    }
}

/// Writes the gradient of all weights, `dw[filter][tap]`.
///
/// # Panics
/// If `x` or `dy` is shorter than the geometry needs, or `dw` is not filters × taps long.
#[inline(always)]
pub(crate) fn run<S: Simd>(s: S, of: &Outer, x: &[f32], dy: &[f32], dw: &mut [f32]) {
    assert!(x.len() >= of.input_reach * S::LANES, "input is shorter than the gradient reaches");
    assert!(dy.len() >= of.gradient_reach * S::LANES, "output gradient is shorter than its geometry");
    assert_eq!(dw.len(), of.filters * of.offsets.len(), "weight gradient has another size");
    let mut f = 0;
    while f < of.filters {
        let left = of.filters - f;
        // SAFETY: the reaches were asserted above, and so many filters are left.
        unsafe {
            if const { S::ROWS >= 8 } && left >= 8 {
                of.rows::<S, 8>(s, x, dy, dw, f);
                f += 8;
            } else if const { S::ROWS >= 4 } && left >= 4 {
                of.rows::<S, 4>(s, x, dy, dw, f);
                f += 4;
            } else if const { S::ROWS >= 2 } && left >= 2 {
                of.rows::<S, 2>(s, x, dy, dw, f);
                f += 2;
            } else {
                of.rows::<S, 1>(s, x, dy, dw, f);
                f += 1;
            }
        }
    }
}

/// Sums each accumulator over its lanes into `dw`, whose rows are `taps` apart.
#[inline(always)]
fn reduce<V: Vector, const R: usize, const T: usize>(sums: &[[V; T]; R], dw: &mut [f32], taps: usize) {
    for (r, sums) in sums.iter().enumerate() {
        for (to, sum) in dw[r * taps..].iter_mut().zip(sums) {
            *to = sum.sum();
        }
    }
}
