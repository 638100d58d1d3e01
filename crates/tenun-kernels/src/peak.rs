//! [`Kernels::multiply_add_peak`]: what a core can do at most.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::kernels::multiply_add::SUMS;
use crate::{Kernels, Width};

/// Rounds of a run: some ten microseconds of it, so that a read of the clock costs nothing.
const ROUNDS: usize = 5_000;
/// Portable code takes a thousand times as long.
const PORTABLE_ROUNDS: usize = 50;

impl Kernels {
    /// Multiply-adds of single floats that one core does in a second with these registers, at most: the best of runs
    /// of a loop that touches nothing but registers, over 20 ms.
    ///
    /// It is a measurement: a slower clock, or a neighbour on the same core, makes it smaller.
    #[must_use]
    pub fn multiply_add_peak(&self) -> f64 {
        let rounds = if self.registers.width == Width::Portable { PORTABLE_ROUNDS } else { ROUNDS };
        let start = Instant::now();
        let mut best = Duration::MAX;
        while start.elapsed() < Duration::from_millis(20) {
            let before = Instant::now();
            // Unknown to the compiler, or it would do the sums itself; near one, so that no sum leaves the normal numbers.
            black_box(self.peak(rounds, black_box(0.5), black_box(0.5)));
            best = best.min(before.elapsed());
        }
        #[allow(clippy::cast_precision_loss)]
        let work = (rounds * SUMS * self.registers.lanes) as f64;
        work / best.as_secs_f64().max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_width_does_some_work_in_finite_time() {
        for width in Width::available() {
            let peak = Kernels::of(width).multiply_add_peak();
            // No claim about speed: between one multiply-add in a millisecond and more than any core can.
            assert!(peak.is_finite() && peak > 1e3 && peak < 1e13, "{width}: {peak}");
        }
    }
}
