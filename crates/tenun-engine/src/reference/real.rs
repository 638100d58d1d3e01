//! [`Real`]: what a layer's equation needs of a number.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A real number: `f64`, or one that remembers how it was computed ([`super::Tracked`]).
pub trait Real:
    Copy
    + Debug
    + From<f64>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The plain value.
    fn value(self) -> f64;
    /// Whether this is greater than `other`: what an equation that has cases decides by.
    fn exceeds(self, other: Self) -> bool;
    /// e to the power of this.
    #[must_use]
    fn exp(self) -> Self;
    /// The natural logarithm of one plus this.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// The square root.
    #[must_use]
    fn sqrt(self) -> Self;
    /// The hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// The error function, 2/√π ∫₀ˣ exp(−t²) dt.
    #[must_use]
    fn erf(self) -> Self;

    /// 1 / (1 + exp(−x)).
    #[must_use]
    fn sigmoid(self) -> Self {
        let one = Self::from(1.0);
        if self.value() < 0.0 {
            let e = self.exp();
            e / (one + e)
        } else {
            one / (one + (-self).exp())
        }
    }

    /// The absolute value; its derivative at zero is taken as zero.
    #[must_use]
    fn abs(self) -> Self {
        let zero = Self::from(0.0);
        if self.exceeds(zero) {
            self
        } else if zero.exceeds(self) {
            -self
        } else {
            zero
        }
    }
}

impl Real for f64 {
    fn value(self) -> f64 {
        self
    }
    fn exceeds(self, other: Self) -> bool {
        self > other
    }
    fn exp(self) -> Self {
        f64::exp(self)
    }
    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
    fn tanh(self) -> Self {
        f64::tanh(self)
    }
    fn erf(self) -> Self {
        let x = self.abs();
        let density = 2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp();
        let value = if x < 3.0 {
            // x + 2 x³ / 3 + 4 x⁵ / 15 + …: no term is negative, so nothing cancels.
            let terms = std::iter::successors(Some((x, 1.0)), |&(term, n)| {
                Some((term * 2.0 * x * x / (2.0 * n + 1.0), n + 1.0))
            });
            density * terms.take(80).map(|(term, _)| term).sum::<f64>()
        } else {
            // The continued fraction of 1 − erf x, from its sixtieth level.
            1.0 - density / 2.0 / (1..60).rev().fold(x, |below, level| x + f64::from(level) / 2.0 / below)
        };
        value.copysign(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz and Stegun, table 7.1, and the asymptotic tail.
    #[test]
    fn erf_is_that_of_the_tables() {
        for (x, exact) in [
            (0.0_f64, 0.0_f64),
            (0.02, 0.022_564_574_69),
            (0.5, 0.520_499_877_81),
            (1.0, 0.842_700_792_95),
            (2.0, 0.995_322_265_02),
            (2.999_999, 0.999_977_909_36),
            (3.0, 0.999_977_909_50),
            (4.0, 0.999_999_984_58),
            (30.0, 1.0),
        ] {
            let (above, below) = (Real::erf(x), Real::erf(-x));
            assert!((above - exact).abs() < 1e-11, "{x}: {above}");
            assert!((below + exact).abs() < 1e-11, "-{x}: {below}");
        }
    }
}
