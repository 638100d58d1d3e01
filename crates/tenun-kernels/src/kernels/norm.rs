//! [`Norm`]: what the numbers of a tensor cost.

use crate::rows::{View, ViewMut};
use crate::simd::{Simd, Vector};
use crate::{Lanes, TILE};

/// What numbers cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// Σ |x|; its slope at zero is taken as zero.
    L1,
    /// ½ Σ x².
    L2,
}

/// The norm of the numbers in each lane.
#[inline(always)]
pub(crate) fn norm<S: Simd>(s: S, norm: Norm, x: View<'_>) -> Lanes {
    let mut total = s.zero();
    for row in x.slices() {
        let mut sum = s.zero();
        for a in row.chunks_exact(S::LANES) {
            let a = s.load(a);
            sum = match norm {
                Norm::L1 => sum + a.abs(),
                Norm::L2 => (a * s.splat(0.5)).mul_add(a, sum),
            };
        }
        total = total + sum;
    }
    let mut lanes = [0.0; TILE];
    total.store(&mut lanes);
    lanes
}

/// Adds the gradient of the norm of `x`, times the weight of the lane times `factor`, to `dx`.
#[inline(always)]
pub(crate) fn norm_gradient<S: Simd>(
    s: S,
    norm: Norm,
    weights: &Lanes,
    factor: f32,
    x: View<'_>,
    dx: ViewMut<'_>,
) {
    let weight = s.load(weights) * s.splat(factor);
    let (zero, one) = (s.zero(), s.splat(1.0));
    dx.update_with(
        s,
        x,
        #[inline(always)]
        |a, d| {
            let slope = match norm {
                Norm::L1 => {
                    let sign = S::V::select(a.less(zero), -one, one);
                    S::V::select(a.equal(zero), zero, sign)
                }
                Norm::L2 => a,
            };
            weight.mul_add(slope, d)
        },
    );
}
