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
    /// The plain value, on which comparisons decide.
    fn value(self) -> f64;
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
        match self.value() {
            x if x > 0.0 => self,
            x if x < 0.0 => -self,
            _ => Self::from(0.0),
        }
    }
}

impl Real for f64 {
    fn value(self) -> f64 {
        self
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
}
