//! [`Tape`] and [`Tracked`]: exact gradients of any equation, by reverse accumulation in double precision.

use std::cell::{Cell, RefCell};
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Real;

/// Up to two operands of a number, and the partial derivative by each.
type Node = [(u32, f64); 2];

/// The record of a computation, from which gradients follow.
///
/// ```
/// use tenun_engine::reference::{Real, Tape};
///
/// let tape = Tape::default();
/// let x = tape.variable(2.0);
/// let y = x * x * x;
/// assert_eq!(tape.gradient(y, &[x]), [12.0]);
/// ```
#[derive(Debug)]
pub struct Tape {
    nodes: RefCell<Vec<Node>>,
    narrowest: Cell<f64>,
    round: fn(f64) -> f64,
}

impl Default for Tape {
    fn default() -> Self {
        Self::rounding(|x| x)
    }
}

/// A number on a [`Tape`], or a constant.
#[derive(Clone, Copy, Debug)]
pub struct Tracked<'t> {
    tape: Option<&'t Tape>,
    index: u32,
    value: f64,
}

impl Tape {
    /// One whose numbers and gradients are all rounded to single precision: how far it is from the default is how much
    /// a plain computation in single precision loses.
    #[must_use]
    pub fn single() -> Self {
        Self::rounding(|x| f64::from(x as f32))
    }

    fn rounding(round: fn(f64) -> f64) -> Self {
        Self { nodes: RefCell::default(), narrowest: Cell::new(f64::INFINITY), round }
    }

    /// A number by which gradients can be taken.
    pub fn variable(&self, value: f64) -> Tracked<'_> {
        self.push([(0, 0.0); 2], value)
    }

    /// How close the two numbers of the closest comparison were, equal ones aside, beside the larger one or 1. A less
    /// precise computation may decide this one the other way, and then has another gradient.
    #[must_use]
    pub fn narrowest(&self) -> f64 {
        self.narrowest.get()
    }

    fn push(&self, node: Node, value: f64) -> Tracked<'_> {
        let mut nodes = self.nodes.borrow_mut();
        let index = u32::try_from(nodes.len()).expect("fewer than 2^32 operations");
        nodes.push(node.map(|(operand, partial)| (operand, (self.round)(partial))));
        Tracked { tape: Some(self), index, value: (self.round)(value) }
    }

    /// ∂`of`/∂x for each x of `by`.
    #[must_use]
    pub fn gradient(&self, of: Tracked<'_>, by: &[Tracked<'_>]) -> Vec<f64> {
        let nodes = self.nodes.borrow();
        let mut adjoint = vec![0.0; nodes.len()];
        if of.tape.is_some() {
            adjoint[of.index as usize] = 1.0;
        }
        for (index, node) in nodes.iter().enumerate().rev() {
            let seed = adjoint[index];
            if seed != 0.0 {
                for &(operand, partial) in node {
                    let sum = &mut adjoint[operand as usize];
                    *sum = (self.round)(*sum + seed * partial);
                }
            }
        }
        by.iter().map(|x| adjoint[x.index as usize]).collect()
    }
}

impl<'t> Tracked<'t> {
    fn unary(self, value: f64, derivative: f64) -> Self {
        match self.tape {
            Some(tape) => tape.push([(self.index, derivative), (0, 0.0)], value),
            None => Self::from(value),
        }
    }

    fn binary(self, other: Self, value: f64, by_self: f64, by_other: f64) -> Self {
        match (self.tape, other.tape) {
            (None, None) => Self::from(value),
            (Some(_), None) => self.unary(value, by_self),
            (None, Some(_)) => other.unary(value, by_other),
            (Some(tape), Some(_)) => tape.push([(self.index, by_self), (other.index, by_other)], value),
        }
    }
}

impl From<f64> for Tracked<'_> {
    /// A constant: no gradient flows into it.
    fn from(value: f64) -> Self {
        Self { tape: None, index: 0, value }
    }
}

impl Add for Tracked<'_> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.binary(other, self.value + other.value, 1.0, 1.0)
    }
}

impl Sub for Tracked<'_> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.binary(other, self.value - other.value, 1.0, -1.0)
    }
}

impl Mul for Tracked<'_> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.binary(other, self.value * other.value, other.value, self.value)
    }
}

impl Div for Tracked<'_> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let quotient = self.value / other.value;
        self.binary(other, quotient, 1.0 / other.value, -quotient / other.value)
    }
}

impl Neg for Tracked<'_> {
    type Output = Self;
    fn neg(self) -> Self {
        self.unary(-self.value, -1.0)
    }
}

impl Real for Tracked<'_> {
    fn value(self) -> f64 {
        self.value
    }
    fn exceeds(self, other: Self) -> bool {
        if let Some(tape) = self.tape.or(other.tape).filter(|_| self.value != other.value) {
            let apart = (self.value - other.value).abs() / self.value.abs().max(other.value.abs()).max(1.0);
            tape.narrowest.set(tape.narrowest.get().min(apart));
        }
        self.value > other.value
    }
    fn exp(self) -> Self {
        let e = self.value.exp();
        self.unary(e, e)
    }
    fn ln_1p(self) -> Self {
        self.unary(self.value.ln_1p(), 1.0 / (1.0 + self.value))
    }
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.unary(root, 0.5 / root)
    }
    fn tanh(self) -> Self {
        // Of the rounded value, as it is computed wherever the value alone is kept.
        let t = self.tape.map_or(self.value.tanh(), |tape| (tape.round)(self.value.tanh()));
        self.unary(t, 1.0 - t * t)
    }
    fn erf(self) -> Self {
        let slope = 2.0 / std::f64::consts::PI.sqrt() * (-self.value * self.value).exp();
        self.unary(Real::erf(self.value), slope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_tape_rounds_as_single_precision_does() {
        let tape = Tape::single();
        let x = tape.variable(0.1);
        let y = x * x + 3.0.into();
        assert_eq!(y.value(), f64::from(0.1f32 * 0.1 + 3.0));
        assert_eq!(tape.gradient(y, &[x]), [f64::from(0.1f32 + 0.1)]);
    }

    #[test]
    fn the_narrowest_comparison_is_kept() {
        let tape = Tape::default();
        let (x, y) = (tape.variable(0.5), tape.variable(-0.25));
        assert!(tape.narrowest().is_infinite());
        assert!(x.exceeds(y) && !y.exceeds(x) && !x.exceeds(x));
        assert_eq!(tape.narrowest(), 0.75);
        assert!(tape.variable(8.0).exceeds(7.0.into()));
        assert_eq!(tape.narrowest(), 0.125);
    }

    /// The tape itself is checked against finite differences, so that nothing rests on it unproved.
    #[test]
    fn gradients_are_finite_differences() {
        fn f<R: Real>(x: &[R]) -> R {
            let a = x[0] * x[1] - x[2] / x[0];
            let b = (a.sigmoid() + x[3].tanh()).exp().ln_1p();
            (b * b + x[4] * x[4]).sqrt() + x[5].abs() * (x[1] + x[3]).erf() - -x[2]
        }
        let x = [0.7, -1.3, 0.4, 2.1, -0.6, -0.9];
        let tape = Tape::default();
        let tracked: Vec<_> = x.iter().map(|&x| tape.variable(x)).collect();
        let exact = tape.gradient(f(&tracked), &tracked);
        for i in 0..x.len() {
            let h = 1e-6;
            let moved = |d: f64| {
                let mut y = x;
                y[i] += d;
                f(&y)
            };
            let difference = (moved(h) - moved(-h)) / (2.0 * h);
            assert!((exact[i] - difference).abs() < 1e-8, "{i}: {} {difference}", exact[i]);
        }
    }
}
