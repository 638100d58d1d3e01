//! Sixteen lanes in one AVX-512 register.

use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Simd, Vector};

/// Proof that the CPU has AVX-512F and AVX-512DQ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

/// Sixteen floats. Exists only where an [`Avx512`] does, on which the SAFETY of this file rests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct F32x16(__m512);

impl Avx512 {
    /// Whether the CPU has the instructions.
    pub(crate) fn is_available() -> bool {
        is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq")
    }
}

/// One intrinsic, or a few, that need nothing but the CPU's instructions.
macro_rules! intrinsic {
    ($e:expr) => {
        // SAFETY: a value of this file's types is at hand, so the CPU has AVX-512F and AVX-512DQ.
        unsafe { $e }
    };
}

impl Simd for Avx512 {
    type V = F32x16;
    const LANES: usize = 16;
    const FILTERS: usize = 4;
    const LONE_FILTERS: usize = 8;
    const ROWS: usize = 8;
    const WINNER_ROWS: usize = 3;

    #[inline(always)]
    unsafe fn assume() -> Self {
        Self(())
    }

    #[inline(always)]
    fn splat(self, x: f32) -> F32x16 {
        F32x16(intrinsic!(_mm512_set1_ps(x)))
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> F32x16 {
        let from = &from[..16];
        // SAFETY: sixteen floats were checked on the line above.
        unsafe { self.load_at(from.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> F32x16 {
        // SAFETY: the caller vouches for sixteen floats, and `self` for the instruction.
        F32x16(unsafe { _mm512_loadu_ps(from) })
    }

    #[inline(always)]
    fn mask(self, bits: u16) -> __mmask16 {
        bits
    }
}

impl Vector for F32x16 {
    type Mask = __mmask16;

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self(intrinsic!(_mm512_fmadd_ps(self.0, a.0, b.0)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(intrinsic!(_mm512_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(intrinsic!(_mm512_abs_ps(self.0)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(intrinsic!(_mm512_sqrt_ps(self.0)))
    }

    #[inline(always)]
    fn less(self, other: Self) -> __mmask16 {
        intrinsic!(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0))
    }

    #[inline(always)]
    fn equal(self, other: Self) -> __mmask16 {
        intrinsic!(_mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0))
    }

    #[inline(always)]
    fn without(a: __mmask16, b: __mmask16) -> __mmask16 {
        a & !b
    }

    #[inline(always)]
    fn either(a: __mmask16, b: __mmask16) -> __mmask16 {
        a | b
    }

    #[inline(always)]
    fn bits(mask: __mmask16) -> u16 {
        mask
    }

    #[inline(always)]
    fn select(mask: __mmask16, yes: Self, no: Self) -> Self {
        Self(intrinsic!(_mm512_mask_blend_ps(mask, no.0, yes.0)))
    }

    #[inline(always)]
    fn keep(mask: __mmask16, x: Self) -> Self {
        Self(intrinsic!(_mm512_maskz_mov_ps(mask, x.0)))
    }

    #[inline(always)]
    fn add_to_exponent(self, n: Self) -> Self {
        Self(intrinsic!(_mm512_castsi512_ps(_mm512_add_epi32(
            _mm512_castps_si512(self.0),
            _mm512_slli_epi32::<23>(_mm512_castps_si512(n.0)),
        ))))
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        intrinsic!({
            // Both halves of eight side by side: x[i] + x[i + 4], then + 2, then + 1; last the two halves.
            let a = _mm512_add_ps(self.0, _mm512_shuffle_f32x4::<0b10_11_00_01>(self.0, self.0));
            let b = _mm512_add_ps(a, _mm512_permute_ps::<0b01_00_11_10>(a));
            let c = _mm512_add_ps(b, _mm512_permute_ps::<0b10_11_00_01>(b));
            let high = _mm512_extractf32x8_ps::<1>(c);
            _mm_cvtss_f32(_mm_add_ss(_mm512_castps512_ps128(c), _mm256_castps256_ps128(high)))
        })
    }

    #[inline(always)]
    fn half_sums(v: [Self; 8]) -> [[f32; 8]; 2] {
        intrinsic!({
            // Two vectors, then four, then eight share a register; the additions are those of `sum`.
            let four = |a: Self, b: Self| {
                _mm512_add_ps(
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(a.0, b.0),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(a.0, b.0),
                )
            };
            let two = |a, b| {
                let (x, y) = (_mm512_castps_pd(a), _mm512_castps_pd(b));
                let (even, odd) = (_mm512_unpacklo_pd(x, y), _mm512_unpackhi_pd(x, y));
                _mm512_add_ps(_mm512_castpd_ps(even), _mm512_castpd_ps(odd))
            };
            let [a, b, c, d] = [four(v[0], v[4]), four(v[1], v[5]), four(v[2], v[6]), four(v[3], v[7])];
            let (x, y) = (two(a, b), two(c, d));
            let sums = _mm512_add_ps(
                _mm512_shuffle_ps::<0b10_00_10_00>(x, y),
                _mm512_shuffle_ps::<0b11_01_11_01>(x, y),
            );
            // Quarters: lower lanes of the first four, upper lanes of these, then of the last four.
            let quarters = _mm512_shuffle_f32x4::<0b11_01_10_00>(sums, sums);
            let mut lanes = [0.0; 16];
            Self(quarters).store(&mut lanes);
            let [mut lower, mut upper] = [[0.0; 8]; 2];
            lower.copy_from_slice(&lanes[..8]);
            upper.copy_from_slice(&lanes[8..]);
            [lower, upper]
        })
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = &mut to[..16];
        // SAFETY: sixteen floats were checked on the line above.
        unsafe { self.store_at(to.as_mut_ptr()) }
    }

    #[inline(always)]
    unsafe fn store_at(self, to: *mut f32) {
        // SAFETY: the caller vouches for sixteen floats, and `self` for the instruction.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
}

macro_rules! elementwise {
    ($($trait:ident $method:ident $intrinsic:ident),*) => {$(
        impl $trait for F32x16 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(intrinsic!($intrinsic(self.0, other.0)))
            }
        }
    )*};
}
elementwise!(Add add _mm512_add_ps, Sub sub _mm512_sub_ps, Mul mul _mm512_mul_ps, Div div _mm512_div_ps);

impl Neg for F32x16 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(intrinsic!(_mm512_xor_ps(self.0, _mm512_set1_ps(-0.0))))
    }
}
