//! Eight lanes in a pair of 64-bit ARM registers.

use std::arch::aarch64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::{Simd, Vector};

/// 64-bit ARM always has these instructions; the value is a formality.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon(());

/// Eight floats: lanes 0 to 3, then 4 to 7.
#[derive(Clone, Copy, Debug)]
pub(crate) struct F32x8(float32x4_t, float32x4_t);

/// Intrinsics that need nothing but the CPU's instructions.
macro_rules! intrinsic {
    ($e:expr) => {
        // SAFETY: Advanced SIMD is part of the aarch64 targets that this file is compiled for.
        unsafe { $e }
    };
}

impl Simd for Neon {
    type V = F32x8;
    const LANES: usize = 8;
    const FILTERS: usize = 2;
    const LONE_FILTERS: usize = 8;
    const ROWS: usize = 4;
    const WINNER_ROWS: usize = 2;

    #[inline(always)]
    unsafe fn assume() -> Self {
        Self(())
    }

    #[inline(always)]
    fn splat(self, x: f32) -> F32x8 {
        let half = intrinsic!(vdupq_n_f32(x));
        F32x8(half, half)
    }

    #[inline(always)]
    fn load(self, from: &[f32]) -> F32x8 {
        let from = &from[..8];
        // SAFETY: eight floats were checked on the line above.
        unsafe { self.load_at(from.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn load_at(self, from: *const f32) -> F32x8 {
        // SAFETY: the caller vouches for eight floats.
        unsafe { F32x8(vld1q_f32(from), vld1q_f32(from.add(4))) }
    }

    #[inline(always)]
    fn mask(self, bits: u16) -> (uint32x4_t, uint32x4_t) {
        const LOW: [u32; 4] = [1, 2, 4, 8];
        const HIGH: [u32; 4] = [16, 32, 64, 128];
        intrinsic!({
            let bits = vdupq_n_u32(u32::from(bits));
            (vtstq_u32(bits, vld1q_u32(LOW.as_ptr())), vtstq_u32(bits, vld1q_u32(HIGH.as_ptr())))
        })
    }
}

impl Vector for F32x8 {
    type Mask = (uint32x4_t, uint32x4_t);

    #[inline(always)]
    fn mul_add(self, a: Self, b: Self) -> Self {
        intrinsic!(Self(vfmaq_f32(b.0, self.0, a.0), vfmaq_f32(b.1, self.1, a.1)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // Not `vmaxq_f32`, which treats NaN and signed zeros in its own way.
        Self::select(other.less(self), self, other)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        intrinsic!(Self(vabsq_f32(self.0), vabsq_f32(self.1)))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        intrinsic!(Self(vsqrtq_f32(self.0), vsqrtq_f32(self.1)))
    }

    #[inline(always)]
    fn less(self, other: Self) -> Self::Mask {
        intrinsic!((vcltq_f32(self.0, other.0), vcltq_f32(self.1, other.1)))
    }

    #[inline(always)]
    fn equal(self, other: Self) -> Self::Mask {
        intrinsic!((vceqq_f32(self.0, other.0), vceqq_f32(self.1, other.1)))
    }

    #[inline(always)]
    fn without(a: Self::Mask, b: Self::Mask) -> Self::Mask {
        intrinsic!((vbicq_u32(a.0, b.0), vbicq_u32(a.1, b.1)))
    }

    #[inline(always)]
    fn either(a: Self::Mask, b: Self::Mask) -> Self::Mask {
        intrinsic!((vorrq_u32(a.0, b.0), vorrq_u32(a.1, b.1)))
    }

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)] // eight bits
    fn bits(mask: Self::Mask) -> u16 {
        const LOW: [u32; 4] = [1, 2, 4, 8];
        const HIGH: [u32; 4] = [16, 32, 64, 128];
        intrinsic!({
            let low = vandq_u32(mask.0, vld1q_u32(LOW.as_ptr()));
            vaddvq_u32(vorrq_u32(low, vandq_u32(mask.1, vld1q_u32(HIGH.as_ptr())))) as u16
        })
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        intrinsic!(Self(vbslq_f32(mask.0, yes.0, no.0), vbslq_f32(mask.1, yes.1, no.1)))
    }

    #[inline(always)]
    fn keep(mask: Self::Mask, x: Self) -> Self {
        #[inline(always)]
        fn half(mask: uint32x4_t, x: float32x4_t) -> float32x4_t {
            intrinsic!(vreinterpretq_f32_u32(vandq_u32(mask, vreinterpretq_u32_f32(x))))
        }
        Self(half(mask.0, x.0), half(mask.1, x.1))
    }

    #[inline(always)]
    fn add_to_exponent(self, n: Self) -> Self {
        #[inline(always)]
        fn half(x: float32x4_t, n: float32x4_t) -> float32x4_t {
            intrinsic!(vreinterpretq_f32_u32(vaddq_u32(
                vreinterpretq_u32_f32(x),
                vshlq_n_u32::<23>(vreinterpretq_u32_f32(n)),
            )))
        }
        Self(half(self.0, n.0), half(self.1, n.1))
    }

    #[inline(always)]
    fn sum(self) -> f32 {
        intrinsic!({
            let a = vaddq_f32(self.0, self.1);
            let b = vadd_f32(vget_low_f32(a), vget_high_f32(a));
            vget_lane_f32::<0>(b) + vget_lane_f32::<1>(b)
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
        // SAFETY: the caller vouches for eight floats.
        unsafe {
            vst1q_f32(to, self.0);
            vst1q_f32(to.add(4), self.1);
        }
    }
}

macro_rules! elementwise {
    ($($trait:ident $method:ident $intrinsic:ident),*) => {$(
        impl $trait for F32x8 {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                intrinsic!(Self($intrinsic(self.0, other.0), $intrinsic(self.1, other.1)))
            }
        }
    )*};
}
elementwise!(Add add vaddq_f32, Sub sub vsubq_f32, Mul mul vmulq_f32, Div div vdivq_f32);

impl Neg for F32x8 {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        intrinsic!(Self(vnegq_f32(self.0), vnegq_f32(self.1)))
    }
}
