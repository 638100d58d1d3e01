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
//! A block of [`OUTPUTS`] sums is kept in registers. The terms are taken some at a time, so that what is read of x, or
//! across the rows of w, stays in the first cache while all outputs pass; between them the sums wait in y. Each is a single
//! chain in the order of the terms.

use crate::{Simd, Vector};

/// Outputs of a block.
const OUTPUTS: usize = 8;

/// Terms that all outputs are given before the next: along the rows of weights as many as x may have in the first cache,
/// since each row is fetched anew; across them only as many as there may be rows in it.
const ALONG: usize = 1024;
const ACROSS: usize = 128;

/// Where the numbers of a vector stand in a tensor: the first, and the distance between neighbours, in vectors.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub first: usize,
    pub step: usize,
}

impl Place {
    /// Where a number stands.
    #[inline(always)]
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
    pub outputs: usize,
    pub terms: usize,
    /// From the weight of one output to that of the next, and of one term to that of the next.
    pub output_step: usize,
    pub term_step: usize,
    pub x: Place,
    pub y: Place,
}

impl Linear {
    /// Multiply-adds of one image.
    pub fn multiply_adds(&self) -> usize {
        self.outputs * self.terms
    }

    /// Writes y from x. Without a bias the sums begin at zero.
    ///
    /// # Panics
    /// If a slice is shorter than the geometry needs.
    #[inline(always)]
    pub fn run<S: Simd>(&self, s: S, w: &[f32], bias: Option<&[f32]>, x: &[f32], y: &mut [f32]) {
        let Self { outputs, terms, output_step, term_step, .. } = *self;
        assert!(x.len() >= self.x.reach(terms) * S::LANES, "the input is too short");
        assert!(y.len() >= self.y.reach(outputs) * S::LANES, "the output is too short");
        assert!(bias.is_none_or(|bias| bias.len() >= outputs), "there are fewer biases than outputs");
        let last = outputs.saturating_sub(1) * output_step + terms.saturating_sub(1) * term_step;
        assert!(w.len() > last || outputs * terms == 0, "there are fewer weights than outputs × terms");
        for o in 0..outputs {
            let start = bias.map_or(0.0, |bias| bias[o]);
            s.splat(start).store(&mut y[self.y.at(o) * S::LANES..]);
        }
        let most = if term_step == 1 { ALONG } else { ACROSS };
        for first in (0..terms).step_by(most) {
            let some = (first, most.min(terms - first));
            let mut o = 0;
            while o < outputs {
                let size = OUTPUTS.min(1 << (outputs - o).ilog2());
                // SAFETY: all lengths were asserted above, and so many outputs and terms are left.
                unsafe {
                    match size {
                        8 => self.block::<S, 8>(s, w, o, some, x, y),
                        4 => self.block::<S, 4>(s, w, o, some, x, y),
                        2 => self.block::<S, 2>(s, w, o, some, x, y),
                        _ => self.block::<S, 1>(s, w, o, some, x, y),
                    }
                }
                o += size;
            }
        }
    }

    /// Adds `count` terms from `first` on to the outputs `o..o + O`.
    ///
    /// # Safety
    /// The slices reach as far as the geometry says, and these outputs and terms exist.
    #[inline(always)]
    unsafe fn block<S: Simd, const O: usize>(
        &self,
        s: S,
        w: &[f32],
        o: usize,
        (first, count): (usize, usize),
        x: &[f32],
        y: &mut [f32],
    ) {
        let mut sums = [s.zero(); O];
        // SAFETY: by this function's own contract every address below is inside `w`, `x` or `y`.
        unsafe {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = s.load_at(y.as_ptr().add(self.y.at(o + i) * S::LANES));
            }
            let x = x.as_ptr().add(self.x.at(first) * S::LANES);
            let w = w.as_ptr().add(o * self.output_step + first * self.term_step);
            for t in 0..count {
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
