//! [`Scatter`] and [`Gather`]: numbers that only move, and the way back.

use crate::simd::{Simd, Vector};

/// A copy of one vector, in floats.
#[derive(Clone, Copy, Debug)]
pub struct Copy {
    /// Where it stands.
    pub from: usize,
    /// Where it goes.
    pub to: usize,
}

/// Where numbers of one tensor go in another, and where the other is zero, in floats.
#[derive(Clone, Debug)]
pub struct Scatter {
    /// The numbers.
    pub copies: Vec<Copy>,
    /// Positions that no number goes to.
    pub zeros: Vec<usize>,
}

/// Writes `y` from `x`.
#[inline(always)]
pub(crate) fn scatter<S: Simd>(s: S, of: &Scatter, x: &[f32], y: &mut [f32]) {
    for &Copy { from, to } in &of.copies {
        s.load(&x[from..]).store(&mut y[to..]);
    }
    for &to in &of.zeros {
        s.zero().store(&mut y[to..]);
    }
}

/// The sums of a [`Gather`]: where the terms of each end, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Sum {
    /// Behind its last term.
    pub end: usize,
    /// Where it goes, in floats.
    pub to: usize,
}

/// Sums of numbers that stand anywhere: the way back of a [`Scatter`].
#[derive(Clone, Debug)]
pub struct Gather {
    /// Where the terms stand, in floats, those of one sum after the other.
    pub terms: Vec<usize>,
    /// The sums.
    pub sums: Vec<Sum>,
}

/// Writes `y` from `x`.
#[inline(always)]
pub(crate) fn gather<S: Simd>(s: S, of: &Gather, x: &[f32], y: &mut [f32]) {
    let mut start = 0;
    for &Sum { end, to } in &of.sums {
        let mut sum = s.zero();
        for &from in &of.terms[start..end] {
            sum = sum + s.load(&x[from..]);
        }
        sum.store(&mut y[to..]);
        start = end;
    }
}
