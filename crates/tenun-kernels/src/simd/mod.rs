//! [`Simd`] and [`Vector`]: registers of lanes, and one file for each width.
//!
//! A kernel is written once, generic over [`Simd`]. A value of a `Simd` type is the proof that the CPU has the
//! instructions: it is made in one place, the functions of [`crate::table`] that are compiled for these instructions, and
//! every vector comes out of such a value.
//!
//! **Same bits everywhere.** All operations are IEEE-754 single precision and elementwise: add, subtract,
//! multiply, divide, square root and fused multiply-add round the same way on every CPU. Where lanes meet, in
//! [`Vector::sum`], the order is a fixed tree: within eight lanes first, then across the two halves of sixteen.
//! A register of eight lanes and one of sixteen therefore give the same result, eight lanes at a time.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "aarch64")]
pub(crate) mod neon;
pub(crate) mod portable;

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A CPU's vector instructions, as a value that proves they are there.
pub(crate) trait Simd: Copy + Send + Sync + Debug + 'static {
    /// A register, or pair of registers, of [`Self::LANES`] floats.
    type V: Vector;
    /// Lanes in a vector: 8 or 16.
    const LANES: usize;
    /// Output channels that [`crate::correlate`] keeps in registers at a time for each of four pixels.
    const FILTERS: usize;
    /// Outputs of a lone pixel, or of a linear map, that are kept in registers at a time.
    const LONE_FILTERS: usize;
    /// Output channels that [`crate::outer`] keeps in registers at a time for each of three taps.
    const ROWS: usize;
    /// Output channels that [`crate::pooled`] keeps in registers at a time for each of nine taps: 1, 2 or 3.
    const WINNER_ROWS: usize;
    /// Whether sums are computed in blocks at all: not where they do not stay in registers.
    const BLOCKS: bool = Self::ROWS > 1;

    /// The proof that the CPU has the instructions.
    ///
    /// # Safety
    /// It has.
    unsafe fn assume() -> Self;

    /// The same number in every lane.
    fn splat(self, x: f32) -> Self::V;

    /// The first `LANES` floats of `from`.
    ///
    /// # Panics
    /// If there are fewer.
    fn load(self, from: &[f32]) -> Self::V;

    /// Loads from `from` without a check.
    ///
    /// # Safety
    /// `LANES` floats can be read from `from`.
    unsafe fn load_at(self, from: *const f32) -> Self::V;

    /// The mask with the lanes of the low `LANES` bits: the inverse of [`Vector::bits`].
    fn mask(self, bits: u16) -> <Self::V as Vector>::Mask;

    /// Zero in every lane.
    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }
}

/// A vector of lanes. Comparisons give a [`Self::Mask`], used by [`Self::select`].
pub(crate) trait Vector:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// A truth value for each lane.
    type Mask: Copy;

    /// `self * a + b`, rounded once.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// `other` where `self > other` is false (so also where either is NaN), `self` elsewhere.
    fn max(self, other: Self) -> Self;
    /// The absolute value: clears the sign bit.
    fn abs(self) -> Self;
    /// The square root, correctly rounded.
    fn sqrt(self) -> Self;
    /// Lanes in which `self < other`.
    fn less(self, other: Self) -> Self::Mask;
    /// Lanes in which `self == other`.
    fn equal(self, other: Self) -> Self::Mask;
    /// Lanes of `a` that are not in `b`.
    fn without(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// Lanes of `a` or `b`.
    fn either(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    /// A mask as bits, lane 0 the lowest.
    fn bits(mask: Self::Mask) -> u16;
    /// `yes` in the lanes of `mask`, `no` in the others.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// `x` in the lanes of `mask`, zero in the others.
    fn keep(mask: Self::Mask, x: Self) -> Self;
    /// Adds the low bits of `n`'s representation, shifted by 23, to the representation of `self`: see
    /// [`crate::math::exp`], where `n` holds a small whole number in its lowest mantissa bits.
    fn add_to_exponent(self, n: Self) -> Self;
    /// The sum over lanes by the fixed tree of the module's documentation.
    fn sum(self) -> f32;
    /// The sums of eight vectors over their lanes, the lower eight lanes and the upper eight apart: what
    /// [`Self::sum`] adds last. A vector of eight lanes has no upper ones, and zeros in their place.
    #[inline(always)]
    fn half_sums(vectors: [Self; 8]) -> [[f32; 8]; 2] {
        [vectors.map(Self::sum), [0.0; 8]]
    }
    /// Writes the lanes to the start of `to`.
    ///
    /// # Panics
    /// If `to` is shorter.
    fn store(self, to: &mut [f32]);
    /// Writes the lanes without a check.
    ///
    /// # Safety
    /// `LANES` floats can be written at `to`.
    unsafe fn store_at(self, to: *mut f32);
}

/// The fixed tree over eight lanes: halves are folded onto each other three times.
///
/// Every implementation of [`Vector::sum`] adds in this order.
#[inline(always)]
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) fn sum_of_eight(x: &[f32; 8]) -> f32 {
    let a = [x[0] + x[4], x[1] + x[5], x[2] + x[6], x[3] + x[7]];
    let b = [a[0] + a[2], a[1] + a[3]];
    b[0] + b[1]
}
