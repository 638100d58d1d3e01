//! Eight lanes in plain Rust: the specification that every other width must match to the bit.

use std::array::from_fn;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Simd, Vector, sum_of_eight};

/// Plain Rust; every CPU has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

/// Eight floats.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(crate) struct F32x8([f32; 8]);

impl Simd for Portable {
    type V = F32x8;
    const LANES: usize = 8;
    // Blocks of one: there are not registers for more, and each would be code that nobody runs.
    const FILTERS: usize = 1;
    const LONE_FILTERS: usize = 1;
    const ROWS: usize = 1;
    const WINNER_ROWS: usize = 1;

    #[inline(always)]
    unsafe fn assume() -> Self {
        Self
    }

    #[inline(always)]
    fn splat(self, x: f32) -> F32x8 {
        F32x8([x; 8])
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> F32x8 {
        F32x8(from_fn(|i| from[i]))
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> F32x8 {
        // SAFETY: the caller vouches for eight floats; no alignment is assumed.
        F32x8(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }

    #[inline(always)]
    fn mask(self, bits: u16) -> [bool; 8] {
        from_fn(|i| bits >> i & 1 == 1)
    }
}

impl Vector for F32x8 {
    type Mask = [bool; 8];

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self(from_fn(|i| fused_multiply_add(self.0[i], a.0[i], b.0[i])))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(from_fn(|i| if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] }))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(f32::sqrt))
    }

    #[inline(always)]
    fn less(self, other: Self) -> [bool; 8] {
        from_fn(|i| self.0[i] < other.0[i])
    }

    #[inline(always)]
    #[allow(clippy::float_cmp)] // the comparison is the operation
    fn equal(self, other: Self) -> [bool; 8] {
        from_fn(|i| self.0[i] == other.0[i])
    }

    #[inline(always)]
    fn without(a: [bool; 8], b: [bool; 8]) -> [bool; 8] {
        from_fn(|i| a[i] && !b[i])
    }

    #[inline(always)]
    fn either(a: [bool; 8], b: [bool; 8]) -> [bool; 8] {
        from_fn(|i| a[i] || b[i])
    }

    #[inline(always)]
    fn bits(mask: [bool; 8]) -> u16 {
        (0..8).map(|i| u16::from(mask[i]) << i).sum()
    }

    #[inline(always)]
    fn select(mask: [bool; 8], yes: Self, no: Self) -> Self {
        Self(from_fn(|i| if mask[i] { yes.0[i] } else { no.0[i] }))
    }

    #[inline(always)]
    fn keep(mask: [bool; 8], x: Self) -> Self {
        Self(from_fn(|i| if mask[i] { x.0[i] } else { 0.0 }))
    }

    #[inline(always)]
    fn add_to_exponent(self, n: Self) -> Self {
        Self(from_fn(|i| f32::from_bits(self.0[i].to_bits().wrapping_add(n.0[i].to_bits() << 23))))
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        sum_of_eight(&self.0)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        to[..8].copy_from_slice(&self.0);
    }

    #[inline(always)]
    unsafe fn store_at(self, to: *mut f32) {
        // SAFETY: the caller vouches for eight floats; no alignment is assumed.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }
}

macro_rules! elementwise {
    ($($trait:ident $method:ident $op:tt),*) => {$(
        impl $trait for F32x8 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(from_fn(|i| self.0[i] $op other.0[i]))
            }
        }
    )*};
}
elementwise!(Add add +, Sub sub -, Mul mul *, Div div /);

impl Neg for F32x8 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.map(|x| -x))
    }
}

/// `a * b + c` rounded once, exactly as a hardware fused multiply-add, without needing one.
///
/// The product of two floats is exact in double precision. The sum with `c` is rounded to odd there (Boldo and
/// Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008),
/// which makes the second rounding, to single precision, come out as if there had been one. It vectorises, where
/// a call of the C library's `fmaf` for each lane would not.
#[inline(always)]
fn fused_multiply_add(a: f32, b: f32, c: f32) -> f32 {
    let product = f64::from(a) * f64::from(b);
    let c = f64::from(c);
    let sum = product + c;
    // The error of the addition, exact for any magnitudes (Knuth's two-sum).
    let shadow = sum - product;
    let error = (product - (sum - shadow)) + (c - shadow);
    let bits = sum.to_bits();
    // Where the sum was inexact and its last bit is even, step to the odd neighbour on the error's side: one
    // down if the error points towards zero, else one up, in magnitude.
    let inexact = error != 0.0 && bits & 1 == 0 && sum.is_finite();
    let towards_zero = (error < 0.0) != (sum < 0.0);
    let odd = if towards_zero { bits.wrapping_sub(1) } else { bits | 1 };
    #[allow(clippy::cast_possible_truncation)] // the one rounding
    let rounded = f64::from_bits(if inexact { odd } else { bits }) as f32;
    rounded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fused_multiply_add_rounds_once(a: f32, b: f32, c: f32) {
            let (ours, exact) = (fused_multiply_add(a, b, c), a.mul_add(b, c));
            prop_assert!(ours.to_bits() == exact.to_bits() || (ours.is_nan() && exact.is_nan()),
                "{a:e} * {b:e} + {c:e}: {ours:e}, expected {exact:e}");
        }

        /// Sums that nearly cancel, halfway cases and subnormals are where rounding twice goes wrong.
        #[test]
        fn fused_multiply_add_rounds_once_near_ties(a in 0u32..1 << 24, b in 0u32..1 << 24, e in -60i32..60, d in -3i32..4) {
            #[allow(clippy::cast_precision_loss)]
            let (a, b) = (a as f32, b as f32 * (f64::from(e).exp2() as f32));
            let near = f32::from_bits((-(a * b)).to_bits().wrapping_add_signed(d));
            for c in [near, -near, near * 2f32.powi(-24), near * 2f32.powi(24), 2f32.powi(-149)] {
                let (ours, exact) = (fused_multiply_add(a, b, c), a.mul_add(b, c));
                prop_assert!(ours.to_bits() == exact.to_bits() || (ours.is_nan() && exact.is_nan()),
                    "{a:e} * {b:e} + {c:e}: {ours:e}, expected {exact:e}");
            }
        }
    }
}
