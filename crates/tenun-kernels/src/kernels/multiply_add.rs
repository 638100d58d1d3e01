//! Multiply-adds that touch nothing but registers: the most that a core can do.

use crate::simd::{Simd, Vector};

/// Sums that grow side by side. The processor needs (latency × units) of them to be always busy: 10 on Intel's, 8 on
/// AMD's; with two constants they still fit in the sixteen registers of AVX2.
pub(crate) const SUMS: usize = 12;

/// Does the rounds, each of [`SUMS`] multiply-adds of vectors.
#[inline(always)]
pub(crate) fn run<S: Simd>(s: S, rounds: usize, factor: f32, term: f32) -> f32 {
    let (factor, term) = (s.splat(factor), s.splat(term));
    let mut sums = [s.splat(1.0); SUMS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = sum.mul_add(factor, term);
        }
    }
    let mut total = sums[0];
    for &sum in &sums[1..] {
        total = total + sum;
    }
    total.sum()
}
