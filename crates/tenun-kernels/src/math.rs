//! exp, sigmoid, softplus, tanh and the normal distribution on vectors, without any platform's libm.
//!
//! Written in the IEEE operations of [`Vector`] alone, so that every CPU gives the same bits. The polynomials are
//! minimax fits (iteratively reweighted least squares on Chebyshev nodes) on the reduced ranges given below;
//! the tests hold the results to the ulp bounds that each function's documentation states.
#![allow(
    clippy::excessive_precision,
    reason = "coefficients stand as the fit gave them; the compiler rounds them"
)]

use crate::simd::{Simd, Vector};

/// Below this, [`exp`] returns `exp(LOWEST)`, the last that is a normal number with room to spare.
const LOWEST: f32 = -87.0;
/// 1.5 · 2²³: adding it leaves the nearest whole number in the lowest mantissa bits.
const ROUNDER: f32 = 12_582_912.0;
const LOG2_E: f32 = std::f32::consts::LOG2_E;
/// ln 2 in two parts; the first has few enough bits that `n · LN2_HIGH` is exact for |n| ≤ 128.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// (exp r − 1 − r) / r² on |r| ≤ ln 2 / 2; error below 5e-11 of exp.
const EXP: [f32; 6] = [
    5.000_000_079e-1,
    1.666_666_684e-1,
    4.166_626_751e-2,
    8.333_268_288e-3,
    1.394_623_032e-3,
    1.991_633_999e-4,
];
/// (2 artanh s − 2 s) / s³ in s², on 0 ≤ s ≤ 1/3; error below 3e-10.
const LOG1P: [f32; 5] =
    [6.666_667_562e-1, 3.999_887_773e-1, 2.861_688_518e-1, 2.142_765_432e-1, 2.430_094_616e-1];
/// (tanh x − x) / x³ in x², on |x| ≤ 0.625; error below 2e-10.
const TANH: [f32; 6] = [
    -3.333_333_091e-1,
    1.333_320_976e-1,
    -5.394_720_369e-2,
    2.170_296_428e-2,
    -8.182_667_467e-3,
    2.147_531_445e-3,
];

/// Φ(−z) exp(z² / 2) / t in t = 1 / (1 + [`NORMAL_SCALE`] z), on 0 ≤ z ≤ 13.5; error below 4e-8 of it.
const NORMAL_TAIL: [f32; 9] = [
    1.396_215_587e-1,
    1.398_592_959e-1,
    1.198_507_612e-1,
    1.054_400_066e-1,
    -2.295_476_935e-2,
    1.589_560_650e-1,
    -2.555_288_739e-1,
    1.438_843_595e-1,
    -2.912_841_931e-2,
];
/// With this the polynomial needs the fewest coefficients.
const NORMAL_SCALE: f32 = 0.35;
/// Beyond this, exp(−z² / 2) is taken as zero: times any coefficient it is not to become too small to be normal.
const NORMAL_END: f32 = 13.0;

/// The polynomial with coefficients from the lowest power up, by Horner's rule.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(s: S, x: S::V, coefficients: &[f32; N]) -> S::V {
    let mut sum = s.splat(coefficients[N - 1]);
    for &c in coefficients[..N - 1].iter().rev() {
        sum = sum.mul_add(x, s.splat(c));
    }
    sum
}

/// exp x for x ≤ 0 (also correct up to x = 88), within 2 ulp; x below −87 gives exp(−87), which is 1.6e-38.
///
/// x = n ln 2 + r with whole n and |r| ≤ ln 2 / 2; exp x = 2ⁿ · exp r.
#[inline(always)]
pub(crate) fn exp<S: Simd>(s: S, x: S::V) -> S::V {
    // `max` gives its second operand where the comparison is false: NaN stays NaN.
    let x = s.splat(LOWEST).max(x);
    let shifted = x.mul_add(s.splat(LOG2_E), s.splat(ROUNDER));
    let n = shifted - s.splat(ROUNDER);
    let r = n.mul_add(s.splat(-LN2_HIGH), x);
    let r = n.mul_add(s.splat(-LN2_LOW), r);
    let p = polynomial(s, r, &EXP);
    (r * r).mul_add(p, r + s.splat(1.0)).add_to_exponent(shifted)
}

/// log(1 + u) for 0 ≤ u ≤ 1, within 2 ulp: 2 artanh(u / (2 + u)).
#[inline(always)]
fn log_one_plus<S: Simd>(s: S, u: S::V) -> S::V {
    let t = u / (u + s.splat(2.0));
    let t2 = t * t;
    (t2 * t).mul_add(polynomial(s, t2, &LOG1P), t + t)
}

/// 1 / (1 + exp(−z)), within 3 ulp.
#[inline(always)]
pub(crate) fn sigmoid<S: Simd>(s: S, z: S::V) -> S::V {
    sigmoid_and_tail(s, z).0
}

/// sigmoid z, and log(1 + exp(−|z|)), which is softplus z without its linear part: softplus z is that plus
/// max(z, 0). Both need the same exponential.
#[inline(always)]
pub(crate) fn sigmoid_and_tail<S: Simd>(s: S, z: S::V) -> (S::V, S::V) {
    let u = exp(s, -z.abs());
    let one = s.splat(1.0);
    let numerator = S::V::select(z.less(s.zero()), u, one);
    (numerator / (one + u), log_one_plus(s, u))
}

/// tanh x, within 4 ulp: a polynomial near zero, (1 − e) / (1 + e) with e = exp(−2|x|) beyond.
#[inline(always)]
pub(crate) fn tanh<S: Simd>(s: S, x: S::V) -> S::V {
    let (magnitude, one) = (x.abs(), s.splat(1.0));
    let e = exp(s, -(magnitude + magnitude));
    let far = (one - e) / (one + e);
    let far = S::V::select(x.less(s.zero()), -far, far);
    let x2 = x * x;
    let near = (x2 * x).mul_add(polynomial(s, x2, &TANH), x);
    S::V::select(magnitude.less(s.splat(0.625)), near, far)
}

/// t = tanh(log(1 + exp x)), and 1 − t.
///
/// With u = exp(−|x|), t is n / (n + m): u² + 2 u and 2 below zero, 1 + 2 u and 2 u² from zero on. Nothing is subtracted,
/// so nothing cancels.
#[inline(always)]
pub(crate) fn tanh_of_softplus<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let (u, below) = (exp(s, -x.abs()), x.less(s.zero()));
    let n = S::V::select(below, u.mul_add(u, u + u), s.splat(1.0) + (u + u));
    let m = S::V::select(below, s.splat(2.0), u * (u + u));
    (n / (n + m), m / (n + m))
}

/// The distribution function Φ(x) of the standard normal distribution, within 8 ulp and zero below −13; and
/// exp(−x² / 2), zero beyond ±13, of which the density is 1/√(2π).
#[inline(always)]
pub(crate) fn normal_distribution<S: Simd>(s: S, x: S::V) -> (S::V, S::V) {
    let (z, one, half) = (x.abs(), s.splat(1.0), s.splat(-0.5));
    let square = z * z;
    // What the square lost by rounding would be up to 85 ulp of the exponential.
    let lost = z.mul_add(z, -square);
    let e = exp(s, square * half);
    let e = S::V::keep(z.less(s.splat(NORMAL_END)), (e * lost).mul_add(half, e));
    let t = one / z.mul_add(s.splat(NORMAL_SCALE), one);
    let tail = e * t * polynomial(s, t, &NORMAL_TAIL);
    (S::V::select(x.less(s.zero()), tail, one - tail), e)
}
