//! Eight lanes in one AVX2 register, with fused multiply-add.

use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Simd, Vector};

/// Proof that the CPU has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

/// Eight floats. Exists only where an [`Avx2`] does, on which the SAFETY of this file rests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct F32x8(__m256);

impl Avx2 {
    /// Whether the CPU has the instructions.
    pub(crate) fn is_available() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
    }
}

/// One intrinsic, or a few, that need nothing but the CPU's instructions.
macro_rules! intrinsic {
    ($e:expr) => {
        // SAFETY: a value of this file's types is at hand, so the CPU has AVX2 and FMA.
        unsafe { $e }
    };
}

impl Simd for Avx2 {
    type V = F32x8;
    const LANES: usize = 8;
    const FILTERS: usize = 3;
    const LONE_FILTERS: usize = 8;
    const ROWS: usize = 4;
    const WINNER_ROWS: usize = 1;

    #[inline(always)]
    unsafe fn assume() -> Self {
        Self(())
    }

    #[inline(always)]
    fn splat(self, x: f32) -> F32x8 {
        F32x8(intrinsic!(_mm256_set1_ps(x)))
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> F32x8 {
        let from = &from[..8];
        // SAFETY: eight floats were checked on the line above.
        unsafe { self.load_at(from.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> F32x8 {
        // SAFETY: the caller vouches for eight floats, and `self` for the instruction.
        F32x8(unsafe { _mm256_loadu_ps(from) })
    }

    #[inline(always)]
    fn mask(self, bits: u16) -> __m256 {
        intrinsic!({
            let lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let here = _mm256_and_si256(_mm256_set1_epi32(i32::from(bits)), lanes);
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(here, lanes))
        })
    }
}

impl Vector for F32x8 {
    type Mask = __m256;

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        Self(intrinsic!(_mm256_fmadd_ps(self.0, a.0, b.0)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(intrinsic!(_mm256_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Self(intrinsic!(_mm256_andnot_ps(_mm256_set1_ps(-0.0), self.0)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(intrinsic!(_mm256_sqrt_ps(self.0)))
    }

    #[inline(always)]
    fn less(self, other: Self) -> __m256 {
        intrinsic!(_mm256_cmp_ps::<_CMP_LT_OQ>(self.0, other.0))
    }

    #[inline(always)]
    fn equal(self, other: Self) -> __m256 {
        intrinsic!(_mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, other.0))
    }

    #[inline(always)]
    fn without(a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_andnot_ps(b, a))
    }

    #[inline(always)]
    fn either(a: __m256, b: __m256) -> __m256 {
        intrinsic!(_mm256_or_ps(a, b))
    }

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // eight bits
    fn bits(mask: __m256) -> u16 {
        intrinsic!(_mm256_movemask_ps(mask)) as u16
    }

    #[inline(always)]
    fn select(mask: __m256, yes: Self, no: Self) -> Self {
        Self(intrinsic!(_mm256_blendv_ps(no.0, yes.0, mask)))
    }

    #[inline(always)]
    fn keep(mask: __m256, x: Self) -> Self {
        // Not a blend: before a store to where `x` came from, the compiler makes that a masked store, which is ten
        // times slower on some processors.
        Self(intrinsic!(_mm256_and_ps(mask, x.0)))
    }

    #[inline(always)]
    fn add_to_exponent(self, n: Self) -> Self {
        Self(intrinsic!(_mm256_castsi256_ps(_mm256_add_epi32(
            _mm256_castps_si256(self.0),
            _mm256_slli_epi32::<23>(_mm256_castps_si256(n.0)),
        ))))
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        intrinsic!({
            let a = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let b = _mm_add_ps(a, _mm_movehl_ps(a, a));
            let c = _mm_add_ss(b, _mm_shuffle_ps::<1>(b, b));
            _mm_cvtss_f32(c)
        })
    }

    #[inline(always)]
    fn half_sums(v: [Self; 8]) -> [[f32; 8]; 2] {
        intrinsic!({
            // Two vectors, then four, then eight share a register; the additions are those of `sum`.
            let four = |a: Self, b: Self| {
                _mm256_add_ps(
                    _mm256_permute2f128_ps::<0x20>(a.0, b.0),
                    _mm256_permute2f128_ps::<0x31>(a.0, b.0),
                )
            };
            let two = |a, b| {
                let (x, y) = (_mm256_castps_pd(a), _mm256_castps_pd(b));
                let (even, odd) = (_mm256_unpacklo_pd(x, y), _mm256_unpackhi_pd(x, y));
                _mm256_add_ps(_mm256_castpd_ps(even), _mm256_castpd_ps(odd))
            };
            let [a, b, c, d] = [four(v[0], v[4]), four(v[1], v[5]), four(v[2], v[6]), four(v[3], v[7])];
            let (x, y) = (two(a, b), two(c, d));
            let sums = _mm256_add_ps(
                _mm256_shuffle_ps::<0b10_00_10_00>(x, y),
                _mm256_shuffle_ps::<0b11_01_11_01>(x, y),
            );
            let mut lower = [0.0; 8];
            Self(sums).store(&mut lower);
            [lower, [0.0; 8]]
        })
    }

    #[inline(always)]
    fn store(self, to: &mut [f32]) {
        let to = &mut to[..8];
        // SAFETY: eight floats were checked on the line above.
        unsafe { self.store_at(to.as_mut_ptr()) }
    }

    #[inline(always)]
    unsafe fn store_at(self, to: *mut f32) {
        // SAFETY: the caller vouches for eight floats, and `self` for the instruction.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
}

macro_rules! elementwise {
    ($($trait:ident $method:ident $intrinsic:ident),*) => {$(
        impl $trait for F32x8 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(intrinsic!($intrinsic(self.0, other.0)))
            }
        }
    )*};
}
elementwise!(Add add _mm256_add_ps, Sub sub _mm256_sub_ps, Mul mul _mm256_mul_ps, Div div _mm256_div_ps);

impl Neg for F32x8 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(intrinsic!(_mm256_xor_ps(self.0, _mm256_set1_ps(-0.0))))
    }
}
