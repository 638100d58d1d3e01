//! [`Width::multiply_add_peak`]: what a core can do at most.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::Width;
use crate::simd::{Simd, Vector};

/// Sums that grow side by side. The processor needs (latency × units) of them to be always busy: 10 on Intel's, 8 on
/// AMD's; with two constants they still fit in the sixteen registers of AVX2.
const SUMS: usize = 12;
/// Rounds of a run: some ten microseconds of it, so that a read of the clock costs nothing.
const ROUNDS: usize = 5_000;
/// Portable code takes a thousand times as long.
const PORTABLE_ROUNDS: usize = 50;

impl Width {
    /// Multiply-adds of single floats that one core does in a second with these registers, at most: the best of runs
    /// of a loop that touches nothing but registers, over 20 ms.
    ///
    /// It is a measurement: a slower clock, or a neighbour on the same core, makes it smaller. Should the CPU lack the
    /// registers, it is that of portable code.
    #[must_use]
    pub fn multiply_add_peak(self) -> f64 {
        let rounds = if self == Self::Portable { PORTABLE_ROUNDS } else { ROUNDS };
        let start = Instant::now();
        let mut best = Duration::MAX;
        let kernels = self.kernels();
        while start.elapsed() < Duration::from_millis(20) {
            let before = Instant::now();
            // Unknown to the compiler, or it would do the sums itself; near one, so that no sum leaves the normal numbers.
            black_box(kernels.peak(rounds, black_box(0.5), black_box(0.5)));
            best = best.min(before.elapsed());
        }
        #[allow(clippy::cast_precision_loss)]
        let work = (rounds * SUMS * kernels.lanes) as f64;
        work / best.as_secs_f64().max(1e-9)
    }
}

/// Does the rounds.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_does_some_work_in_finite_time() {
        for width in Width::available() {
            let peak = width.multiply_add_peak();
            // No claim about speed: between one multiply-add in a millisecond and more than any core can.
            assert!(peak.is_finite() && peak > 1e3 && peak < 1e13, "{width}: {peak}");
        }
    }
}
