//! The kernel of a linear map: a dense layer forwards, and the gradient of its input.
//!
//! ```text
//! y[o] = bias[o] + Σ_t  w[o · output_step + t · term_step] · x[t]
//! ```
//!
//! with outputs o and terms t. Forwards the terms are the inputs of the layer, and its rows of weights are read along;
//! for the gradient of the input they are its features, and the rows are read across. Neither needs a copy of the
//! weights in another order, which would cost more than it gains: each is used once a tile.
//!
//! A block of sums (`Simd::LONE_FILTERS`) is kept in registers. The terms are taken some at a time, so that what is read of x, or
//! across the rows of w, stays in the first cache while all outputs pass; between them the sums wait in y. Each is a single
//! chain in the order of the terms.

use std::ops::Range;

use crate::simd::{Simd, Vector};

/// Terms that all outputs are given before the next: along the rows of weights as many as x may have in the first cache,
/// since each row is fetched anew; across them only as many as there may be rows in it.
const ALONG: usize = 1024;
const ACROSS: usize = 128;

/// Where the numbers of a vector stand in a tensor: the first, and the distance between neighbours, in vectors.
#[derive(Clone, Copy, Debug)]
pub struct Strided {
    /// The first.
    pub first: usize,
    /// Vectors from one to the next.
    pub step: usize,
}

impl Strided {
    /// Where a number stands.
    #[inline(always)]
    #[must_use]
    pub fn at(self, number: usize) -> usize {
        self.first + number * self.step
    }

    /// Vectors that so many numbers reach.
    fn reach(self, numbers: usize) -> usize {
        numbers.checked_sub(1).map_or(0, |last| self.at(last) + 1)
    }
}

/// The geometry of one linear map.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    /// Outputs.
    pub outputs: usize,
    /// Terms of each output's sum.
    pub terms: usize,
    /// From the weight of one output to that of the next.
    pub output_step: usize,
    /// From the weight of one term to that of the next.
    pub term_step: usize,
    /// Where the terms stand.
    pub x: Strided,
    /// Where the outputs stand.
    pub y: Strided,
}

impl Linear {
    /// Multiply-adds of one image.
    #[must_use]
    pub fn multiply_adds(&self) -> usize {
        self.outputs * self.terms
    }

    /// Adds some terms to the outputs `o..o + O`.
    ///
    /// # Safety
    /// The slices reach as far as the geometry says, and these outputs and terms exist.
    #[inline(always)]
    unsafe fn block<S: Simd, const O: usize>(
        &self,
        s: S,
        w: &[f32],
        o: usize,
        terms: Range<usize>,
        x: &[f32],
        y: &mut [f32],
    ) {
        let mut sums = [s.zero(); O];
        // SAFETY: by this function's own contract every address below is inside `w`, `x` or `y`.
        unsafe {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = s.load_at(y.as_ptr().add(self.y.at(o + i) * S::LANES));
            }
            let x = x.as_ptr().add(self.x.at(terms.start) * S::LANES);
            let w = w.as_ptr().add(o * self.output_step + terms.start * self.term_step);
            for t in 0..terms.len() {
                let x = s.load_at(x.add(t * self.x.step * S::LANES));
                for (i, sum) in sums.iter_mut().enumerate() {
                    let w = s.splat(*w.add(i * self.output_step + t * self.term_step));
                    *sum = x.mul_add(w, *sum);
                }
            }
            for (i, sum) in sums.into_iter().enumerate() {
                sum.store_at(y.as_mut_ptr().add(self.y.at(o + i) * S::LANES));
            }
        }
    }
}

/// Writes y from x. Without a bias the sums begin at zero.
///
/// # Panics
/// If a slice is shorter than the geometry needs.
#[inline(always)]
pub(crate) fn run<S: Simd>(s: S, of: &Linear, w: &[f32], bias: Option<&[f32]>, x: &[f32], y: &mut [f32]) {
    let Linear { outputs, terms, output_step, term_step, .. } = *of;
    assert!(x.len() >= of.x.reach(terms) * S::LANES, "the input is too short");
    assert!(y.len() >= of.y.reach(outputs) * S::LANES, "the output is too short");
    assert!(bias.is_none_or(|bias| bias.len() >= outputs), "there are fewer biases than outputs");
    let last = outputs.saturating_sub(1) * output_step + terms.saturating_sub(1) * term_step;
    assert!(w.len() > last || outputs * terms == 0, "there are fewer weights than outputs × terms");
    for o in 0..outputs {
        let start = bias.map_or(0.0, |bias| bias[o]);
        s.splat(start).store(&mut y[of.y.at(o) * S::LANES..]);
    }
    let most = if term_step == 1 { ALONG } else { ACROSS };
    for first in (0..terms).step_by(most) {
        let some = first..(first + most).min(terms);
        let mut o = 0;
        while o < outputs {
            let size = S::LONE_FILTERS.min(1 << (outputs - o).ilog2());
            // SAFETY: all lengths were asserted above, and so many outputs and terms are left.
            unsafe {
                match size {
                    8 if const { S::LONE_FILTERS >= 8 } => of.block::<S, 8>(s, w, o, some.clone(), x, y),
                    4 if const { S::LONE_FILTERS >= 4 } => of.block::<S, 4>(s, w, o, some.clone(), x, y),
                    2 if const { S::LONE_FILTERS >= 2 } => of.block::<S, 2>(s, w, o, some.clone(), x, y),
                    _ => of.block::<S, 1>(s, w, o, some.clone(), x, y),
                }
            }
            o += size;
        }
    }
}
